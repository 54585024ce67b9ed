package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/adapter"
	"github.com/gorgoformer/gorgoformer/examples/internal/corpora"
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
	mix         corpora.Mix
	pack        bool
	end         int32 // id after each document; -1 if unknown
	encoding    textfile.Encoding
	omit        bool
	batch       int
	weights     folder.Weights

	set *flag.FlagSet
}

func (e *evaluation) flags(f *flags.Set) {
	e.set = f.FlagSet
	f.Group("Data")
	f.StringVar(&e.model, "model", "out/gpt", "`folder` of the model, or a .gguf file")
	f.StringVar(&e.adapter, "adapter", "", adapterHelp)
	f.StringVar(&e.data, "data", "", "`path` of the text to score: a file, a folder or a glob, .gz and .zst too; a folder of the program corpus means its held-out documents (default: the held-out text of the model's run)")
	f.Var(&e.mix, "mix", "comma-separated `parts` instead of -data, as in train: scores their held-out documents")
	f.BoolVar(&e.pack, "pack", false, "score whole documents, as train -pack (default: as in the model's run)")
	f.TextVar(&e.encoding, "encoding", e.encoding, flags.EncodingHelp)
	vocabulary.OmitFlag(f, &e.omit)
	f.IntVar(&e.batch, "batch", 12, "windows in a batch")
	f.TextVar(&e.weights, "weights", e.weights, folder.WeightsHelp)
}

// run scores every token of the text except the first, in windows of the model's context.
func (e *evaluation) run(w io.Writer) error {
	if err := flags.First(flags.AtLeast("batch", e.batch, 1), flags.Input("data", e.data), adapter.CheckFolder(e.adapter), flags.AnyModel("model", e.model)); err != nil {
		return err
	}
	if e.pack && e.data != "" && !corpora.Is(e.data, e.mix) {
		return errNoEnds
	}
	m, tok, err := open(e.model, e.omit)
	if err != nil {
		return err
	}
	e.end = -1
	corpus, err := e.corpus(tok)
	if err != nil {
		return err
	}
	loss, held, err := e.held(m, corpus)
	if err != nil {
		return err
	}
	weights, err := folder.NewReader(e.model, e.adapter, m, e.weights, folder.Use{Mode: graph.Eval, Declare: loss})
	if err != nil {
		return err
	}
	p, err := graph.Build(weights.Params, graph.Eval, loss)
	if err != nil {
		return err
	}
	if err := weights.Load(); err != nil {
		return err
	}
	score, err := train.Evaluate(context.Background(), p, held, held.Len())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "loss %.4f perplexity %.2f tokens %d\n", score.Loss, score.Perplexity(), score.Tokens)
	return errors.WithStack(err)
}

var errNoEnds = errors.New("-pack needs to know where documents end: name a folder of the program corpus with -data or -mix")

// held returns the loss of a model and the batches of a corpus, windows or whole documents.
func (e *evaluation) held(m folder.Model, corpus *data.Corpus) (loss func(*graph.Scope), held job.Held, err error) {
	if !e.pack {
		return m.Loss(e.batch, m.Window()), corpus.Sequential(e.batch, m.Window()), nil
	}
	if e.end < 0 {
		return nil, nil, errNoEnds
	}
	loss, err = packedLoss(m, e.batch, m.Window())
	return loss, corpus.PackedSequential(e.end, e.batch, m.Window()), err
}

// corpus returns the tokens of -data, or the held-out tokens of the model's run.
func (e *evaluation) corpus(tok *tokenize.Tokenizer) (*data.Corpus, error) {
	if corpora.Is(e.data, e.mix) {
		held, _, err := e.prepared(tok)
		return held, err
	}
	if e.data != "" {
		return e.read(tok)
	}
	if flags.IsGGUF(e.model) {
		return nil, errors.Errorf("-data is missing, and %s is no run with a held-out text: name a text to score", e.model)
	}
	run := (&options{set: e.set}).program()
	run.Data = append(run.Data, "pack") // the run's documents are scored as in the run
	key, err := job.Recall(run, e.model)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Errorf("-data is missing, and %s has no run with a held-out text: name a text to score", e.model)
	}
	if err != nil {
		return nil, err
	}
	if corpora.Is(e.data, e.mix) {
		held, now, err := e.prepared(tok)
		if err == nil && now != key {
			err = e.changed(now, key)
		}
		return held, err
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
		return nil, e.changed(now, key)
	}
	_, held, err := split(corpus)
	return held, err
}

// changed returns the error for data that are not those of the run.
func (e *evaluation) changed(now, key string) error {
	return errors.Errorf("%s has key %.12s, the run of %s had %.12s: the text has changed: name another with -data", cmp.Or(e.data, e.mix.String()), now, e.model, key)
}

// prepared returns the held-out tokens of prepared corpora, and the key of all.
func (e *evaluation) prepared(tok *tokenize.Tokenizer) (held *data.Corpus, key string, err error) {
	c, err := corpora.Open(e.data, e.mix)
	if err == nil {
		err = c.Check(tok)
	}
	if err != nil {
		return nil, "", err
	}
	e.end = c.End
	return c.Held, c.Key, nil
}

// read encodes the text of -data.
func (e *evaluation) read(tok *tokenize.Tokenizer) (*data.Corpus, error) {
	return data.Text{Paths: []string{e.data}, Encoding: e.encoding, Encoder: tok}.Corpus()
}

// split holds out the last tenth of a text.
func split(c *data.Corpus) (learning, held *data.Corpus, err error) { return c.Split(0.9) }
