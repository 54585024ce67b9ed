package ops

import (
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Activate is y = act(x), element by element. kernel.Activation has the formulas.
func Activate(x *G.Node, act kernel.Activation) (*G.Node, error) {
	d := Def{
		Name:    act.String(),
		Shapes:  activationShapes(act),
		Forward: Kernel{activate[float32](act), activate[float64](act)},
		InPlace: []int{0},
		FLOPs:   func(_, out []tensor.Shape) int { return size(out[0]) },
	}
	d.Grad = func(d Derivation) ([]*G.Node, error) {
		kept, err := d.In[0], error(nil)
		if act == kernel.ReLU { // its gradient needs only its result, so x need not be kept
			if kept, err = d.Out(0); err != nil {
				return nil, err
			}
		}
		dx, err := d.result(activationGrad(act), kept, d.D)
		return []*G.Node{dx}, err
	}
	return New(d, x)
}

func activationShapes(act kernel.Activation) func(in []tensor.Shape) ([]tensor.Shape, error) {
	return func(in []tensor.Shape) ([]tensor.Shape, error) {
		if act > kernel.Sigmoid {
			return nil, errors.Errorf("unknown %v", act)
		}
		return sameShape(in)
	}
}

func activate[T kernel.Float](act kernel.Activation) func(*Call[T]) error {
	return func(c *Call[T]) error {
		kernel.Activate(act, c.Out[0].F, c.In[0].F)
		return nil
	}
}

// activationGrad: (x, dy) → dx.
func activationGrad(act kernel.Activation) Def {
	return Def{
		Name:    act.String() + "Backward",
		Shapes:  sameShape,
		Forward: Kernel{activateBackward[float32](act), activateBackward[float64](act)},
		InPlace: []int{1, 0},
		FLOPs:   func(_, out []tensor.Shape) int { return 2 * size(out[0]) },
	}
}

func activateBackward[T kernel.Float](act kernel.Activation) func(*Call[T]) error {
	return func(c *Call[T]) error {
		kernel.ActivateGrad(act, c.Out[0].F, c.In[0].F, c.In[1].F)
		return nil
	}
}

// ReLU is max(x, 0).
func ReLU(x *G.Node) (*G.Node, error) { return Activate(x, kernel.ReLU) }

// GELU is x·Φ(x) with Φ the normal distribution function (Hendrycks and Gimpel 2016, arXiv 1606.08415).
func GELU(x *G.Node) (*G.Node, error) { return Activate(x, kernel.GELU) }

// GELUTanh is GELU's approximation ½x(1 + tanh(√(2/π)(x + 0.044715x³))), which GPT-2 uses.
func GELUTanh(x *G.Node) (*G.Node, error) { return Activate(x, kernel.GELUTanh) }

// SiLU is x·σ(x), also called swish.
func SiLU(x *G.Node) (*G.Node, error) { return Activate(x, kernel.SiLU) }

// SwiGLU is SiLU(gate) · up (Shazeer 2020, arXiv 2002.05202). Both have the same shape.
func SwiGLU(gate, up *G.Node) (*G.Node, error) {
	return New(Def{
		Name: "SwiGLU",
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			if !slices.Equal(in[0], in[1]) {
				return nil, errors.Errorf("gate %v and up %v differ in shape", in[0], in[1])
			}
			return sameShape(in)
		},
		Forward:  Kernel{swiGLU[float32], swiGLU[float64]},
		Backward: Kernel{swiGLUBackward[float32], swiGLUBackward[float64]},
		Unread:   []int{2},
		InPlace:  []int{0, 1},
		FLOPs:    func(_, out []tensor.Shape) int { return 2 * size(out[0]) },
	}, gate, up)
}

func swiGLU[T kernel.Float](c *Call[T]) error {
	kernel.SwiGLU(c.Out[0].F, c.In[0].F, c.In[1].F)
	return nil
}

func swiGLUBackward[T kernel.Float](c *Call[T]) error {
	kernel.SwiGLUGrad(c.Out[0].F, c.Out[1].F, c.In[0].F, c.In[1].F, c.In[3].F)
	return nil
}
