package ops_test

import (
	"fmt"
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// ropeCases returns rows of heads of 6 channels: whole and partial heads, both kinds of pairs, with and without positions.
func ropeCases() []opCase {
	var list []opCase
	for kind := range 8 {
		interleaved, partial, packed := kind&1 > 0, kind&2 > 0, kind&4 > 0
		o := ops.RoPEOptions{HeadDim: 6, Frequencies: []float64{1, 0.3, 0.01}, Interleaved: interleaved}
		if partial {
			o.Frequencies, o.Factor = o.Frequencies[:2], 1.3
		}
		shape, positions := []int{2, 3, 12}, []int32(nil)
		if packed {
			o.Heads, shape, positions = 3, []int{2, 3, 24}, []int32{5, 6, 7, 0, 0, 100}
		}
		list = append(list, ropeCase(o, shape, positions))
	}
	one := ops.RoPEOptions{HeadDim: 2, Frequencies: []float64{1}}
	return append(list, ropeCase(one, []int{1, 1, 2}, nil), ropeCase(one, []int{1, 1, 2}, []int32{3}))
}

func ropeCase(o ops.RoPEOptions, shape []int, positions []int32) opCase {
	c := opCase{
		name: fmt.Sprintf("RoPE/%v,%v,%v", o, shape, positions), operands: []operand{normal(shape...)},
		apply: func(x []*G.Node) (*G.Node, error) { return ops.RoPE(x[0], append(x, nil)[1], o) },
		want:  func(x []array) array { return ropeReference(o, x[0], positions) },
	}
	if positions != nil {
		c.operands = append(c.operands, ids(positions, shape[:2]...))
	}
	return c
}

func ropeReference(o ops.RoPEOptions, x array, positions []int32) array {
	y, heads, n := mapped(x, func(v float64) float64 { return v }), o.Heads, len(o.Frequencies)
	if heads == 0 {
		heads = x.shape[2] / o.HeadDim
	}
	factor := o.Factor
	if factor == 0 {
		factor = 1
	}
	each([]int{x.shape[0], x.shape[1], heads, n}, func(at []int) {
		b, t, from, i := at[0], at[1], at[2]*o.HeadDim, at[3]
		first, second := from+i, from+n+i
		if o.Interleaved {
			first, second = from+2*i, from+2*i+1
		}
		p := float64(t)
		if positions != nil {
			p = float64(positions[b*x.shape[1]+t])
		}
		sin, cos := math.Sincos(p * o.Frequencies[i])
		v, w := x.get(b, t, first), x.get(b, t, second)
		y.f[y.at([]int{b, t, first})] = factor * (v*cos - w*sin)
		y.f[y.at([]int{b, t, second})] = factor * (w*cos + v*sin)
	})
	return y
}

// TestRoPEInPlace: a projection that nothing else reads is rotated in its own memory, forward and backward.
func TestRoPEInPlace(t *testing.T) {
	const size = 2 * 64 * 3 * 32 * 4 // bytes of the projection
	memory := func(rotate bool) int {
		p, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) {
			x := s.Input("x", tensor.Float32, 2, 64, 8)
			qkv := s.Try(ops.Linear(x, s.Param("w", graph.Normal(1), 3*32, 8), nil, ops.LinearOptions{}))
			if rotate {
				qkv = s.Try(ops.RoPE(qkv, nil, ops.RoPEOptions{HeadDim: 8, Heads: 8, Frequencies: []float64{1, 0.5}}))
			}
			s.Minimize(graphtest.Loss(s, s.Try(ops.Attention(ops.Operands{Q: qkv}, ops.AttentionOptions{Heads: 4}))))
		})
		check(t, err)
		return p.Memory().Arena
	}
	if with, without := memory(true), memory(false); with-without >= size {
		t.Errorf("got an arena of %d bytes, %d without RoPE: want no copy of the projection of %d", with, without, size)
	}
}
