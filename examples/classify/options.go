package main

import (
	"flag"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/adapter"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/shaping"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// options are the flags of train.
type options struct {
	job.Options
	job.Learning
	format
	data, valid, test                string
	heldOut                          float64
	vocabulary                       vocabulary.Options
	minCount                         int
	maxTokens                        int
	family, init, freeze             string
	layers, heads, dim, hidden       int
	postNorm                         bool
	positions, pooling               string
	batch                            shaping.Options
	lora                             adapter.Flag
	dropout, tokenDropout, smoothing float64

	set   *flag.FlagSet
	given map[string]bool // names of the flags on the command line
}

// defaults learn the parts of Go's library in under a minute.
func defaults() *options {
	return &options{
		Options:  job.Options{Out: "out/classify", Steps: 800, EvalEvery: 100, Keep: 2, Unit: "texts"},
		Learning: job.Learning{LR: 2e-3, Decay: 0.01, Beta2: 0.98, Clip: 1, MicroBatches: 1, Seed: 1},
		format:   format{text: "text", label: "label"}, heldOut: 0.1,
		vocabulary: vocabulary.Options{Name: "word", Size: 8000, Special: []string{special}, Unknown: "<unk>", Lowercase: true}, minCount: 2,
		family: own, layers: 1, heads: 4, dim: 64, positions: "learned", pooling: "mean", batch: shaping.Options{Rows: 32, Shapes: 12}, dropout: 0.3, tokenDropout: 0.2,
	}
}

func (o *options) flags(f *flags.Set) {
	o.set = f.FlagSet
	f.Group("Data")
	f.StringVar(&o.data, "data", o.data, "`file` of labelled texts to learn from, .gz too (default: comments of Go's library)")
	f.StringVar(&o.valid, "valid", o.valid, "`file` of labelled texts that choose the best checkpoint (default: -held-out of -data)")
	f.Float64Var(&o.heldOut, "held-out", o.heldOut, "fraction of -data, drawn at random, that is held out without -valid")
	f.StringVar(&o.test, "test", o.test, "`file` of labelled texts to score at the end (default: the held-out texts)")
	o.format.flags(f)
	f.Group("Tokens")
	o.vocabulary.Flags(f, "the texts", " that has a token for the beginning")
	f.IntVar(&o.minCount, "min-count", o.minCount, "rarer words get no token of their own; only for word")
	f.BoolVar(&o.vocabulary.Lowercase, "lowercase", o.vocabulary.Lowercase, "a trained tokenizer ignores case")
	f.IntVar(&o.maxTokens, "max-tokens", o.maxTokens, "tokens that the model sees of a text; 0 means as many as 99 % of the texts have")
	f.Group("Model")
	f.StringVar(&o.family, "family", o.family, "`name` of the family: "+strings.Join(families, ", "))
	f.StringVar(&o.init, "init", o.init, "`folder` of a bert, roberta or modernbert to start from, trained by mlm or published: its weights, tokenizer and sizes; the head is new")
	f.StringVar(&o.freeze, "freeze", o.freeze, "patterns of weights to freeze, separated by commas: bert.embeddings.**")
	f.Var(&o.lora, "lora", adapter.Help+". The head is trained whole")
	f.IntVar(&o.layers, "layers", o.layers, "layers of the encoder; 0 means the mean of the embeddings alone, only in family classifier")
	f.IntVar(&o.heads, "heads", o.heads, "attention heads of a layer")
	f.IntVar(&o.dim, "dim", o.dim, "number of channels; -heads divides it")
	f.IntVar(&o.hidden, "hidden", o.hidden, "channels inside the MLPs; 0 means 4 times -dim, or 1.5 times in a modernbert")
	f.BoolVar(&o.postNorm, "post-norm", o.postNorm, "norms after the sums, as in the paper of 2017, not before the parts of a layer; only for family classifier")
	f.StringVar(&o.positions, "positions", o.positions, "learned, sinusoidal or none; only for family classifier")
	f.StringVar(&o.pooling, "pooling", o.pooling, "mean, cls or last: the vector of a text; only for family classifier, and mean or cls for modernbert")
	f.Group("Training")
	o.batch.Flags(f, "texts")
	f.Float64Var(&o.dropout, "dropout", o.dropout, "probability of dropout")
	f.Float64Var(&o.tokenDropout, "token-dropout", o.tokenDropout, "probability that a token of a text is left out of a step, or hidden by the mask token in families other than classifier")
	f.Float64Var(&o.smoothing, "label-smoothing", o.smoothing, "fraction of the label's probability that is spread over all labels")
	o.Learning.Flags(f)
	f.Group("Run")
	o.Options.Flags(f)
}

// program tells package job which flags name data and which are fixed.
func (o *options) program() job.Program {
	return job.Program{
		Name: "classify", Flags: o.set,
		Data:  []string{"data", "valid", "test", "held-out", "text-column", "label-column", "separator", "header", "label-until", "encoding", "omit-unknown"},
		Paths: append(o.vocabulary.Paths(), "data", "valid", "test", "init"),
		Fixed: []string{"family", "init", "freeze", "lora", "tokenizer", "vocab", "min-count", "lowercase", "max-tokens", "layers", "heads", "dim", "hidden", "post-norm",
			"positions", "pooling", "seed"},
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

// check reports the first flag whose value makes no sense, before any text is read.
func (o *options) check() error {
	least := 1 // of the layers
	if o.family == own {
		least = 0
	}
	err := flags.First(
		o.checkFamily(), flags.AtLeast("layers", o.layers, least), flags.AtLeast("heads", o.heads, 1), flags.AtLeast("dim", o.dim, 1),
		flags.AtLeast("hidden", o.hidden, 0), flags.AtLeast("max-tokens", o.maxTokens, 0), flags.AtLeast("vocab", o.vocabulary.Size, 1),
		flags.AtLeast("min-count", o.minCount, 0), o.batch.Check(), flags.AtLeast("micro-batches", o.MicroBatches, 1),
		flags.Below("dropout", o.dropout, 1), flags.Below("token-dropout", o.tokenDropout, 1), flags.Below("label-smoothing", o.smoothing, 1),
		flags.Below("held-out", o.heldOut, 1), flags.File("data", o.data), flags.File("valid", o.valid), flags.File("test", o.test),
		o.lora.Check(o.init), o.Learning.Check(o.Steps))
	if err != nil || o.init != "" {
		return err
	}
	if o.family == "modernbert" && o.pooling == "last" {
		return errors.New("-pooling is last, want mean or cls in family modernbert")
	}
	return o.fresh(1, encoder{}, 1, []string{"a", "b"}).Check()
}
