package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/adapter"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/examples/internal/goroot"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// evaluation holds the flags of eval.
type evaluation struct {
	model, data string
	adapter     string
	encoding    textfile.Encoding
	omit        bool
	batch       int

	set *flag.FlagSet
}

func (e *evaluation) flags(f *flags.Set) {
	e.set = f.FlagSet
	f.Group("Data")
	f.StringVar(&e.model, "model", "out/gpt", "`folder` of the model")
	f.StringVar(&e.adapter, "adapter", "", adapterHelp)
	f.StringVar(&e.data, "data", "", "`path` of the text to score: a file, a folder or a glob, .gz too (default: the held-out text of the model's run)")
	f.TextVar(&e.encoding, "encoding", e.encoding, flags.EncodingHelp)
	vocabulary.OmitFlag(f, &e.omit)
	f.IntVar(&e.batch, "batch", 12, "windows in a batch")
}

// run scores every token of the text except the first, in windows of the model's context.
func (e *evaluation) run(w io.Writer) error {
	if err := flags.First(flags.AtLeast("batch", e.batch, 1), flags.Input("data", e.data), adapter.CheckFolder(e.adapter), flags.Model("model", e.model)); err != nil {
		return err
	}
	m, tok, err := open(e.model, e.omit)
	if err != nil {
		return err
	}
	corpus, err := e.corpus(tok)
	if err != nil {
		return err
	}
	params, err := folder.Expect(e.model, m)
	if err != nil {
		return err
	}
	p, err := graph.Build(params, graph.Eval, m.Loss(e.batch, m.Window()))
	if err != nil {
		return err
	}
	if err := load(e.model, e.adapter, m, params); err != nil {
		return err
	}
	windows := corpus.Sequential(e.batch, m.Window())
	score, err := train.Evaluate(context.Background(), p, windows, windows.Len())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "loss %.4f perplexity %.2f tokens %d\n", score.Loss, score.Perplexity(), score.Tokens)
	return errors.WithStack(err)
}

// corpus returns the tokens of -data, or the held-out tokens of the model's run.
func (e *evaluation) corpus(tok *tokenize.Tokenizer) (*data.Corpus, error) {
	if e.data != "" {
		return e.read(tok)
	}
	key, err := job.Recall((&options{set: e.set}).program(), e.model)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Errorf("-data is missing, and %s has no run with a held-out text: name a text to score", e.model)
	}
	if err != nil {
		return nil, err
	}
	if e.data == "" {
		if e.data, err = goroot.Opticks(); err != nil {
			return nil, err
		}
	}
	tok.OmitUnknown = e.omit // of the run
	corpus, err := e.read(tok)
	if err != nil {
		return nil, err
	}
	if now, err := corpus.Key(); err != nil {
		return nil, err
	} else if now != key {
		return nil, errors.Errorf("%s has key %.12s, the run of %s had %.12s: the text has changed: name another with -data", e.data, now, e.model, key)
	}
	_, held, err := split(corpus)
	return held, err
}

// read encodes the text of -data.
func (e *evaluation) read(tok *tokenize.Tokenizer) (*data.Corpus, error) {
	return data.Text{Paths: []string{e.data}, Encoding: e.encoding, Encoder: tok}.Corpus()
}

// split holds out the last tenth of a text.
func split(c *data.Corpus) (learning, held *data.Corpus, err error) { return c.Split(0.9) }
