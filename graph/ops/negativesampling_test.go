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

func negativeSamplingCases() []opCase {
	var cases []opCase
	for _, c := range []struct {
		shape []int
		ids   []int32
	}{
		{[]int{1}, []int32{7}},
		{[]int{5}, []int32{0, 1, 2, 0, 9}},
		{[]int{2, 3}, []int32{0, 4, 4, 1, 0, 1}},
		{[]int{3}, []int32{0, 0, 0}}, // no place counts: the loss and the gradients are zero
	} {
		cases = append(cases, opCase{
			name:     fmt.Sprintf("NegativeSampling/%v%v", c.shape, c.ids),
			operands: []operand{normal(c.shape...), normal(c.shape...), ids(c.ids, c.shape...)},
			apply:    func(x []*G.Node) (*G.Node, error) { return ops.NegativeSampling(x[0], x[1], x[2]) },
			want: func(x []array) array {
				y, n := zeros(), 0.0
				for i, id := range x[2].i {
					if id != 0 {
						y.f[0] -= math.Log(1/(1+math.Exp(-x[0].f[i]))) + math.Log(1-1/(1+math.Exp(-x[1].f[i])))
						n++
					}
				}
				y.f[0] /= max(n, 1)
				return y
			},
		})
	}
	return cases
}

// TestNegativeSamplingOfLargeScores: the loss of scores that are far from 0 is finite, and so are its gradients.
func TestNegativeSamplingOfLargeScores(t *testing.T) {
	p, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) {
		positive, negative := s.Param("p", graph.Constant(-1e4), 2), s.Param("n", graph.Constant(1e4), 2)
		s.Minimize(s.Try(ops.NegativeSampling(positive, negative, s.Constant(graphtest.Ints([]int32{1, 2}, 2)))))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(nil); err != nil {
		t.Fatal(err)
	}
	if p.Loss() != 2e4 {
		t.Errorf("got a loss of %g, want 20000", p.Loss())
	}
	for _, w := range p.Weights() {
		v, err := w.Grad()
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]float32{"p": -0.5, "n": 0.5}[w.Name()]
		for _, g := range v.Data().([]float32) {
			if g != want {
				t.Errorf("%s: got a gradient of %g, want %g", w.Name(), g, want)
			}
		}
	}
}
