package main

import (
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/corpora"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/graph"
)

// checkCorpora returns an error unless -mix and -pack suit -data.
func (o *options) checkCorpora() error {
	switch {
	case len(o.mix) > 0 && o.data != "":
		return errors.New("-mix and -data both name data: leave one out")
	case o.pack && len(o.evalData) > 0:
		return errors.New("-eval-data names running text, but with -pack the model reads whole documents: leave one out")
	case o.pack && !corpora.Is(o.data, o.mix):
		return errors.New("-pack needs to know where documents end: prepare -data with the program corpus and name its folder")
	}
	return nil
}

// readCorpora opens the prepared corpora and their tokenizer, which is that of the model in the folder from unless that is "".
func (t *training) readCorpora(from string) (err error) {
	if t.corpora, err = corpora.Open(t.data, t.mix); err != nil {
		return err
	}
	switch {
	case from != "":
	case !t.corpora.Foreign() && t.given["tokenizer"]:
		return errors.Errorf("-tokenizer is %s, but %s has its own: leave the flag out", t.vocabulary.Name, t.corpora.Dir)
	case !t.corpora.Foreign():
		from = t.corpora.Dir
	case len(t.vocabulary.Paths()) == 0:
		return errors.Errorf("%s has shards without a tokenizer: name the path of theirs with -tokenizer", t.corpora.Dir)
	}
	if t.tok, err = t.vocabulary.Open(from, nil); err != nil {
		return err
	}
	if err := t.corpora.Check(t.tok.Tokenizer); err != nil {
		return err
	}
	if t.pack && t.corpora.End < 0 {
		return errors.Errorf("-pack: the tokenizer has no token that ends a text, so %s does not tell documents apart", t.corpora.Dir)
	}
	t.learning, t.held, t.setup.Data = t.corpora.Learning, t.corpora.Held, t.corpora.Key
	return nil
}

// loss declares the model and its loss on batches.
func (t *training) loss() (func(*graph.Scope), error) {
	if !t.pack {
		return t.model.Loss(t.batch, t.context), nil
	}
	return packedLoss(t.model, t.batch, t.context)
}

// packedLoss declares the loss of a model on whole documents.
func packedLoss(m folder.Model, b, t int) (func(*graph.Scope), error) {
	p, ok := m.LanguageModel.(interface {
		PackedLoss(b, t int) func(*graph.Scope)
	})
	if !ok {
		_, title := familyOf(m)
		return nil, errors.Errorf("-pack: %s reads a row from its beginning to its end, so documents would see each other: use a Transformer", title)
	}
	return p.PackedLoss(b, t), nil
}

// draw sets the batches to learn from and the held-out batches.
func (t *training) draw() {
	if t.corpora != nil {
		t.batches = t.corpora.Batches(t.batch, t.context, t.pack, t.Seed)
	} else {
		windows := t.learning.Batches(t.batch, t.context)
		windows.Seed = t.Seed
		t.batches = windows
	}
	if t.pack {
		scored := t.held.PackedSequential(t.corpora.End, t.batch, t.context)
		scored.Spread = t.EvalTokens
		t.setup.Held = scored
		return
	}
	scored := t.held.Sequential(t.batch, t.context)
	scored.Spread = t.EvalTokens
	t.setup.Held = scored
}

// name returns the name of the data in messages.
func (t *training) name() string {
	if t.corpora != nil {
		return t.corpora.Name()
	}
	return filepath.Base(t.text)
}
