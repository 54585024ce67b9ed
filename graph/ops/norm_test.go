package ops_test

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

func normCases() []opCase {
	var cases []opCase
	for _, shape := range [][]int{{1, 1, 3}, {2, 3, 5}, {1, 7}, {4}, {33, 2}} {
		c := shape[len(shape)-1]
		for extra, weights := range [][]operand{nil, {normal(c)}, {normal(c), normal(c)}} {
			operands := append([]operand{normal(shape...)}, weights...)
			cases = append(cases, opCase{
				name:     fmt.Sprintf("LayerNorm/%v,%d weights", shape, extra),
				operands: operands,
				apply: func(x []*G.Node) (*G.Node, error) {
					x = append(x, nil, nil)
					return ops.LayerNorm(x[0], x[1], x[2], 1e-5)
				},
				want: func(x []array) array { return normalized(x, false, 1e-5) },
			})
			if extra < 2 {
				cases = append(cases, opCase{
					name:     fmt.Sprintf("RMSNorm/%v,%d weights", shape, extra),
					operands: operands,
					apply:    func(x []*G.Node) (*G.Node, error) { return ops.RMSNorm(x[0], append(x, nil)[1], 1e-6) },
					want:     func(x []array) array { return normalized(x, true, 1e-6) },
				})
			}
		}
	}
	return append(cases, opCase{ // one channel: the result is the bias, the gradient of x is zero
		name:     "LayerNorm/[3 1]",
		operands: []operand{normal(3, 1), normal(1), normal(1)},
		apply:    func(x []*G.Node) (*G.Node, error) { return ops.LayerNorm(x[0], x[1], x[2], 1e-5) },
		want:     func(x []array) array { return normalized(x, false, 1e-5) },
	})
}

func normalized(x []array, rms bool, eps float64) array {
	y := zeros(x[0].shape...)
	c := float64(x[0].cols())
	for r, row := range x[0].rows() {
		mean, square := 0.0, 0.0
		for _, v := range row {
			mean += v / c
		}
		if rms {
			mean = 0
		}
		for _, v := range row {
			square += (v - mean) * (v - mean) / c
		}
		for j, v := range row {
			n := (v - mean) / math.Sqrt(square+eps)
			if len(x) > 1 {
				n *= x[1].f[j]
			}
			if len(x) > 2 {
				n += x[2].f[j]
			}
			y.f[r*len(row)+j] = n
		}
	}
	return y
}
