package ops

import (
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// MatMulOptions selects the operands to transpose, which exchanges their last two axes.
type MatMulOptions struct{ TransA, TransB bool }

// MatMul is the product of matrices, batched over leading axes: (…, M, K) × (…, K, N) → (…, M, N). The leading axes of both
// operands are equal, or b is a single matrix that is used for all of a.
func MatMul(a, b *G.Node, o MatMulOptions) (*G.Node, error) {
	d := Def{
		Name:    "MatMul",
		Attrs:   []any{o.TransA, o.TransB},
		Shapes:  func(in []tensor.Shape) ([]tensor.Shape, error) { return matMulShapes(in[0], in[1], o) },
		Forward: Kernel{matMul[float32](o), matMul[float64](o)},
		Grad:    func(d Derivation) ([]*G.Node, error) { return matMulGrad(d, o) },
		FLOPs:   func(in, out []tensor.Shape) int { return 2 * size(out[0]) * inner(in[0], o.TransA) },
	}
	return New(d, a, b)
}

// inner returns the length of the summed axis of the first operand.
func inner(a []int, trans bool) int {
	if trans {
		return a[len(a)-2]
	}
	return a[len(a)-1]
}

func matMulShapes(a, b tensor.Shape, o MatMulOptions) ([]tensor.Shape, error) {
	if len(a) < 2 || len(b) < 2 {
		return nil, errors.Errorf("operands %v and %v: want matrices", a, b)
	}
	lead := a[:len(a)-2]
	if len(b) > 2 && !slices.Equal(lead, b[:len(b)-2]) {
		return nil, errors.Errorf("operands %v and %v: leading axes differ", a, b)
	}
	m, n, kb := a[len(a)-2], b[len(b)-1], b[len(b)-2]
	if o.TransA {
		m = a[len(a)-1]
	}
	if o.TransB {
		n, kb = kb, n
	}
	if k := inner(a, o.TransA); k != kb {
		return nil, errors.Errorf("operands %v and %v: inner axes %d and %d differ", a, b, k, kb)
	}
	return []tensor.Shape{append(slices.Clone(lead), m, n)}, nil
}

func matMul[T kernel.Float](o MatMulOptions) func(*Call[T]) error {
	return func(c *Call[T]) error {
		a, b, y := c.In[0], c.In[1], c.Out[0]
		m, n := y.Shape[len(y.Shape)-2], y.Cols()
		g := kernel.Gemm[T]{
			M: m, N: n, K: inner(a.Shape, o.TransA),
			A: kernel.Matrix[T]{Data: a.F, Stride: a.Cols(), Trans: o.TransA},
			B: kernel.Matrix[T]{Data: b.F, Stride: b.Cols(), Trans: o.TransB},
			C: y.F, StrideC: n, Batch: size(y.Shape[:len(y.Shape)-2]), BatchA: m * inner(a.Shape, o.TransA), BatchC: m * n,
		}
		switch {
		case len(b.Shape) > 2:
			g.BatchB = b.Shape[len(b.Shape)-2] * b.Cols()
		case !o.TransA: // one matrix for all: the batch becomes more rows
			g.M, g.Batch = m*g.Batch, 1
		}
		g.Run()
		return nil
	}
}

// matMulGrad: for y = a·b, da = dy·bᵀ and db = aᵀ·dy. The gradient of a transposed operand is transposed too.
func matMulGrad(d Derivation, o MatMulOptions) ([]*G.Node, error) {
	a, b := d.In[0], d.In[1]
	var da, db *G.Node
	var err error
	if o.TransA {
		da, err = MatMul(b, d.D, MatMulOptions{o.TransB, true})
		if b.Dims() < a.Dims() { // the shared matrix cannot be a batched first operand
			if da, err = MatMul(d.D, b, MatMulOptions{false, !o.TransB}); err == nil {
				da, err = Transpose(da, swapLast(a.Dims())...)
			}
		}
	} else {
		da, err = MatMul(d.D, b, MatMulOptions{false, !o.TransB})
	}
	if err != nil {
		return nil, err
	}
	if b.Dims() < a.Dims() {
		db, err = sharedGrad(a, d.D, o)
	} else if o.TransB {
		db, err = MatMul(d.D, a, MatMulOptions{true, o.TransA})
	} else {
		db, err = MatMul(a, d.D, MatMulOptions{!o.TransA, false})
	}
	return []*G.Node{da, db}, err
}

// sharedGrad sums over the batch by treating it as more rows.
func sharedGrad(a, dy *G.Node, o MatMulOptions) (*G.Node, error) {
	var err error
	if o.TransA {
		if a, err = Transpose(a, swapLast(a.Dims())...); err != nil {
			return nil, err
		}
	}
	if a, err = flattenRows(a); err != nil {
		return nil, err
	}
	if dy, err = flattenRows(dy); err != nil {
		return nil, err
	}
	if o.TransB {
		return MatMul(dy, a, MatMulOptions{TransA: true})
	}
	return MatMul(a, dy, MatMulOptions{TransA: true})
}

func flattenRows(x *G.Node) (*G.Node, error) {
	s := x.Shape()
	c := s[len(s)-1]
	return Reshape(x, size(s)/max(c, 1), c)
}

// swapLast returns the permutation that exchanges the last two of n axes.
func swapLast(n int) []int {
	axes := make([]int, n)
	for i := range axes {
		axes[i] = i
	}
	axes[n-1], axes[n-2] = axes[n-2], axes[n-1]
	return axes
}
