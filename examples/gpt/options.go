package main

import (
	"math"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
)

// options are the flags of train.
type options struct {
	data, out, tokenizer      string
	vocab                     int
	layers, heads, dim        int
	context, batch, steps     int
	lr, minLR                 float64
	warmup                    int
	dropout, decay, beta2     float64
	clip                      float64
	microBatches              int
	seed                      uint64
	evalEvery, patience, keep int
	resume                    bool
}

// defaults learn Newton's Opticks in under a minute.
func defaults() *options {
	return &options{
		out: "out/gpt", tokenizer: "bpe", vocab: 1024, layers: 4, heads: 4, dim: 128, context: 64, batch: 12, steps: 1000,
		lr: 1e-3, minLR: 1e-4, warmup: 50, decay: 0.1, beta2: 0.99, clip: 1, microBatches: 1, seed: 1, evalEvery: 200, keep: 2,
	}
}

func (o *options) flags(f *flags.Set) {
	f.Group("Data")
	f.StringVar(&o.data, "data", o.data, "`path` of the text to learn from: a file, a folder or a glob, .gz too (default: Newton's Opticks of the Go distribution)")
	f.StringVar(&o.tokenizer, "tokenizer", o.tokenizer, tokenizerHelp)
	f.IntVar(&o.vocab, "vocab", o.vocab, "vocabulary size of a trained tokenizer; char ignores it")
	f.Group("Model")
	f.IntVar(&o.layers, "layers", o.layers, "number of blocks")
	f.IntVar(&o.heads, "heads", o.heads, "attention heads of a block")
	f.IntVar(&o.dim, "dim", o.dim, "number of channels; -heads divides it")
	f.IntVar(&o.context, "context", o.context, "longest text that the model sees, in tokens")
	f.Group("Training")
	f.IntVar(&o.steps, "steps", o.steps, "number of optimizer steps")
	f.IntVar(&o.batch, "batch", o.batch, "texts of -context tokens in a batch")
	f.IntVar(&o.microBatches, "micro-batches", o.microBatches, "batches whose gradients are added up for one step")
	f.Float64Var(&o.lr, "lr", o.lr, "highest learning rate")
	f.Float64Var(&o.minLR, "min-lr", o.minLR, "learning rate at the last step, the end of a cosine")
	f.IntVar(&o.warmup, "warmup", o.warmup, "steps in which the learning rate rises to -lr")
	f.Float64Var(&o.dropout, "dropout", o.dropout, "probability of dropout")
	f.Float64Var(&o.decay, "decay", o.decay, "weight decay of matrices")
	f.Float64Var(&o.beta2, "beta2", o.beta2, "AdamW's second beta")
	f.Float64Var(&o.clip, "clip", o.clip, "largest norm of the gradients; 0 sets no bound")
	f.Uint64Var(&o.seed, "seed", o.seed, "seed of the weights, of dropout and of the order of the data")
	f.Group("Evaluation")
	f.IntVar(&o.evalEvery, "eval-every", o.evalEvery, "steps between two evaluations on the last tenth of the text")
	f.IntVar(&o.patience, "patience", o.patience, "evaluations without improvement that end the run; 0 never ends it")
	f.Group("Output")
	f.StringVar(&o.out, "out", o.out, "`folder` of the model, its checkpoints and its log")
	f.IntVar(&o.keep, "keep", o.keep, "newest checkpoints to keep, in addition to the best; 0 keeps all")
	f.BoolVar(&o.resume, "resume", o.resume, "resume the run in -out")
}

const mostMicroBatches = 1 << 16

// check reports the first flag whose value makes no sense, before anything is read or written.
func (o *options) check() error {
	err := flags.First(
		flags.AtLeast("layers", o.layers, 1), flags.AtLeast("heads", o.heads, 1), flags.AtLeast("dim", o.dim, 1),
		flags.AtLeast("context", o.context, 1), flags.AtLeast("batch", o.batch, 1), flags.AtLeast("micro-batches", o.microBatches, 1),
		flags.AtLeast("steps", o.steps, 1), flags.AtLeast("eval-every", o.evalEvery, 1), flags.AtLeast("warmup", o.warmup, 0),
		flags.AtLeast("patience", o.patience, 0), flags.AtLeast("keep", o.keep, 0),
		flags.Below("lr", o.lr, math.Inf(1)), flags.Below("min-lr", o.minLR, math.Inf(1)), flags.Below("clip", o.clip, math.Inf(1)),
		flags.Below("decay", o.decay, math.Inf(1)), flags.Below("dropout", o.dropout, 1), flags.Below("beta2", o.beta2, 1))
	if err != nil {
		return err
	}
	if o.microBatches > mostMicroBatches {
		return errors.Errorf("-micro-batches is %d, want at most %d: a step must come to an end", o.microBatches, mostMicroBatches)
	}
	return o.gpt(1).Check()
}
