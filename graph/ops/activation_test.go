package ops_test

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

var activations = map[kernel.Activation]func(float64) float64{
	kernel.Identity: func(x float64) float64 { return x },
	kernel.ReLU:     func(x float64) float64 { return max(x, 0) },
	kernel.GELU:     func(x float64) float64 { return x * 0.5 * (1 + math.Erf(x/math.Sqrt2)) },
	kernel.GELUTanh: func(x float64) float64 {
		return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	},
	kernel.SiLU:    func(x float64) float64 { return x / (1 + math.Exp(-x)) },
	kernel.Tanh:    math.Tanh,
	kernel.Sigmoid: func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
}

func activationCases() []opCase {
	var cases []opCase
	add := func(name string, act kernel.Activation, apply func(*G.Node) (*G.Node, error), shape ...int) {
		cases = append(cases, opCase{
			name:     fmt.Sprintf("%s/%v", name, shape),
			operands: []operand{normal(shape...)},
			apply:    func(x []*G.Node) (*G.Node, error) { return apply(x[0]) },
			want:     func(x []array) array { return mapped(x[0], activations[act]) },
		})
	}
	for act := kernel.Identity; act <= kernel.Sigmoid; act++ {
		apply := func(x *G.Node) (*G.Node, error) { return ops.Activate(x, act) }
		add("Activate/"+act.String(), act, apply, 1)
		add("Activate/"+act.String(), act, apply, 3, 1, 7)
	}
	add("ReLU", kernel.ReLU, ops.ReLU, 5)
	add("GELU", kernel.GELU, ops.GELU, 5)
	add("GELUTanh", kernel.GELUTanh, ops.GELUTanh, 5)
	add("SiLU", kernel.SiLU, ops.SiLU, 5)
	return append(cases, swiGLUCases()...)
}

func swiGLUCases() []opCase {
	var cases []opCase
	for _, shape := range [][]int{{1}, {2, 3, 5}} {
		cases = append(cases, opCase{
			name:     fmt.Sprintf("SwiGLU/%v", shape),
			operands: []operand{normal(shape...), normal(shape...)},
			apply:    func(x []*G.Node) (*G.Node, error) { return ops.SwiGLU(x[0], x[1]) },
			want: func(x []array) array {
				return broadcast(x[0], x[1], func(gate, up float64) float64 { return activations[kernel.SiLU](gate) * up })
			},
		})
	}
	return append(cases, opCase{
		name:     "SwiGLU/itself",
		operands: []operand{normal(3, 2)},
		apply:    func(x []*G.Node) (*G.Node, error) { return ops.SwiGLU(x[0], x[0]) },
		want: func(x []array) array {
			return mapped(x[0], func(v float64) float64 { return activations[kernel.SiLU](v) * v })
		},
	})
}

func dropoutCases() []opCase {
	var cases []opCase
	for _, p := range []float64{0, 0.25, 0.9, 1} {
		for _, shape := range [][]int{{1}, {3, 1, 7}} {
			cases = append(cases, opCase{
				name:     fmt.Sprintf("Dropout/p=%g,%v", p, shape),
				operands: []operand{normal(shape...), ids([]int32{5, -3}, 2)},
				apply:    func(x []*G.Node) (*G.Node, error) { return ops.Dropout(x[0], x[1], p, 77) },
				want: func(x []array) array {
					y := zeros(x[0].shape...)
					for i, v := range x[0].f {
						y.f[i] = v * keep(p, 77, x[1].i, uint64(i))
					}
					return y
				},
			})
		}
	}
	return cases
}

// keep returns the factor of the n-th element under dropout.
func keep(p float64, key uint64, stream []int32, n uint64) float64 {
	s := kernel.Seed{Key: key, Stream: uint64(uint32(stream[0])) | uint64(uint32(stream[1]))<<32}
	if float64(s.Uint32(n)) < p*(1<<32) {
		return 0
	}
	return 1 / (1 - p)
}
