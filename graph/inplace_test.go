package graph_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// A hazard is a graph that goes wrong if memory is reused too early. keep declares a value.
var hazards = map[string]func(s *graph.Scope, x *G.Node, keep func(*G.Node) *G.Node) *G.Node{
	"residual": func(s *graph.Scope, x *G.Node, keep func(*G.Node) *G.Node) *G.Node {
		y := keep(s.Try(ops.Scale(x, 2)))
		z := keep(s.Try(ops.ReLU(y)))
		z = keep(s.Try(ops.Softmax(z)))
		return keep(s.Add(y, z)) // y is used later
	},
	"itself": func(s *graph.Scope, x *G.Node, keep func(*G.Node) *G.Node) *G.Node {
		y := keep(s.Try(ops.Scale(x, 2)))
		y = keep(s.Add(y, y))
		return keep(s.Try(ops.Mul(y, y)))
	},
	"a view is read later": func(s *graph.Scope, x *G.Node, keep func(*G.Node) *G.Node) *G.Node {
		y := keep(s.Try(ops.Scale(x, 2)))
		v := keep(s.Try(ops.Reshape(y, 16)))
		z := keep(s.Try(ops.GELU(y))) // must not overwrite v
		return keep(s.Add(s.Try(ops.Reshape(z, 16)), v))
	},
	"a part is read later": func(s *graph.Scope, x *G.Node, keep func(*G.Node) *G.Node) *G.Node {
		y := keep(s.Try(ops.Scale(x, 2)))
		row := keep(s.Try(ops.Slice(y, 0, 2, 3)))
		y = keep(s.Try(ops.SiLU(y)))
		return keep(s.Try(ops.Mul(y, row)))
	},
	"a whole and its part": func(s *graph.Scope, x *G.Node, keep func(*G.Node) *G.Node) *G.Node {
		y := keep(s.Try(ops.Scale(x, 2)))
		return keep(s.Try(ops.Sub(y, s.Try(ops.Slice(y, 0, 0, 1))))) // row 0 must not change before row 1 has read it
	},
	"another order": func(s *graph.Scope, x *G.Node, keep func(*G.Node) *G.Node) *G.Node {
		y := keep(s.Try(ops.Scale(x, 2)))
		a := s.Try(ops.Reshape(y, 2, 2, 4))
		return keep(s.Try(ops.Mul(a, s.Try(ops.Transpose(a, 1, 0, 2)))))
	},
	"of gorgonia": func(s *graph.Scope, x *G.Node, keep func(*G.Node) *G.Node) *G.Node {
		y := keep(s.Try(G.Tanh(x)))
		z := keep(s.Try(G.Add(s.Try(G.Reshape(y, tensor.Shape{16})), s.Try(ops.Reshape(y, 16)))))
		return keep(s.Add(z, s.Try(G.Reshape(y, tensor.Shape{16}))))
	},
	"of a user": func(s *graph.Scope, x *G.Node, keep func(*G.Node) *G.Node) *G.Node {
		y := keep(s.Try(ops.Scale(x, 2)))
		return keep(s.Try(timesFirst(y, y)))
	},
}

// timesFirst is x times the first element of y, computed in place of x. With y in the same memory it would read its own result.
func timesFirst(x, y *G.Node) (*G.Node, error) {
	return ops.New(ops.Def{
		Name:    "TimesFirst",
		Shapes:  func(in []tensor.Shape) ([]tensor.Shape, error) { return in[:1], nil },
		InPlace: []int{0},
		Forward: ops.Kernel{F32: func(c *ops.Call[float32]) error {
			for i, v := range c.In[0].F {
				c.Out[0].F[i] = v * c.In[1].F[0]
			}
			return nil
		}},
		Grad: func(d ops.Derivation) ([]*G.Node, error) { // not the derivative: any gradient will do here
			return []*G.Node{d.D, d.D}, nil
		},
	}, x, y)
}

// TestInPlace compares each graph with a copy in which every value is an output, so that no memory can be reused.
func TestInPlace(t *testing.T) {
	for name, h := range hazards {
		t.Run(name, func(t *testing.T) {
			checkReuse(t, func(s *graph.Scope, keep func(*G.Node) *G.Node) *G.Node {
				return h(s, s.Param("x", graph.Normal(1), 4, 4), keep)
			})
		})
	}
}

// checkReuse requires the same bits with and without reuse of a parameter, of an input and in repeated runs.
func checkReuse(t *testing.T, declare func(*graph.Scope, func(*G.Node) *G.Node) *G.Node) {
	t.Helper()
	params := graph.NewParams(tensor.Float32, 1)
	run := func(all bool) (r [][]float32, m graph.Memory) {
		p := buildOver(t, params, graph.Train, func(s *graph.Scope) {
			n := 0
			y := declare(s, func(x *G.Node) *G.Node {
				if n++; all {
					s.Output(fmt.Sprint(n), x)
				}
				return x
			})
			s.Output("y", y)
			s.Minimize(graphtest.Loss(s, y))
		})
		check(t, p.Run(nil))
		r = results(t, p, "y")
		check(t, p.Run(nil))
		if !sameBits(results(t, p, "y"), r) {
			t.Error("the second run gives other bits")
		}
		return r, p.Memory()
	}
	got, less := run(false)
	want, more := run(true)
	if !sameBits(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if less.Live > more.Live {
		t.Errorf("reuse takes %d bytes, more than the %d without", less.Live, more.Live)
	}
}

// randomGraph declares steps that combine earlier values, so that a value is read once, several times or never.
func randomGraph(r *rand.Rand, s *graph.Scope, keep func(*G.Node) *G.Node) *G.Node {
	values := []*G.Node{s.Param("a", graph.Normal(1), 4, 4), s.Param("b", graph.Normal(1), 4, 4), s.Param("c", graph.Normal(1), 4)}
	pick := func() *G.Node { return values[r.IntN(2)+max(0, r.IntN(len(values))-2)] }
	y := s.Add(s.Add(values[0], values[1]), values[2])
	for range 4 + r.IntN(12) {
		x := pick()
		if slices.Equal(x.Shape(), []int{4}) {
			x = s.Add(x, y)
		}
		y = keep(combine(r, s, x, y))
		values = append(values, y)
	}
	return s.Add(s.Add(values[0], values[1]), s.Add(y, values[2])) // every parameter affects the loss
}

// combine applies one of several operations, most of which can run in place, to matrices (4, 4).
func combine(r *rand.Rand, s *graph.Scope, x, y *G.Node) *G.Node {
	switch r.IntN(11) {
	case 0:
		return s.Add(x, y)
	case 1:
		return s.Try(ops.Mul(x, s.Try(ops.Activate(y, kernel.Sigmoid))))
	case 2:
		return s.Try(ops.Sub(x, s.Try(ops.Slice(y, 0, 1, 2))))
	case 3:
		return s.Try(ops.SwiGLU(y, x))
	case 4:
		return s.Try(ops.Softmax(x))
	case 5:
		return s.Try(ops.LayerNorm(y, nil, nil, 1e-5))
	case 6:
		return s.Try(ops.MatMul(x, s.Try(ops.Softmax(y)), ops.MatMulOptions{TransB: true}))
	case 7:
		return s.Try(ops.Concat(0, s.Try(ops.Slice(x, 0, 0, 2)), s.Try(ops.Slice(y, 0, 2, 4))))
	case 8:
		v := s.Try(ops.Reshape(s.Try(ops.Scale(x, 0.5)), 2, 8))
		return s.Add(s.Try(ops.Reshape(v, 4, 4)), s.Try(ops.Reshape(s.Try(ops.SiLU(v)), 4, 4)))
	case 9:
		return s.Try(ops.Transpose(s.Try(ops.GELU(x)), 1, 0))
	}
	return s.Try(ops.LogSoftmax(s.Add(y, x)))
}

// TestRandomGraphs: random graphs give the same bits with and without reuse, and some are checked for correct gradients.
func TestRandomGraphs(t *testing.T) {
	for seed := range uint64(120) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			checkReuse(t, func(s *graph.Scope, keep func(*G.Node) *G.Node) *G.Node {
				return randomGraph(rand.New(rand.NewPCG(seed, 0)), s, keep)
			})
			if seed < 40 {
				graphtest.Gradients(t, nil, func(s *graph.Scope) {
					y := randomGraph(rand.New(rand.NewPCG(seed, 0)), s, func(x *G.Node) *G.Node { return x })
					s.Minimize(graphtest.Loss(s, y))
				})
			}
		})
	}
}
