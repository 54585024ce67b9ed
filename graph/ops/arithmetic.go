package ops

import (
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Add is x + y with NumPy's broadcasting: axes are aligned from the last one, and a missing axis or an axis of 1 is repeated.
func Add(x, y *G.Node) (*G.Node, error) {
	return elementwise("Add", kernel.Add, x, y, func(d Derivation) (dx, dy *G.Node, err error) { return d.D, d.D, nil })
}

// Sub is x − y with broadcasting as in Add.
func Sub(x, y *G.Node) (*G.Node, error) {
	return elementwise("Sub", kernel.Sub, x, y, func(d Derivation) (dx, dy *G.Node, err error) {
		dy, err = Scale(d.D, -1)
		return d.D, dy, err
	})
}

// Mul is x · y, element by element, with broadcasting as in Add.
func Mul(x, y *G.Node) (*G.Node, error) {
	return elementwise("Mul", kernel.Mul, x, y, func(d Derivation) (dx, dy *G.Node, err error) {
		if dx, err = Mul(d.D, d.In[1]); err != nil {
			return nil, nil, err
		}
		dy, err = Mul(d.D, d.In[0])
		return dx, dy, err
	})
}

// Div is x / y, element by element, with broadcasting as in Add.
func Div(x, y *G.Node) (*G.Node, error) {
	return elementwise("Div", kernel.Div, x, y, func(d Derivation) (dx, dy *G.Node, err error) {
		if dx, err = Div(d.D, d.In[1]); err != nil {
			return nil, nil, err
		}
		z, err := d.Out(0)
		if err != nil {
			return nil, nil, err
		}
		if dy, err = Mul(dx, z); err != nil { // d(x/y)/dy = −(x/y)/y
			return nil, nil, err
		}
		dy, err = Scale(dy, -1)
		return dx, dy, err
	})
}

// gradients returns the gradients of a binary operation before the sums that undo broadcasting.
type gradients func(Derivation) (dx, dy *G.Node, err error)

func elementwise(name string, op kernel.BinaryOp, x, y *G.Node, grad gradients) (*G.Node, error) {
	d := Def{
		Name:    name,
		Shapes:  func(in []tensor.Shape) ([]tensor.Shape, error) { return broadcastShape(in[0], in[1]) },
		Forward: Kernel{elementwiseForward[float32](op), elementwiseForward[float64](op)},
		InPlace: []int{0, 1},
		FLOPs:   func(_, out []tensor.Shape) int { return size(out[0]) },
	}
	d.Grad = func(d Derivation) ([]*G.Node, error) {
		dx, dy, err := grad(d)
		if err != nil {
			return nil, err
		}
		if dx, err = sumTo(d, dx, d.In[0].Shape()); err != nil {
			return nil, err
		}
		dy, err = sumTo(d, dy, d.In[1].Shape())
		return []*G.Node{dx, dy}, err
	}
	return New(d, x, y)
}

func broadcastShape(x, y tensor.Shape) ([]tensor.Shape, error) {
	z := make(tensor.Shape, max(len(x), len(y)))
	if len(z) > maxAxes {
		return nil, errors.Errorf("%v and %v: more than %d axes", x, y, maxAxes)
	}
	for i := range z {
		a, b := axisFromEnd(x, len(z)-1-i), axisFromEnd(y, len(z)-1-i)
		if a != b && a != 1 && b != 1 {
			return nil, errors.Errorf("%v and %v do not broadcast: %d and %d differ and neither is 1", x, y, a, b)
		}
		z[i] = a
		if a == 1 {
			z[i] = b
		}
	}
	return []tensor.Shape{z}, nil
}

// axisFromEnd returns the size of the i-th axis from the last one, 1 if s has no such axis.
func axisFromEnd(s []int, i int) int {
	if i >= len(s) {
		return 1
	}
	return s[len(s)-1-i]
}

// broadcastStrides returns the strides that read a tensor of shape s as shape out: repeated axes have stride 0.
func broadcastStrides(s, out []int) []int {
	strides := make([]int, len(out))
	step := 1
	for i := range s {
		if d := axisFromEnd(s, i); d != 1 {
			strides[len(out)-1-i] = step
			step *= d
		}
	}
	return strides
}

func elementwiseForward[T kernel.Float](op kernel.BinaryOp) func(*Call[T]) error {
	var b *kernel.Broadcast // computed once: shapes are static
	return func(c *Call[T]) error {
		x, y, z := c.In[0], c.In[1], c.Out[0]
		if slices.Equal(x.Shape, y.Shape) {
			kernel.Binary(op, z.F, x.F, y.F)
			return nil
		}
		if b == nil {
			b = &kernel.Broadcast{Shape: z.Shape, StrideX: broadcastStrides(x.Shape, z.Shape), StrideY: broadcastStrides(y.Shape, z.Shape)}
		}
		kernel.BinaryBroadcast(op, z.F, x.F, y.F, b)
		return nil
	}
}

// sumTo sums x over the axes along which broadcasting repeated an operand of this shape.
func sumTo(d Derivation, x *G.Node, shape tensor.Shape) (*G.Node, error) {
	full := x.Shape()
	if slices.Equal(full, shape) {
		return x, nil
	}
	keep := make([]bool, len(full))
	for i := range full {
		keep[i] = full[i] == 1 || axisFromEnd(shape, len(full)-1-i) != 1
	}
	return d.result(Def{
		Name:    "SumTo",
		Attrs:   []any{shape},
		Shapes:  func([]tensor.Shape) ([]tensor.Shape, error) { return []tensor.Shape{shape.Clone()}, nil },
		Forward: Kernel{sumToForward[float32](keep), sumToForward[float64](keep)},
		FLOPs:   func(in, _ []tensor.Shape) int { return size(in[0]) },
	}, x)
}

func sumToForward[T kernel.Float](keep []bool) func(*Call[T]) error {
	return func(c *Call[T]) error {
		kernel.SumTo(c.Out[0].F, c.In[0].F, c.In[0].Shape, keep)
		return nil
	}
}

// Scale is a·x for a constant a.
func Scale(x *G.Node, a float64) (*G.Node, error) {
	return New(Def{
		Name:    "Scale",
		Attrs:   []any{a},
		Shapes:  sameShape,
		Forward: Kernel{scale[float32](a), scale[float64](a)},
		InPlace: []int{0},
		FLOPs:   func(_, out []tensor.Shape) int { return size(out[0]) },
		Grad: func(d Derivation) ([]*G.Node, error) {
			dx, err := Scale(d.D, a)
			return []*G.Node{dx}, err
		},
	}, x)
}

func scale[T kernel.Float](a float64) func(*Call[T]) error {
	return func(c *Call[T]) error {
		kernel.Scale(c.Out[0].F, c.In[0].F, T(a))
		return nil
	}
}
