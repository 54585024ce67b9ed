package ops_test

import (
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// headTargets returns rows targets below v, some of which do not count.
func headTargets(rows, v int) *tensor.Dense {
	ids := make([]int32, rows)
	for i := range ids {
		ids[i] = int32(i * 7919 % v)
		if i%5 == 3 {
			ids[i] = ops.IgnoreTarget
		}
	}
	return graphtest.Ints(ids, rows)
}

func TestLinearCrossEntropyGradients(t *testing.T) {
	for _, smoothing := range []float64{0, 0.1} {
		for _, c := range [][3]int{{1, 1, 1}, {4, 3, 5}, {7, 1, 9}, {9, 8, 2}} {
			rows, cols, v := c[0], c[1], c[2]
			graphtest.Gradients(t, graph.Feed{"targets": headTargets(rows, v)}, func(s *graph.Scope) {
				x, w := s.Param("x", graph.Normal(1), rows, cols), s.Param("w", graph.Normal(1), v, cols)
				loss := s.Try(ops.LinearCrossEntropy(x, w, s.Input("targets", tensor.Int32, rows), smoothing))
				s.Minimize(s.Try(ops.Scale(loss, 1.5)))
			})
		}
	}
}

// TestLinearCrossEntropyChunks compares a head that computes its logits in several parts with Linear followed by CrossEntropy.
func TestLinearCrossEntropyChunks(t *testing.T) {
	const rows, cols, v = 150, 3, 132000 // 64 rows at a time
	run := func(loss func(x, w, targets *G.Node) (*G.Node, error)) *graph.Program {
		p, err := graph.Build(graph.NewParams(tensor.Float64, 1), graph.Train, func(s *graph.Scope) {
			x, w := s.Param("x", graph.Normal(1), rows, cols), s.Param("w", graph.Normal(1), v, cols)
			s.Minimize(s.Try(loss(x, w, s.Input("targets", tensor.Int32, rows))))
		})
		if err != nil {
			t.Fatal(err)
		}
		p.Scale = 0.5
		if err := p.Run(graph.Feed{"targets": headTargets(rows, v)}); err != nil {
			t.Fatal(err)
		}
		return p
	}
	fused := run(func(x, w, targets *G.Node) (*G.Node, error) { return ops.LinearCrossEntropy(x, w, targets, 0.1) })
	plain := run(func(x, w, targets *G.Node) (*G.Node, error) {
		logits, err := ops.Linear(x, w, nil, ops.LinearOptions{})
		if err != nil {
			return nil, err
		}
		return ops.CrossEntropy(logits, targets, 0.1)
	})
	if d := fused.Loss() - plain.Loss(); d > 1e-12 || d < -1e-12 { // float64 sums in another order
		t.Errorf("got loss %v, want %v", fused.Loss(), plain.Loss())
	}
	for i, w := range fused.Weights() {
		got, _ := w.Grad()
		want, _ := plain.Weights()[i].Grad()
		if d := graphtest.MaxDifference(got.(*tensor.Dense), want.(*tensor.Dense)); !(d < 1e-12) {
			t.Errorf("gradient of %s differs by %g", w.Name(), d)
		}
	}
	if f, p := fused.Memory().Arena, plain.Memory().Arena; f > p/2 {
		t.Errorf("arena of %d bytes, want less than half of the %d with all logits", f, p)
	}
}

func TestLinearCrossEntropyErrors(t *testing.T) {
	build := func(x, w []int, targets int, smoothing float64) error {
		_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) {
			s.Minimize(s.Try(ops.LinearCrossEntropy(s.Param("x", graph.Zeros(), x...), s.Param("w", graph.Zeros(), w...), s.Input("t", tensor.Int32, targets), smoothing)))
		})
		return err
	}
	for name, err := range map[string]error{
		"channels":  build([]int{2, 3}, []int{4, 5}, 2, 0),
		"rows":      build([]int{2, 3}, []int{4, 3}, 3, 0),
		"smoothing": build([]int{2, 3}, []int{4, 3}, 2, 2),
	} {
		if err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
