package main

import (
	"flag"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/adapter"
	"github.com/gorgoformer/gorgoformer/examples/internal/corpora"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// options holds the flags of train.
type options struct {
	job.Options
	job.Learning
	data               string
	evalData           flags.Texts
	mix                corpora.Mix
	pack               bool
	encoding           textfile.Encoding
	vocabulary         vocabulary.Options
	family, cell       string
	positions          string
	kvHeads            int
	layers, heads, dim int
	context, batch     int
	dropout            float64
	init, freeze       string
	lora               adapter.Flag
	weights            folder.Weights

	set   *flag.FlagSet
	given map[string]bool // names of the flags on the command line
}

// defaults returns options that train on Newton's Opticks in under a minute on two cores.
func defaults() *options {
	return &options{
		Options:    job.Options{Out: "out/gpt", Steps: 1000, EvalEvery: 200, EvalTokens: 200_000, Keep: 2},
		Learning:   job.Learning{LR: 1e-3, Decay: 0.1, Beta2: 0.99, Clip: 1, MicroBatches: 1, Seed: 1},
		vocabulary: vocabulary.Options{Name: "bpe", Size: 1024}, family: "gpt2", layers: 4, heads: 4, dim: 128, context: 64, batch: 12,
	}
}

func (o *options) flags(f *flags.Set) {
	o.set = f.FlagSet
	f.Group("Data")
	f.StringVar(&o.data, "data", o.data, "`path` of the text to learn from: a file, a folder or a glob, .gz and .zst too; or a folder of the program corpus (default: Newton's Opticks of the Go distribution)")
	f.Var(&o.mix, "mix", corpora.MixHelp)
	f.BoolVar(&o.pack, "pack", o.pack, "fill the rows of a batch with whole documents, none of which sees another; for a folder of the program corpus")
	f.Var(&o.evalData, "eval-data", "comma-separated `name=path` pairs of more texts to score at every evaluation: wiki=a.txt,code=b.txt")
	f.TextVar(&o.encoding, "encoding", o.encoding, flags.EncodingHelp)
	o.vocabulary.Flags(f, "the text", "")
	f.Group("Model")
	f.StringVar(&o.family, "family", o.family, "`name` of the family: "+names(families))
	f.StringVar(&o.positions, "positions", o.positions, "`name` of the way to know the order of tokens: "+names(longPositions)+" (default: the family's; only gpt2 has a choice)")
	f.StringVar(&o.cell, "cell", o.cell, "`name` of the cells of rnn: "+names(cells)+" (default: lstm)")
	f.IntVar(&o.layers, "layers", o.layers, "number of blocks, or of layers of cells")
	f.IntVar(&o.heads, "heads", o.heads, "attention heads of a block; not for rnn")
	f.IntVar(&o.kvHeads, "kv-heads", o.kvHeads, "heads of keys and values in a block, a divisor of -heads; 0 means -heads; not for gpt2, mpt, bloom and rnn")
	f.IntVar(&o.dim, "dim", o.dim, "number of channels, a multiple of -heads")
	f.IntVar(&o.context, "context", o.context, "length of the model's window, in tokens")
	f.Float64Var(&o.dropout, "dropout", o.dropout, "probability of dropout")
	f.StringVar(&o.init, "init", o.init, "`folder` of a model to start from, of any family, or a .gguf file: its weights, tokenizer and sizes")
	f.StringVar(&o.freeze, "freeze", o.freeze, "comma-separated `patterns` of weights to freeze: wte.**,h.0.**")
	f.Var(&o.lora, "lora", adapter.Help)
	f.TextVar(&o.weights, "weights", o.weights, "with -lora, "+folder.WeightsHelp+"; the base of the adapter then takes little memory")
	f.Group("Training")
	f.IntVar(&o.batch, "batch", o.batch, "windows of -context tokens in a batch")
	o.Learning.Flags(f)
	f.Group("Run")
	o.Options.Flags(f)
}

// program names, for package job, the flags of the data and the flags that a run fixes.
func (o *options) program() job.Program {
	return job.Program{
		Name: "gpt", Flags: o.set, Data: []string{"data", "mix", "encoding", "omit-unknown"}, Paths: append(o.vocabulary.Paths(), "data", "init"),
		Fixed: []string{"tokenizer", "vocab", "family", "positions", "cell", "layers", "heads", "kv-heads", "dim", "context", "init", "freeze", "lora", "weights", "seed"},
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

// check returns an error for the first invalid flag. With sizes, it includes the family and the sizes of the model.
func (o *options) check(sizes bool) error {
	heads := 1
	if families[o.family].recurrent {
		heads = 0
	}
	err := flags.First(
		flags.AtLeast("layers", o.layers, 1), flags.AtLeast("heads", o.heads, heads), flags.AtLeast("kv-heads", o.kvHeads, 0), flags.AtLeast("dim", o.dim, 1),
		flags.AtLeast("context", o.context, 1), flags.AtLeast("batch", o.batch, 1), flags.AtLeast("micro-batches", o.MicroBatches, 1),
		flags.AtLeast("vocab", o.vocabulary.Size, 1), flags.Below("dropout", o.dropout, 1), flags.Input("data", o.data), o.evalData.Check("eval-data"), o.checkCorpora(), o.lora.Check(o.init), o.checkWeights(), o.Learning.Check(o.Steps))
	if err != nil || !sizes {
		return err
	}
	if err := o.checkFamily(); err != nil {
		return err
	}
	m, err := o.fresh(1)
	if err != nil {
		return err
	}
	return m.Check()
}

// checkWeights returns an error if -weights asks for few bits of weights that are trained.
func (o *options) checkWeights() error {
	switch {
	case o.weights.Given() && !o.lora.Given():
		return errors.Errorf("-weights is %v, but without -lora all weights are trained, in float32: train an adapter with -lora, or leave the flag out", o.weights)
	case o.weights.Given() && o.Watch != "":
		return errors.Errorf("-watch is %s, but its page reads weights in float32 and -weights is %v: leave one out", o.Watch, o.weights)
	}
	return nil
}
