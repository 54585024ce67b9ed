package graph_test

import (
	"fmt"
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// TestSumDigits: Gorgonia's sums of many numbers keep their digits in float32, also where its broadcasts sum gradients. Adding one
// number after the other would be off by 3e-4 here.
func TestSumDigits(t *testing.T) {
	const tol = 2e-7 // the roundings of the result and of the division
	plus := func(sum, v float64) float64 { return sum + v }
	for _, offset := range []float32{1, 1e4, -1e4} {
		for _, c := range []struct{ shape, along []int }{
			{[]int{1 << 16}, nil}, {[]int{1 << 12, 16}, nil}, {[]int{1 << 12, 16}, []int{0}}, {[]int{16, 1 << 12}, []int{1}},
			{[]int{1 << 9, 4, 1 << 5}, []int{0, 2}}, {[]int{1 << 9, 1 << 5, 4}, []int{0, 1}},
		} {
			t.Run(fmt.Sprint(offset, c), func(t *testing.T) {
				params := graph.NewParams(tensor.Float32, 1)
				p := buildOver(t, params, graph.Train, func(s *graph.Scope) {
					x := s.Param("x", graph.Uniform(0.5), c.shape...)
					s.Output("sum", s.Try(G.Sum(x, c.along...)))
					s.Output("mean", s.Try(G.Mean(x, c.along...)))
					bias := s.Param("bias", graph.Ones(), 1)
					all := s.Try(G.BroadcastHadamardProd(s.Try(G.Reshape(x, tensor.Shape{x.Shape().TotalSize()})), bias, nil, []byte{0}))
					s.Minimize(s.Try(G.Sum(all)))
				})
				x := params.Value("x").Float32s()
				for i := range x {
					x[i] += offset
				}
				check(t, p.Run(nil))
				operand := []nd{{c.shape, doubles(t, params.Value("x"))}}
				for name, want := range map[string][]float64{
					"sum":  reduce(c.along, 0, plus, func(sum float64, _ int) float64 { return sum })(operand).f,
					"mean": reduce(c.along, 0, plus, func(sum float64, n int) float64 { return sum / float64(n) })(operand).f,
				} {
					compareDigits(t, name, doubles(t, p.Output(name)), want, tol)
				}
				total := reduce(nil, 0, plus, func(sum float64, _ int) float64 { return sum })(operand).f
				g, err := p.Weights()[1].Grad()
				check(t, err)
				compareDigits(t, "gradient of a broadcast", doubles(t, g.(*tensor.Dense)), total, tol)
			})
		}
	}
}

func compareDigits(t *testing.T, name string, got, want []float64, tol float64) {
	t.Helper()
	for i, w := range want {
		if !(math.Abs(got[i]-w) <= tol*math.Abs(w)) {
			t.Fatalf("%s: element %d: got %v, want %v", name, i, got[i], w)
		}
	}
}
