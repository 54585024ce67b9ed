package ops_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// poolings are the operations with their plain references for one sequence of rows.
var poolings = []struct {
	name  string
	apply func(x, lengths *G.Node) (*G.Node, error)
	want  func(rows [][]float64, channel int) float64
}{
	{"MeanPool", ops.MeanPool, func(rows [][]float64, c int) (sum float64) {
		for _, row := range rows {
			sum += row[c] / float64(len(rows))
		}
		return sum
	}},
	{"LastPool", ops.LastPool, func(rows [][]float64, c int) float64 {
		if len(rows) == 0 {
			return 0
		}
		return rows[len(rows)-1][c]
	}},
}

// poolingCases sweep every length 0 … T of small sequences, odd sizes, and sizes that the kernels cut into chunks.
func poolingCases() []opCase {
	var cases []opCase
	for _, z := range []struct{ b, t, c int }{{1, 1, 1}, {1, 1, 5}, {6, 5, 3}, {8, 7, 1}, {3, 9, 17}, {40, 33, 7}} {
		n := make([]int32, z.b)
		for i := range n {
			n[i] = int32((i + z.t) % (z.t + 1)) // T, 0, 1, 2, …
		}
		cases = append(cases, poolingCase(z.b, z.t, z.c, n)...)
		cases = append(cases, poolingCase(z.b, z.t, z.c, nil)...)
	}
	return cases
}

func poolingCase(b, t, c int, n []int32) (cases []opCase) {
	for _, p := range poolings {
		operands := []operand{normal(b, t, c)}
		if n != nil {
			operands = append(operands, ids(n, b))
		}
		cases = append(cases, opCase{
			name:     fmt.Sprintf("%s/B%dT%dC%d/lengths %v", p.name, b, t, c, n != nil),
			operands: operands,
			apply: func(x []*G.Node) (*G.Node, error) {
				if n == nil {
					return p.apply(x[0], nil)
				}
				return p.apply(x[0], x[1])
			},
			want: func(x []array) array {
				rows := x[0].rows()
				return build([]int{b, c}, func(i []int) float64 {
					count := t
					if n != nil {
						count = int(n[i[0]])
					}
					return p.want(rows[i[0]*t:i[0]*t+count], i[1])
				})
			},
		})
	}
	return cases
}

// TestPoolingIgnoresPadding: whatever the padding holds, even NaN, results have the same bits and padding has a gradient of zero.
func TestPoolingIgnoresPadding(t *testing.T) {
	const b, width, c = 4, 5, 3
	n := []int32{5, 1, 3, 2}
	for _, p := range poolings {
		var results []*tensor.Dense
		for _, padding := range []float32{0, 1e30, float32(math.NaN())} {
			params := graph.NewParams(tensor.Float32, 1)
			program, err := graph.Build(params, graph.Train, func(s *graph.Scope) {
				x := s.Param("x", graph.Normal(1), b, width, c)
				y := s.Try(p.apply(x, s.Constant(graphtest.Ints(n, b))))
				s.Output("y", y)
				s.Minimize(graphtest.Loss(s, y))
			})
			if err != nil {
				t.Fatal(err)
			}
			x := params.Value("x").Float32s()
			for i := range x {
				if i/c%width >= int(n[i/c/width]) {
					x[i] = padding
				}
			}
			if err := program.Run(nil); err != nil {
				t.Fatal(err)
			}
			results = append(results, program.Output("y").Clone().(*tensor.Dense))
			grad, _ := program.Weights()[0].Grad()
			for i, g := range grad.(*tensor.Dense).Float32s() {
				if i/c%width >= int(n[i/c/width]) && g != 0 {
					t.Errorf("%s: element %d of the padding has gradient %g, want 0", p.name, i, g)
				}
			}
		}
		for _, r := range results[1:] {
			if !slices.Equal(r.Float32s(), results[0].Float32s()) {
				t.Errorf("%s: got %v, want %v whatever the padding holds", p.name, r, results[0])
			}
		}
	}
}

func TestPoolingErrors(t *testing.T) {
	for _, p := range poolings {
		for _, c := range []struct {
			x       []int
			lengths *tensor.Dense
			words   []string
		}{
			{[]int{2, 3}, graphtest.Ints([]int32{1, 1}, 2), []string{p.name, "(2, 3)", "want (B, T, C)"}},
			{[]int{2, 3, 4}, graphtest.Ints([]int32{1, 1, 1}, 3), []string{p.name, "(3)", "(2, 3, 4)", "int32 (2)"}},
			{[]int{2, 3, 4}, graphtest.Ints([]int32{1, 1}, 2, 1), []string{p.name, "(2, 1)", "int32 (2)"}},
			{[]int{2, 3, 4}, graphtest.Dense(tensor.Float32, []float64{1, 1}, 2), []string{p.name, "float32", "int32 (2)"}},
			{[]int{2, 3, 4}, graphtest.Ints([]int32{3, 4}, 2), []string{p.name, "length 4 of sequence 1", "0 … 3"}},
			{[]int{2, 3, 4}, graphtest.Ints([]int32{-1, 3}, 2), []string{p.name, "length -1 of sequence 0", "0 … 3"}},
		} {
			program, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Eval, func(s *graph.Scope) {
				s.Output("y", s.Try(p.apply(s.Param("x", graph.Normal(1), c.x...), s.Constant(c.lengths))))
			})
			if err == nil {
				err = program.Run(nil)
			}
			for _, w := range c.words {
				if err == nil || !strings.Contains(err.Error(), w) {
					t.Errorf("%v with lengths %v: got error %v, want one with %q", c.x, c.lengths.Shape(), err, w)
				}
			}
		}
	}
}
