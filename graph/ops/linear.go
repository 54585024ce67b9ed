package ops

import (
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// LinearOptions are the options of Linear. The zero value is PyTorch's layer without an activation.
type LinearOptions struct {
	InOut bool              // the weight is (in, out), as in GPT-2's Conv1D, not (out, in)
	Act   kernel.Activation // applied to the result
}

// Linear is y = act(x·Wᵀ + b), or act(x·W + b) with InOut: (…, in) → (…, out). A nil b means no bias.
//
// The weight may be a matrix in few bits, whose rows are the outputs: see kernel.PackedGemm. It has no gradient then. The gradient of x is the
// product with the weight's values.
//
// It is an error if the last axis of x is not the weight's input axis.
func Linear(x, w, b *G.Node, o LinearOptions) (*G.Node, error) {
	in := []*G.Node{x, w}
	if b != nil {
		in = append(in, b)
	}
	keepPre := o.Act != kernel.Identity && o.Act != kernel.ReLU // ReLU's gradient needs only its result
	d := Def{
		Name:    "Linear",
		Attrs:   []any{o.InOut, o.Act},
		Shapes:  func(in []tensor.Shape) ([]tensor.Shape, error) { return linearShapes(in, o, keepPre) },
		Forward: Kernel{linearPacked(o), linearForward[float64](o)},
		Packed:  []int{1}, PackedTrans: o.InOut,
		Grad:  func(d Derivation) ([]*G.Node, error) { return linearGrad(d, o, keepPre) },
		FLOPs: func(in, out []tensor.Shape) int { return 2 * size(out[0]) * in[0][len(in[0])-1] },
	}
	return New(d, in...)
}

func linearShapes(in []tensor.Shape, opt LinearOptions, keepPre bool) ([]tensor.Shape, error) {
	x, w := in[0], in[1]
	if _, err := activationShapes(opt.Act)(in); err != nil {
		return nil, err
	}
	if len(x) == 0 || len(w) != 2 {
		return nil, errors.Errorf("input %v and weight %v: want (…, in) and a matrix", x, w)
	}
	i, o := 1, 0
	if opt.InOut {
		i, o = 0, 1
	}
	if x[len(x)-1] != w[i] {
		return nil, errors.Errorf("input %v has %d channels but weight %v takes %d", x, x[len(x)-1], w, w[i])
	}
	if len(in) == 3 && !slices.Equal(in[2], []int{w[o]}) {
		return nil, errors.Errorf("bias %v for weight %v: want (%d)", in[2], w, w[o])
	}
	y := x.Clone()
	y[len(y)-1] = w[o]
	if keepPre {
		return []tensor.Shape{y, y.Clone()}, nil
	}
	return []tensor.Shape{y}, nil
}

func linearForward[T kernel.Float](o LinearOptions) func(*Call[T]) error {
	return func(c *Call[T]) error {
		x, w, y := c.In[0], c.In[1], c.Out[0]
		g := kernel.Gemm[T]{
			M: x.Rows(), N: y.Cols(), K: x.Cols(),
			A: kernel.Matrix[T]{Data: x.F, Stride: x.Cols()},
			B: kernel.Matrix[T]{Data: w.F, Stride: w.Cols(), Trans: !o.InOut},
			C: y.F, StrideC: y.Cols(), Act: o.Act,
		}
		if len(c.In) == 3 {
			g.Bias = c.In[2].F
		}
		if len(c.Out) == 2 {
			g.Pre = c.Out[1].F
		}
		g.Run()
		return nil
	}
}

// linearPacked is linearForward for a weight that may be packed.
func linearPacked(o LinearOptions) func(*Call[float32]) error {
	plain := linearForward[float32](o)
	return func(c *Call[float32]) error {
		w := c.In[1].W
		if w == nil {
			return plain(c)
		}
		g := kernel.PackedGemm{M: c.In[0].Rows(), A: c.In[0].F, W: w, C: c.Out[0].F, Act: o.Act}
		if len(c.In) == 3 {
			g.Bias = c.In[2].F
		}
		if len(c.Out) == 2 {
			g.Pre = c.Out[1].F
		}
		g.Run()
		return nil
	}
}

// linearGrad undoes the activation and then computes dx, dW and db in one operation.
func linearGrad(d Derivation, o LinearOptions, keepPre bool) ([]*G.Node, error) {
	dy := d.D
	if o.Act != kernel.Identity {
		kept := 0
		if keepPre {
			kept = 1
		}
		pre, err := d.Out(kept)
		if err != nil {
			return nil, err
		}
		if dy, err = d.result(activationGrad(o.Act), pre, dy); err != nil {
			return nil, err
		}
	}
	def := Def{
		Name:  "LinearBackward",
		Attrs: []any{o.InOut},
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			grads := []tensor.Shape{in[0].Clone(), in[1].Clone()}
			if len(d.In) == 3 {
				grads = append(grads, d.In[2].Shape())
			}
			return grads, nil
		},
		Forward: Kernel{linearBackwardPacked(o.InOut), linearBackward[float64](o.InOut)},
		Packed:  []int{1}, PackedTrans: o.InOut,
		Adds: []int{0, 1},
		FLOPs: func(in, out []tensor.Shape) int {
			one := 2 * size(in[2]) * in[0][len(in[0])-1]
			n := 0
			for _, s := range out[:2] {
				if s != nil {
					n += one
				}
			}
			return n
		},
	}
	return d.Results(def, d.In[0], d.In[1], dy)
}

func linearBackward[T kernel.Float](inOut bool) func(*Call[T]) error {
	return func(c *Call[T]) error {
		x, w, dy := c.In[0], c.In[1], c.In[2]
		rows, in, out := x.Rows(), x.Cols(), dy.Cols()
		if dx := c.Out[0].F; dx != nil {
			kernel.Gemm[T]{
				M: rows, N: in, K: out,
				A: kernel.Matrix[T]{Data: dy.F, Stride: out},
				B: kernel.Matrix[T]{Data: w.F, Stride: w.Cols(), Trans: inOut},
				C: dx, StrideC: in, Accumulate: c.Out[0].Adds(),
			}.Run()
		}
		if dw := c.Out[1].F; dw != nil {
			a, b := kernel.Matrix[T]{Data: dy.F, Stride: out, Trans: true}, kernel.Matrix[T]{Data: x.F, Stride: in}
			m, n := out, in
			if inOut {
				a, b = kernel.Matrix[T]{Data: x.F, Stride: in, Trans: true}, kernel.Matrix[T]{Data: dy.F, Stride: out}
				m, n = in, out
			}
			kernel.Gemm[T]{M: m, N: n, K: rows, A: a, B: b, C: dw, StrideC: n, Accumulate: c.Out[1].Adds()}.Run()
		}
		if len(c.Out) == 3 && c.Out[2].F != nil {
			kernel.ColumnSums(c.Out[2].F, dy.F, out)
		}
		return nil
	}
}

// linearBackwardPacked is linearBackward for a weight that may be packed, which has no gradient.
func linearBackwardPacked(inOut bool) func(*Call[float32]) error {
	plain := linearBackward[float32](inOut)
	return func(c *Call[float32]) error {
		w, dy := c.In[1].W, c.In[2]
		if w == nil {
			return plain(c)
		}
		if dx := c.Out[0].F; dx != nil {
			kernel.PackedBack{M: dy.Rows(), A: dy.F, W: w, C: dx, Accumulate: c.Out[0].Adds()}.Run()
		}
		if len(c.Out) == 3 && c.Out[2].F != nil {
			kernel.ColumnSums(c.Out[2].F, dy.F, dy.Cols())
		}
		return nil
	}
}
