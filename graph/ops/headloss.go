package ops

import (
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// LinearCrossEntropy is CrossEntropy(Linear(x, w), targets): (…, C), (V, C) and int32 (…) → scalar, for the head of a language
// model. It never holds all logits at once. It computes the logits of a few rows at a time and turns them into the loss and, if
// needed, into the gradients of x and w, so that nothing is computed twice (Wijmans et al. 2024, arXiv 2411.09009; Hsu et al. 2024,
// arXiv 2410.10989, section 3.2).
func LinearCrossEntropy(x, w, targets *G.Node, smoothing float64) (*G.Node, error) {
	if !(smoothing >= 0 && smoothing <= 1) { // NaN is refused too
		return nil, errors.Errorf("ops: LinearCrossEntropy: smoothing %g is not in 0…1", smoothing)
	}
	return New(Def{
		Name:  "LinearCrossEntropy",
		Attrs: []any{smoothing},
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			x, w := in[0], in[1]
			if len(x) == 0 || len(w) != 2 || x[len(x)-1] != w[1] || targets.Dtype() != tensor.Int32 || !slices.Equal(x[:len(x)-1], in[2]) {
				return nil, errors.Errorf("input %v, weight %v and targets %v of %v: want (…, C), (V, C) and int32 (…)", x, w, in[2], targets.Dtype())
			}
			return []tensor.Shape{{}, x.Clone(), w.Clone()}, nil // the loss and its gradients
		},
		Forward: Kernel{headLoss(smoothing, packedHead), headLoss(smoothing, plainHead[float64]())},
		Packed:  []int{1},
		Scratch: func(in []tensor.Shape) int { return headRows(in[0], in[1]) * (in[1][0] + 2) },
		FLOPs: func(in, out []tensor.Shape) int {
			one := 2 * size(in[0]) * in[1][0]
			n := one
			for _, s := range out[1:] {
				if s != nil {
					n += one
				}
			}
			return n
		},
		Targets: []int{2},
		Grad:    headLossGrad,
	}, x, w, targets)
}

// headLogits is the number of logits computed at a time: few enough for the caches, with enough rows for fast products.
const headLogits = 1 << 24

// headRows returns the number of rows of logits that are computed at a time.
func headRows(x, w []int) int {
	rows := size(x[:len(x)-1])
	at := max(headLogits/w[0]/64*64, 64)
	return min(rows, at)
}

// headLossGrad scales the gradients that the forward pass has stored.
func headLossGrad(d Derivation) ([]*G.Node, error) {
	grads := make([]*G.Node, 3)
	for i := range 2 {
		unit, err := d.Out(1 + i)
		if err != nil {
			return nil, err
		}
		if grads[i], err = d.result(scaleBy(), unit, d.D); err != nil {
			return nil, err
		}
	}
	return grads, nil
}

// scaleBy: (x, scalar) → x·scalar. In place with a scalar of 1 it does nothing.
func scaleBy() Def {
	return Def{
		Name:    "ScaleBy",
		Shapes:  sameShape,
		Forward: Kernel{scaleByForward[float32], scaleByForward[float64]},
		InPlace: []int{0},
		FLOPs:   func(_, out []tensor.Shape) int { return size(out[0]) },
	}
}

func scaleByForward[T kernel.Float](c *Call[T]) error {
	x, y, a := c.In[0].F, c.Out[0].F, c.In[1].F[0]
	if a == 1 && &x[0] == &y[0] {
		return nil
	}
	kernel.Scale(y, x, a)
	return nil
}

func headLoss[T kernel.Float](smoothing float64, products headProducts[T]) func(*Call[T]) error {
	return func(c *Call[T]) error {
		x, w, targets := c.In[0], c.In[1], c.In[2].I
		v, cols := w.Shape[0], x.Cols()
		all := kernel.CrossEntropy[T]{Targets: targets, V: v, Ignore: IgnoreTarget, Smoothing: smoothing}
		if err := all.Check(); err != nil {
			return err
		}
		counted, loss := countTargets(targets), 0.0
		for at, n := 0, headRows(x.Shape, w.Shape); at < len(targets); at += n {
			n := min(n, len(targets)-at)
			rows := headChunk[T]{x: x.F[at*cols : (at+n)*cols], w: w.F, packed: w.W, logits: c.Scratch[:n*v], cols: cols, first: at == 0}
			rows.normalizer = kernel.Normalizer[T]{Top: c.Scratch[n*v:][:n], Inverse: c.Scratch[n*(v+1):][:n]}
			rows.CrossEntropy = all
			rows.Logits, rows.Targets = rows.logits, targets[at:at+n]
			if dx := c.Out[1].F; dx != nil {
				rows.dx = dx[at*cols : (at+n)*cols]
			}
			rows.dw = c.Out[2].F
			loss += rows.run(products, float64(countTargets(rows.Targets))/float64(max(counted, 1)))
		}
		c.Out[0].F[0] = T(loss)
		return nil
	}
}

func countTargets(targets []int32) int {
	n := 0
	for _, t := range targets {
		if t != IgnoreTarget {
			n++
		}
	}
	return n
}

// headChunk is a few rows of the input, their logits, and the memory of their gradients.
type headChunk[T kernel.Float] struct {
	kernel.CrossEntropy[T]
	x, w, dx, dw []T
	packed       *kernel.Packed // in place of w; nil for none
	logits       []T
	normalizer   kernel.Normalizer[T]
	cols         int
	first        bool // the first chunk overwrites dw, later ones add to it
}

// run returns the chunk's part of the loss, weighted by its share of the targets.
func (h headChunk[T]) run(products headProducts[T], share float64) float64 {
	n, v, c := len(h.Targets), h.V, h.cols
	products.logits(h)
	loss := h.Forward(h.normalizer) * share
	if h.dx == nil && h.dw == nil {
		return loss
	}
	h.Backward(h.logits, h.normalizer, share)
	if h.dx != nil {
		products.dx(h)
	}
	if h.dw != nil {
		kernel.Gemm[T]{
			M: v, N: c, K: n,
			A: kernel.Matrix[T]{Data: h.logits, Stride: v, Trans: true}, B: kernel.Matrix[T]{Data: h.x, Stride: c},
			C: h.dw, StrideC: c, Accumulate: !h.first,
		}.Run()
	}
	return loss
}

// headProducts are the products of a chunk with the weight.
type headProducts[T kernel.Float] struct {
	logits func(h headChunk[T])
	dx     func(h headChunk[T]) // reads the gradient of the logits from their memory
}

// plainHead returns the products with a weight that is not packed.
func plainHead[T kernel.Float]() headProducts[T] {
	return headProducts[T]{
		logits: func(h headChunk[T]) {
			kernel.Gemm[T]{
				M: len(h.Targets), N: h.V, K: h.cols,
				A: kernel.Matrix[T]{Data: h.x, Stride: h.cols}, B: kernel.Matrix[T]{Data: h.w, Stride: h.cols, Trans: true},
				C: h.logits, StrideC: h.V,
			}.Run()
		},
		dx: func(h headChunk[T]) {
			kernel.Gemm[T]{
				M: len(h.Targets), N: h.cols, K: h.V,
				A: kernel.Matrix[T]{Data: h.logits, Stride: h.V}, B: kernel.Matrix[T]{Data: h.w, Stride: h.cols},
				C: h.dx, StrideC: h.cols,
			}.Run()
		},
	}
}

// packedHead is plainHead for a weight that may be packed.
var packedHead = headProducts[float32]{
	logits: func(h headChunk[float32]) {
		if h.packed == nil {
			plainHead[float32]().logits(h)
			return
		}
		kernel.PackedGemm{M: len(h.Targets), A: h.x, W: h.packed, C: h.logits}.Run()
	},
	dx: func(h headChunk[float32]) {
		if h.packed == nil {
			plainHead[float32]().dx(h)
			return
		}
		kernel.PackedBack{M: len(h.Targets), A: h.logits, W: h.packed, C: h.dx}.Run()
	},
}
