package main

import (
	"path/filepath"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/examples/internal/goroot"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// text reads -data or Newton's Opticks, by characters. The last tenth is held out.
func (o *options) text() (t *task, err error) {
	path := o.data
	if path == "" {
		if path, err = goroot.Opticks(); err != nil {
			return nil, err
		}
	}
	files := textfile.Set{Paths: []string{path}, Encoding: o.encoding}
	tok, err := vocabulary.Options{Name: "char"}.Open("", vocabulary.Files(files))
	if err != nil {
		return nil, err
	}
	corpus, err := data.Text{Paths: files.Paths, Encoding: files.Encoding, Encoder: tok}.Corpus()
	if err != nil {
		return nil, err
	}
	key, err := corpus.Key()
	if err != nil {
		return nil, err
	}
	learning, held, err := corpus.Split(0.9)
	if err != nil {
		return nil, err
	}
	t = &task{
		about: message.NewPrinter(language.English).Sprintf("%s, %d characters, %d held out", filepath.Base(path), learning.Len(), held.Len()),
		unit:  "characters", units: o.batch * o.context, vocab: tok.VocabSize(), window: o.context, rows: o.batch, length: o.context,
		key: key, tok: tok,
	}
	o.read(t, learning, held)
	return t, nil
}

// read sets the functions of the task that read the two parts of a text.
func (o *options) read(t *task, learning, held *data.Corpus) {
	t.prompt = func(i int) []int32 {
		ids := make([]int32, min(8, held.Len(), max(o.context/2, 1)))
		_ = held.Tokens(ids, i*o.context%(held.Len()-len(ids)+1)) // within the text
		return ids
	}
	t.batches = func() train.Source {
		w := learning.Batches(o.batch, o.context)
		w.Seed = o.Seed
		return w
	}
	t.held = func() job.Held {
		w := held.Sequential(o.batch, o.context)
		w.Spread = o.EvalTokens
		return w
	}
	t.score = func(c contender, params *graph.Params, r *result) (err error) {
		s := spans{held: held, batch: o.batch, window: o.context, tokens: o.EvalTokens}
		r.spans, err = s.score(c, params)
		return err
	}
}
