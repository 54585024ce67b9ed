package main

import (
	"math"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
)

// options are the flags of train.
type options struct {
	format
	data, valid, test                string
	heldOut                          float64
	out, tokenizer                   string
	vocab, minCount                  int
	lowercase                        bool
	maxTokens                        int
	layers, heads, dim, hidden       int
	postNorm                         bool
	positions, pooling               string
	batch, steps, warmup             int
	lr, minLR, decay, beta2, clip    float64
	dropout, tokenDropout, smoothing float64
	seed                             uint64
	evalEvery, patience, keep        int
	resume                           bool
}

// defaults learn the parts of Go's library in under a minute.
func defaults() *options {
	return &options{
		format: format{text: "text", label: "label"}, heldOut: 0.1, out: "out/classify", tokenizer: "word", vocab: 8000, minCount: 2,
		lowercase: true, layers: 1, heads: 4, dim: 64, positions: "learned", pooling: "mean", batch: 32, steps: 800, warmup: 50,
		lr: 2e-3, minLR: 1e-4, decay: 0.01, beta2: 0.98, clip: 1, dropout: 0.3, tokenDropout: 0.2, seed: 1, evalEvery: 100, keep: 2,
	}
}

func (o *options) flags(f *flags.Set) {
	f.Group("Data")
	f.StringVar(&o.data, "data", o.data, "`file` of labelled texts to learn from, .gz too (default: comments of Go's library)")
	f.StringVar(&o.valid, "valid", o.valid, "`file` of labelled texts that choose the best checkpoint (default: -held-out of -data)")
	f.Float64Var(&o.heldOut, "held-out", o.heldOut, "fraction of -data, drawn at random, that is held out without -valid")
	f.StringVar(&o.test, "test", o.test, "`file` of labelled texts to score at the end (default: the held-out texts)")
	o.format.flags(f)
	f.Group("Tokens")
	f.StringVar(&o.tokenizer, "tokenizer", o.tokenizer, tokenizerHelp)
	f.IntVar(&o.vocab, "vocab", o.vocab, "vocabulary size of a trained tokenizer; char ignores it")
	f.IntVar(&o.minCount, "min-count", o.minCount, "rarer words get no token of their own; only for word")
	f.BoolVar(&o.lowercase, "lowercase", o.lowercase, "a trained tokenizer ignores case")
	f.IntVar(&o.maxTokens, "max-tokens", o.maxTokens, "tokens that the model sees of a text; 0 means as many as 99 % of the texts have")
	f.Group("Model")
	f.IntVar(&o.layers, "layers", o.layers, "layers of the encoder; 0 means the mean of the embeddings alone")
	f.IntVar(&o.heads, "heads", o.heads, "attention heads of a layer")
	f.IntVar(&o.dim, "dim", o.dim, "number of channels; -heads divides it")
	f.IntVar(&o.hidden, "hidden", o.hidden, "channels inside the MLPs; 0 means 4 times -dim")
	f.BoolVar(&o.postNorm, "post-norm", o.postNorm, "norms after the sums, as in the paper of 2017, not before the parts of a layer")
	f.StringVar(&o.positions, "positions", o.positions, "learned, sinusoidal or none")
	f.StringVar(&o.pooling, "pooling", o.pooling, "mean, cls or last: the vector of a text")
	f.Group("Training")
	f.IntVar(&o.steps, "steps", o.steps, "number of optimizer steps")
	f.IntVar(&o.batch, "batch", o.batch, "texts in a batch")
	f.Float64Var(&o.lr, "lr", o.lr, "highest learning rate")
	f.Float64Var(&o.minLR, "min-lr", o.minLR, "learning rate at the last step, the end of a cosine")
	f.IntVar(&o.warmup, "warmup", o.warmup, "steps in which the learning rate rises to -lr")
	f.Float64Var(&o.dropout, "dropout", o.dropout, "probability of dropout")
	f.Float64Var(&o.tokenDropout, "token-dropout", o.tokenDropout, "probability that a token of a text is left out of a step")
	f.Float64Var(&o.smoothing, "label-smoothing", o.smoothing, "fraction of the label's probability that is spread over all labels")
	f.Float64Var(&o.decay, "decay", o.decay, "weight decay of matrices")
	f.Float64Var(&o.beta2, "beta2", o.beta2, "AdamW's second beta")
	f.Float64Var(&o.clip, "clip", o.clip, "largest norm of the gradients; 0 sets no bound")
	f.Uint64Var(&o.seed, "seed", o.seed, "seed of the weights, of dropout, of the order of the data and of -held-out")
	f.Group("Evaluation")
	f.IntVar(&o.evalEvery, "eval-every", o.evalEvery, "steps between two evaluations")
	f.IntVar(&o.patience, "patience", o.patience, "evaluations without improvement that end the run; 0 never ends it")
	f.Group("Output")
	f.StringVar(&o.out, "out", o.out, "`folder` of the model, its checkpoints and its log")
	f.IntVar(&o.keep, "keep", o.keep, "newest checkpoints to keep, in addition to the best; 0 keeps all")
	f.BoolVar(&o.resume, "resume", o.resume, "resume the run in -out")
}

// check reports the first flag whose value makes no sense, before anything is read or written.
func (o *options) check() error {
	err := flags.First(
		flags.AtLeast("layers", o.layers, 0), flags.AtLeast("heads", o.heads, 1), flags.AtLeast("dim", o.dim, 1),
		flags.AtLeast("hidden", o.hidden, 0), flags.AtLeast("max-tokens", o.maxTokens, 0), flags.AtLeast("vocab", o.vocab, 1),
		flags.AtLeast("min-count", o.minCount, 0),
		flags.AtLeast("batch", o.batch, 1), flags.AtLeast("steps", o.steps, 1), flags.AtLeast("eval-every", o.evalEvery, 1),
		flags.AtLeast("warmup", o.warmup, 0), flags.AtLeast("patience", o.patience, 0), flags.AtLeast("keep", o.keep, 0),
		flags.Below("lr", o.lr, math.Inf(1)), flags.Below("min-lr", o.minLR, math.Inf(1)), flags.Below("clip", o.clip, math.Inf(1)),
		flags.Below("decay", o.decay, math.Inf(1)), flags.Below("dropout", o.dropout, 1), flags.Below("token-dropout", o.tokenDropout, 1),
		flags.Below("label-smoothing", o.smoothing, 1), flags.Below("beta2", o.beta2, 1), flags.Below("held-out", o.heldOut, 1),
		flags.File("data", o.data), flags.File("valid", o.valid), flags.File("test", o.test))
	if err != nil {
		return err
	}
	return o.classifier(1, 1, []string{"a", "b"}).Check()
}
