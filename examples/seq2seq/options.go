package main

import (
	"flag"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/adapter"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/shaping"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// options holds the flags of train.
type options struct {
	job.Options
	job.Learning
	dataset
	vocabulary                 vocabulary.Options
	family, init               string
	layers, heads, dim, hidden int
	normFirst                  bool
	batch                      shaping.Options
	dropout, smoothing         float64
	lora                       adapter.Flag

	set   *flag.FlagSet
	given map[string]bool // names of the flags on the command line
	start model           // of -init; without a network if there is none
}

// defaults returns options that learn to write dates in under a minute on two cores.
func defaults() *options {
	return &options{
		Options:    job.Options{Out: "out/seq2seq", Steps: 800, EvalEvery: 100, EvalTokens: 200_000, Keep: 2},
		Learning:   job.Learning{LR: 2e-3, Decay: 0.01, Beta2: 0.98, Clip: 1, MicroBatches: 1, Seed: 1},
		dataset:    dataset{separator: "\t", heldOut: 0.1},
		vocabulary: vocabulary.Options{Name: "char", Size: 4096, Special: special, Unknown: "<unk>"},
		family:     "transformer", layers: 2, heads: 4, dim: 64, hidden: 128, normFirst: true, batch: shaping.Options{Rows: 64, Shapes: 12},
	}
}

func (o *options) flags(f *flags.Set) {
	o.set = f.FlagSet
	o.dataset.flags(f, "made-up dates")
	o.vocabulary.Flags(f, "both sides", " that has tokens for padding, beginning and end")
	f.BoolVar(&o.vocabulary.Lowercase, "lower", o.vocabulary.Lowercase, "a trained tokenizer turns all texts into lower case")
	f.Group("Model")
	f.StringVar(&o.family, "family", o.family, "`name` of the family: transformer, as in \"Attention Is All You Need\"; t5, with positions relative to each other and RMS norms; "+
		"t5-gated, with gated MLPs and a head of its own as in T5 1.1")
	f.StringVar(&o.init, "init", o.init, "`folder` of a model to start from, of any of these families: its weights, tokenizer and sizes")
	f.Var(&o.lora, "lora", adapter.Help)
	f.IntVar(&o.layers, "layers", o.layers, "layers of the encoder and of the decoder")
	f.IntVar(&o.heads, "heads", o.heads, "attention heads of a layer")
	f.IntVar(&o.dim, "dim", o.dim, "number of channels, a multiple of -heads")
	f.IntVar(&o.hidden, "hidden", o.hidden, "channels inside the MLPs")
	f.BoolVar(&o.normFirst, "norm-first", o.normFirst, "put norms before the parts of a layer, not after them as in the paper; a T5 always does")
	f.Float64Var(&o.dropout, "dropout", o.dropout, "probability of dropout")
	f.Group("Training")
	f.Float64Var(&o.smoothing, "label-smoothing", o.smoothing, "fraction of the target's probability that is spread over all tokens")
	o.batch.Flags(f, "pairs")
	o.Learning.Flags(f)
	f.Group("Run")
	o.Options.Flags(f)
}

// program names, for package job, the flags of the data and the flags that a run fixes.
func (o *options) program() job.Program {
	return job.Program{
		Name: "seq2seq", Flags: o.set, Data: []string{"data", "source", "target", "separator", "prefix", "held-out", "encoding", "omit-unknown"},
		Paths: append(o.vocabulary.Paths(), "data", "source", "target", "init"),
		Fixed: []string{"tokenizer", "vocab", "lower", "family", "init", "layers", "heads", "dim", "hidden", "norm-first", "lora", "seed"},
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

// check returns an error for the first invalid flag.
func (o *options) check() error {
	if !slices.Contains(families, o.family) {
		return errors.Errorf("-family is %q, want one of %s", o.family, strings.Join(families, ", "))
	}
	if o.family != "transformer" && !o.normFirst {
		return errors.Errorf("-norm-first is false, family %s always has norms first: leave the flag out, or use -family transformer", o.family)
	}
	if o.vocabulary.Lowercase && o.start.network == nil && len(o.vocabulary.Paths()) > 0 {
		return errors.Errorf("-lower is for a tokenizer that is trained, -tokenizer %s has its own rule: leave the flag out", o.vocabulary.Name)
	}
	return flags.First(
		flags.AtLeast("layers", o.layers, 1), flags.AtLeast("heads", o.heads, 1), flags.AtLeast("dim", o.dim, 1),
		flags.AtLeast("hidden", o.hidden, 0), o.batch.Check(), flags.AtLeast("micro-batches", o.MicroBatches, 1),
		flags.AtLeast("vocab", o.vocabulary.Size, 1), o.dataset.check(), flags.Below("dropout", o.dropout, 1), flags.Below("label-smoothing", o.smoothing, 1), o.lora.Check(o.init), o.Learning.Check(o.Steps))
}
