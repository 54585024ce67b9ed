package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// evaluation holds the flags of eval.
type evaluation struct {
	source
	masking
	model          string
	batch, context int
	seed           uint64

	set *flag.FlagSet
}

func (e *evaluation) flags(f *flags.Set) {
	e.set = f.FlagSet
	f.StringVar(&e.model, "model", "out/mlm", "`folder` of the model, trained here or published")
	f.Group("Data")
	e.source.flags(f)
	f.Group("Masks")
	f.Float64Var(&e.fraction, "masked", 0.15, "fraction of the tokens that the model predicts; 80 % of these are hidden and 10 % replaced")
	f.BoolVar(&e.wholeWords, "whole-words", false, "hide all tokens of a word together")
	f.IntVar(&e.context, "context", 0, "longest text, in tokens; longer lines are cut; 0 means as many as the model sees")
	f.IntVar(&e.batch, "batch", 32, "texts in a batch")
}

// run scores a model on -data, or on the held-out texts of its run with the masks of the run's evaluations.
func (e *evaluation) run(w io.Writer) error {
	err := flags.First(flags.AtLeast("batch", e.batch, 1), flags.AtLeast("context", e.context, 0), e.masking.check(),
		e.source.check(), flags.Model("model", e.model))
	if err != nil {
		return err
	}
	m, tok, err := openModel(e.model)
	if err != nil {
		return err
	}
	if e.context == 0 {
		e.context = m.Window()
	}
	if e.context < 3 || e.context > m.Window() {
		return errors.Errorf("-context is %d, want 3 … %d, which the model sees", e.context, m.Window())
	}
	rows, sizes, err := e.rows(tok)
	if err != nil {
		return err
	}
	return e.score(w, m, tok, rows, sizes)
}

// score writes the scores of the model on masked rows of some sizes.
func (e *evaluation) score(w io.Writer, m models.TextEncoder, tok encoders.Tokens, rows data.TextRows, sizes []data.RowSize) error {
	masks, err := e.masks(tok)
	if err != nil {
		return err
	}
	params := graph.NewParams(tensor.Float32, 1)
	p, err := graph.BuildShapes(params, graph.Eval, sizes, func(s *graph.Scope, z data.RowSize) { m.PlacesLoss(z.B, z.T, masks.Places(z.T))(s) })
	if err != nil {
		return err
	}
	if err := encoders.LoadWhole(e.model, m, params.All()); err != nil {
		return err
	}
	batches := &data.MaskedBatches{Masking: masks, Rows: rows}
	score, err := train.Evaluate(context.Background(), p, batches, batches.Len())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "loss %.4f perplexity %.2f accuracy %.4f tokens %d\n", score.Loss, score.Perplexity(), score.Accuracy, score.Tokens)
	return errors.WithStack(err)
}

// rows returns the texts of -data, or the held-out texts of the model's run, and their sizes.
func (e *evaluation) rows(tok encoders.Tokens) (rows data.TextRows, sizes []data.RowSize, err error) {
	key, heldOut := "", 0.0
	if e.data == "" {
		if key, heldOut, err = e.recall(tok); err != nil {
			return nil, nil, err
		}
	}
	if e.prepared() {
		rows, size, now, err := e.heldRowsOf(tok)
		if err == nil && key != "" && now != key {
			err = e.changed(now, key)
		}
		return rows, []data.RowSize{size}, err
	}
	texts, err := e.texts(tok, key, heldOut)
	if err != nil {
		return nil, nil, err
	}
	sizes, err = texts.Shapes(data.Shaping{Rows: e.batch}, tok.PAD)
	return texts.Sequential(sizes...), sizes, err
}

// texts returns the texts of -data or, with the key of a run, those that the run holds out.
func (e *evaluation) texts(tok encoders.Tokens, key string, heldOut float64) (data.Rows, error) {
	text, err := e.source.read()
	if err != nil {
		return nil, err
	}
	rows, _, err := text.rows(tok, e.context)
	if err != nil || key == "" {
		return rows, err
	}
	e.heldOut = heldOut
	learning, held, err := e.split(rows, e.seed)
	if err != nil {
		return nil, err
	}
	if now := keyOf(learning, held); now != key {
		return nil, e.changed(now, key)
	}
	return held, nil
}

// changed returns the error for data that are not those of the run.
func (e *evaluation) changed(now, key string) error {
	return errors.Errorf("%s has key %.16s, the run of %s had %.16s: the text has changed: name another with -data", e.name(), now, e.model, key)
}

// recall sets the source, the context and the masks to those of the model's run, unless they are on the command line. It returns the key of
// the run's data and the fraction that it holds out.
func (e *evaluation) recall(tok encoders.Tokens) (key string, heldOut float64, err error) {
	o := defaults()
	o.flags(flags.NewSet("train"))
	p := o.program()
	p.Data = append(p.Data, "seed", "context", "masked", "whole-words")
	e.set.Visit(func(f *flag.Flag) {
		if slices.Contains(p.Data, f.Name) && err == nil {
			err = o.set.Set(f.Name, f.Value.String())
		}
	})
	if err != nil {
		return "", 0, errors.WithStack(err)
	}
	key, err = job.Recall(p, e.model)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.Errorf("-data is missing, and %s has no run with held-out texts: name a text to score", e.model)
	}
	e.source, e.masking, e.seed, e.context = o.source, o.masking, o.Seed, o.context
	tok.OmitUnknown = o.vocabulary.OmitUnknown // tok shares its Tokenizer
	return key, o.heldOut, err
}
