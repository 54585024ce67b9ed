package ops_test

import (
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// snake is y = x + sin²(a·x)/a with a learned a for each channel (Ziyin, Hartwig and Ueda 2020, arXiv 2006.08195). It is defined as
// a user would define it, and keeps sin(a·x) for the gradient.
func snake(x, a *G.Node) (*G.Node, error) {
	return ops.New(ops.Def{
		Name:     "Snake",
		Shapes:   func(in []tensor.Shape) ([]tensor.Shape, error) { return []tensor.Shape{in[0], in[0]}, nil },
		Forward:  ops.Kernel{F32: snakeForward[float32], F64: snakeForward[float64]},
		Backward: ops.Kernel{F32: snakeBackward[float32], F64: snakeBackward[float64]},
		Unread:   []int{2},
	}, x, a)
}

func snakeForward[T kernel.Float](c *ops.Call[T]) error {
	x, a := c.In[0], c.In[1].F
	for i, v := range x.F {
		k := a[i%len(a)]
		sin := T(math.Sin(float64(k * v)))
		c.Out[0].F[i] = v + sin*sin/k
		if kept := c.Out[1].F; kept != nil {
			kept[i] = sin
		}
	}
	return nil
}

// snakeBackward reads x, a, [y], sin, dy.
func snakeBackward[T kernel.Float](c *ops.Call[T]) error {
	x, a, sin, dy := c.In[0].F, c.In[1].F, c.In[3].F, c.In[4].F
	dx, da := c.Out[0].F, c.Out[1].F
	if da != nil {
		clear(da)
	}
	for i, d := range dy {
		k := a[i%len(a)]
		double := 2 * sin[i] * T(math.Cos(float64(k*x[i]))) // sin(2·a·x)
		if dx != nil {
			dx[i] = d * (1 + double)
		}
		if da != nil {
			da[i%len(a)] += d * (double*x[i]/k - sin[i]*sin[i]/(k*k))
		}
	}
	return nil
}

// scaledRows multiplies row i by factor ids[i]. It uses Def.Grad and an operand without a gradient.
func scaledRows(x, table, id *G.Node) (*G.Node, error) {
	return ops.New(ops.Def{
		Name:     "ScaledRows",
		Shapes:   func(in []tensor.Shape) ([]tensor.Shape, error) { return []tensor.Shape{in[0]}, nil },
		Forward:  ops.Kernel{F32: scaledRowsForward[float32], F64: scaledRowsForward[float64]},
		Constant: []int{1},
		InPlace:  []int{0},
		Grad: func(d ops.Derivation) ([]*G.Node, error) {
			dx, err := scaledRows(d.D, d.In[1], d.In[2])
			return []*G.Node{dx, nil, nil}, err
		},
	}, x, table, id)
}

func scaledRowsForward[T kernel.Float](c *ops.Call[T]) error {
	x, cols := c.In[0].F, c.In[0].Cols()
	for i, v := range x {
		c.Out[0].F[i] = v * c.In[1].F[c.In[2].I[i/cols]]
	}
	return nil
}

func customCases() []opCase {
	var cases []opCase
	for _, shape := range [][]int{{1}, {2, 3, 5}} {
		cases = append(cases, opCase{
			name:     "Snake",
			operands: []operand{normal(shape...), near1(shape[len(shape)-1])},
			apply:    func(x []*G.Node) (*G.Node, error) { return snake(x[0], x[1]) },
			want: func(x []array) array {
				return broadcast(x[0], x[1], func(v, a float64) float64 { return v + math.Pow(math.Sin(a*v), 2)/a })
			},
		})
	}
	return append(cases, opCase{
		name:     "ScaledRows",
		operands: []operand{normal(3, 2), fixed([]float64{2, -3}, 2), ids([]int32{1, 0, 1}, 3)},
		apply:    func(x []*G.Node) (*G.Node, error) { return scaledRows(x[0], x[1], x[2]) },
		want: func(x []array) array {
			y := array{shape: x[0].shape, f: slices.Clone(x[0].f)}
			for i := range y.f {
				y.f[i] *= x[1].f[x[2].i[i/2]]
			}
			return y
		},
	})
}
