package main

import (
	"flag"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/adapter"
	"github.com/gorgoformer/gorgoformer/examples/internal/columns"
	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/shaping"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// options are the flags of train.
type options struct {
	job.Options
	job.Learning
	source
	vocabulary           vocabulary.Options
	minCount             int
	family               string
	layers, heads        int
	dim, hidden, context int
	dropout              float64
	init, freeze         string
	masking
	batch shaping.Options
	lora  adapter.Flag

	set   *flag.FlagSet
	given map[string]bool // names of the flags on the command line
}

// masking are the flags that choose the words to hide.
type masking struct {
	fraction   float64
	wholeWords bool
}

// check returns an error unless some tokens are predicted, and not all.
func (m masking) check() error {
	if m.fraction == 0 {
		return errors.New("-masked is 0, want more: the model learns from the tokens that it predicts")
	}
	return flags.Below("masked", m.fraction, 1)
}

// defaults learn Newton's Opticks in about a minute on two cores.
func defaults() *options {
	return &options{
		Options:    job.Options{Out: "out/mlm", Steps: 1500, EvalEvery: 300, Keep: 2},
		Learning:   job.Learning{LR: 3e-3, Decay: 0.01, Beta2: 0.98, Clip: 1, MicroBatches: 1, Seed: 1},
		source:     source{heldOut: 0.1},
		vocabulary: vocabulary.Options{Name: "wordpiece", Size: 2000, Lowercase: true}, minCount: 2,
		family: "modernbert", layers: 3, heads: 4, dim: 96, context: 64, dropout: 0.1,
		masking: masking{fraction: 0.15}, batch: shaping.Options{Rows: 16, Shapes: 12},
	}
}

func (o *options) flags(f *flags.Set) {
	o.set = f.FlagSet
	f.Group("Data")
	o.source.flags(f)
	f.Float64Var(&o.heldOut, "held-out", o.heldOut, "fraction of the texts that is held out: from the end of a text, or drawn at random from the lines of -column")
	f.Group("Tokens")
	o.vocabulary.Flags(f, "the text", " with special tokens for beginning, end, padding and mask")
	f.IntVar(&o.minCount, "min-count", o.minCount, "rarer words get no token of their own; only for word")
	f.BoolVar(&o.vocabulary.Lowercase, "lowercase", o.vocabulary.Lowercase, "a trained tokenizer ignores case")
	f.IntVar(&o.context, "context", o.context, "longest text of the model, in tokens; longer lines are cut")
	f.Group("Model")
	f.StringVar(&o.family, "family", o.family, "`name` of the family: "+strings.Join(encoders.Families, ", "))
	f.IntVar(&o.layers, "layers", o.layers, "number of blocks")
	f.IntVar(&o.heads, "heads", o.heads, "attention heads of a block")
	f.IntVar(&o.dim, "dim", o.dim, "number of channels, a multiple of -heads")
	f.IntVar(&o.hidden, "hidden", o.hidden, "channels inside the MLPs; 0 means the family's: 4 times -dim, or 1.5 times in a modernbert")
	f.Float64Var(&o.dropout, "dropout", o.dropout, "probability of dropout")
	f.StringVar(&o.init, "init", o.init, "`folder` of a model to start from, trained here or published: its weights, tokenizer and sizes")
	f.StringVar(&o.freeze, "freeze", o.freeze, "comma-separated `patterns` of weights to freeze: bert.embeddings.**")
	f.Var(&o.lora, "lora", adapter.Help+". The head is trained whole")
	f.Group("Training")
	f.Float64Var(&o.fraction, "masked", o.fraction, "fraction of the tokens that the model predicts; 80 % of these are hidden and 10 % replaced")
	f.BoolVar(&o.wholeWords, "whole-words", o.wholeWords, "hide all tokens of a word together")
	o.batch.Flags(f, "texts")
	o.Learning.Flags(f)
	f.Group("Run")
	o.Options.Flags(f)
}

// program tells package job which flags name data and which are fixed.
func (o *options) program() job.Program {
	return job.Program{
		Name: "mlm", Flags: o.set,
		Data:  []string{"data", "column", "separator", "header", "encoding", "held-out", "omit-unknown"},
		Paths: append(o.vocabulary.Paths(), "data", "init"),
		Fixed: []string{"tokenizer", "vocab", "min-count", "lowercase", "context", "family", "layers", "heads", "dim", "hidden", "init", "freeze", "lora", "seed"},
	}
}

// note records the flags on the command line, before job.Open sets the others to the values of the run.
func (o *options) note() {
	o.given = map[string]bool{}
	if o.set != nil {
		o.set.Visit(func(f *flag.Flag) { o.given[f.Name] = true })
	}
	o.lora.Raise(&o.LR, o.given["lr"])
}

// sizes returns the sizes in the flags.
func (o *options) sizes(vocab int) encoders.Sizes {
	return encoders.Sizes{
		Family: o.family, Vocab: vocab, Context: o.context, Layers: o.layers, Heads: o.heads, Dim: o.dim, Hidden: o.hidden, Dropout: o.dropout,
	}
}

// check reports the first flag whose value makes no sense, before any text is read. With sizes, it includes the sizes of the model.
func (o *options) check(sizes bool) error {
	err := flags.First(
		flags.AtLeast("layers", o.layers, 1), flags.AtLeast("heads", o.heads, 1), flags.AtLeast("dim", o.dim, 1), flags.AtLeast("hidden", o.hidden, 0),
		flags.AtLeast("context", o.context, 3), flags.AtLeast("vocab", o.vocabulary.Size, 1), flags.AtLeast("min-count", o.minCount, 0), o.batch.Check(),
		flags.AtLeast("micro-batches", o.MicroBatches, 1), flags.Below("dropout", o.dropout, 1), o.masking.check(),
		flags.Below("held-out", o.heldOut, 1), o.source.check(), o.sizes(1).Check(), o.lora.Check(o.init), o.Learning.Check(o.Steps))
	if err != nil || !sizes {
		return err
	}
	return encoders.New(o.sizes(1), encoders.Tokens{}).Check()
}

// source is the text to learn from. Train and eval share its flags.
type source struct {
	columns.Format
	data, column string
	heldOut      float64
}

func (s *source) flags(f *flags.Set) {
	f.StringVar(&s.data, "data", s.data, "`path` of the text: a file, a folder or a glob, .gz and .zst too; or a folder of the program corpus (default: Newton's Opticks of the Go distribution)")
	f.StringVar(&s.column, "column", s.column, "column of the texts in -data, a file with a text per line: its name in the header, or its number from 0 (default: -data is running text)")
	s.Format.Flags(f, "-column is a number")
}

func (s *source) check() error {
	if s.column != "" {
		return flags.File("data", s.data)
	}
	return flags.Input("data", s.data)
}
