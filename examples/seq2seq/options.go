package main

import (
	"math"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
)

// options are the flags of train.
type options struct {
	dataset
	out, tokenizer                         string
	vocab                                  int
	layers, heads, dim, hidden             int
	normFirst                              bool
	batch, steps, warmup                   int
	lr, minLR, dropout, decay, beta2, clip float64
	smoothing                              float64
	seed                                   uint64
	evalEvery, patience, keep              int
	resume                                 bool
}

// defaults learn to write dates in under a minute.
func defaults() *options {
	return &options{
		dataset: dataset{separator: "\t", heldOut: 0.1},
		out:     "out/seq2seq", tokenizer: "char", vocab: 4096, layers: 2, heads: 4, dim: 64, hidden: 128, normFirst: true,
		batch: 64, steps: 800, warmup: 50, lr: 2e-3, minLR: 1e-4, decay: 0.01, beta2: 0.98, clip: 1, smoothing: 0, seed: 1,
		evalEvery: 100, keep: 2,
	}
}

func (o *options) flags(f *flags.Set) {
	o.dataset.flags(f)
	f.StringVar(&o.tokenizer, "tokenizer", o.tokenizer, tokenizerHelp)
	f.IntVar(&o.vocab, "vocab", o.vocab, "vocabulary size of a trained tokenizer; char ignores it")
	f.Group("Model")
	f.IntVar(&o.layers, "layers", o.layers, "layers of the encoder, and as many of the decoder")
	f.IntVar(&o.heads, "heads", o.heads, "attention heads of a layer")
	f.IntVar(&o.dim, "dim", o.dim, "number of channels; -heads divides it")
	f.IntVar(&o.hidden, "hidden", o.hidden, "channels inside the MLPs")
	f.BoolVar(&o.normFirst, "norm-first", o.normFirst, "norms before the parts of a layer, not after them as in the paper")
	f.Group("Training")
	f.IntVar(&o.steps, "steps", o.steps, "number of optimizer steps")
	f.IntVar(&o.batch, "batch", o.batch, "pairs in a batch")
	f.Float64Var(&o.lr, "lr", o.lr, "highest learning rate")
	f.Float64Var(&o.minLR, "min-lr", o.minLR, "learning rate at the last step, the end of a cosine")
	f.IntVar(&o.warmup, "warmup", o.warmup, "steps in which the learning rate rises to -lr")
	f.Float64Var(&o.dropout, "dropout", o.dropout, "probability of dropout")
	f.Float64Var(&o.smoothing, "label-smoothing", o.smoothing, "fraction of the target's probability that is spread over all tokens")
	f.Float64Var(&o.decay, "decay", o.decay, "weight decay of matrices")
	f.Float64Var(&o.beta2, "beta2", o.beta2, "AdamW's second beta")
	f.Float64Var(&o.clip, "clip", o.clip, "largest norm of the gradients; 0 sets no bound")
	f.Uint64Var(&o.seed, "seed", o.seed, "seed of the weights, of dropout and of the order of the data")
	f.Group("Evaluation")
	f.IntVar(&o.evalEvery, "eval-every", o.evalEvery, "steps between two evaluations on the held-out pairs")
	f.IntVar(&o.patience, "patience", o.patience, "evaluations without improvement that end the run; 0 never ends it")
	f.Group("Output")
	f.StringVar(&o.out, "out", o.out, "`folder` of the model, its checkpoints and its log")
	f.IntVar(&o.keep, "keep", o.keep, "newest checkpoints to keep, in addition to the best; 0 keeps all")
	f.BoolVar(&o.resume, "resume", o.resume, "resume the run in -out")
}

// check reports the first flag whose value makes no sense.
func (o *options) check() error {
	return flags.First(
		flags.AtLeast("layers", o.layers, 1), flags.AtLeast("heads", o.heads, 1), flags.AtLeast("dim", o.dim, 1),
		flags.AtLeast("hidden", o.hidden, 0), flags.AtLeast("batch", o.batch, 1), flags.AtLeast("steps", o.steps, 1),
		flags.AtLeast("eval-every", o.evalEvery, 1), flags.AtLeast("warmup", o.warmup, 0), flags.AtLeast("patience", o.patience, 0),
		flags.AtLeast("keep", o.keep, 0),
		flags.Below("lr", o.lr, math.Inf(1)), flags.Below("min-lr", o.minLR, math.Inf(1)), flags.Below("clip", o.clip, math.Inf(1)),
		flags.Below("decay", o.decay, math.Inf(1)), flags.Below("dropout", o.dropout, 1), flags.Below("label-smoothing", o.smoothing, 1),
		flags.Below("beta2", o.beta2, 1))
}
