package kernel

import (
	"math"

	"github.com/pkg/errors"
)

// CrossEntropy is the mean negative log-likelihood of the targets under softmax(Logits), as
// torch.nn.functional.cross_entropy. A row whose target is Ignore counts neither in the sum nor in the mean. Label
// smoothing mixes the target with the uniform distribution over the V classes (Szegedy et al. 2016,
// https://arxiv.org/abs/1512.00567):
//
//	loss = avg over rows of (1-s)·(lse - xₜ) + s·(lse - avg(x)), lse = log Σeˣ
type CrossEntropy[T Float] struct {
	Logits    []T     // (N, V)
	Targets   []int32 // (N)
	V         int
	Ignore    int32 // target of a row to skip; -100 in PyTorch
	Smoothing float64
}

// Check returns an error that names the first target that is neither Ignore nor in [0, V).
func (c CrossEntropy[T]) Check() error {
	for i, t := range c.Targets {
		if t != c.Ignore && (t < 0 || int(t) >= c.V) {
			return errors.Errorf("kernel: cross entropy: target %d at position %d is outside the %d classes: check the tokenizer and the vocabulary size", t, i, c.V)
		}
	}
	return nil
}

// count checks the sizes and returns the number of rows that count.
func (c CrossEntropy[T]) count(kernel string) int {
	checkLen(kernel, "logits", len(c.Logits), len(c.Targets)*c.V)
	if err := c.Check(); err != nil {
		panic(err.Error())
	}
	n := 0
	for _, t := range c.Targets {
		if t != c.Ignore {
			n++
		}
	}
	return n
}

// Forward returns the loss, or 0 if no row counts, and stores the normalizer of each row (N). n may be the zero value.
// The targets must have passed Check.
func (c CrossEntropy[T]) Forward(n Normalizer[T]) (loss float64) {
	count := c.count("cross entropy")
	n.check("cross entropy", len(c.Targets))
	losses := take[buffer[float64]]()
	args := crossEntropyForward[T]{CrossEntropy: c, normalizer: n, losses: losses.sized(len(c.Targets))}
	parallel(len(c.Targets), rowGrain(c.V*expCost), args)
	if count > 0 {
		loss = sum(args.losses) / float64(count)
	}
	give(losses)
	return loss
}

type crossEntropyForward[T Float] struct {
	CrossEntropy[T]
	normalizer Normalizer[T]
	losses     []float64
}

func (c *crossEntropyForward[T]) Range(lo, hi int) {
	for r := lo; r < hi; r++ {
		x, t := c.Logits[r*c.V:(r+1)*c.V], c.Targets[r]
		c.losses[r] = 0
		if t == c.Ignore && c.normalizer.isZero() {
			continue
		}
		top, total := expSum(x)
		c.normalizer.set(r, top, inverse[T](total))
		if t == c.Ignore {
			continue
		}
		rest := math.Log(total)
		loss := (float64(top) - float64(x[t])) + rest
		if s := c.Smoothing; s != 0 {
			uniform := float64(top) - sum(x)/float64(c.V) + rest
			loss = (1-s)*loss + s*uniform
		}
		c.losses[r] = loss
	}
}

// inverse returns 1/total, or 0 if total is 0.
func inverse[T Float](total float64) T {
	if total == 0 {
		return 0
	}
	return T(1 / total)
}

// Backward writes the gradient of scale·loss: (softmax(x) - (1-s)·onehot(t) - s/V)·scale/count for each row that counts
// and zeros for the other rows. n is the normalizer that Forward stored. dlogits may be Logits.
func (c CrossEntropy[T]) Backward(dlogits []T, n Normalizer[T], scale float64) {
	count := c.count("cross entropy backward")
	checkLen("cross entropy backward", "dlogits", len(dlogits), len(c.Logits))
	n.checkWhole("cross entropy backward", len(c.Targets))
	args := crossEntropyBackward[T]{CrossEntropy: c, dlogits: dlogits, normalizer: n, scale: scale / float64(max(1, count))}
	parallel(len(c.Targets), rowGrain(c.V*expCost), args)
}

type crossEntropyBackward[T Float] struct {
	CrossEntropy[T]
	dlogits    []T
	normalizer Normalizer[T]
	scale      float64
}

func (c *crossEntropyBackward[T]) Range(lo, hi int) {
	for r := lo; r < hi; r++ {
		x, dx, t := c.Logits[r*c.V:(r+1)*c.V], c.dlogits[r*c.V:(r+1)*c.V], c.Targets[r]
		if t == c.Ignore {
			clear(dx)
			continue
		}
		scale, uniform := T(c.scale*float64(c.normalizer.Inverse[r])), T(c.scale*c.Smoothing/float64(c.V))
		expScaleRow(dx, x, c.normalizer.Top[r], scale, uniform)
		dx[t] -= T(c.scale * (1 - c.Smoothing))
	}
}

// expScaleRow computes y = e^(x-shift)·a - b.
func expScaleRow[T Float](y, x []T, shift, a, b T) {
	y = y[:len(x)]
	if fast[T]() {
		expScaleRowAsm(len(x), first(y), first(x), float32(shift), float32(a), float32(b))
		return
	}
	for i, v := range x {
		y[i] = exp(v-shift)*a - b
	}
}
