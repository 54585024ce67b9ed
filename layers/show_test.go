package layers_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers"
)

// TestShow: the probabilities of the selected attention sum to 1 over the keys that a query sees, and looking changes no result.
func TestShow(t *testing.T) {
	const b, n, c, h = 2, 5, 6, 3
	for name, positions := range map[string]layers.Positions{"none": {}, "alibi": alibi, "shaw": shaw} {
		t.Run(name, func(t *testing.T) {
			l := layers.SelfAttention{Heads: h, Causal: true, Positions: positions, Dropout: 0.5}
			params := graph.NewParams(tensor.Float64, 1)
			declare := func(looks ...string) func(*graph.Scope) {
				return func(s *graph.Scope) {
					for _, pattern := range looks {
						s.Look(pattern)
					}
					x := s.In("x").Param("value", graph.Normal(1), b, n, c)
					var seq layers.Sequence
					s.Output("y", l.Forward(s.In("h.1.attn"), l.Forward(s.In("h.0.attn"), x, seq), seq))
				}
			}
			plain := build(t, params, graph.Eval, declare())
			shown := build(t, params, graph.Eval, declare("h.1.attn.probabilities"))
			if want, got := run(t, plain), run(t, shown); !slices.Equal(got.Float64s(), want.Float64s()) {
				t.Error("looking at the probabilities changes the result")
			}
			if shown.Output("h.0.attn.probabilities") != nil {
				t.Error("got the probabilities of an attention that was not selected")
			}
			p := shown.Output("h.1.attn.probabilities")
			if p == nil || !slices.Equal(p.Shape(), []int{b, h, n, n}) {
				t.Fatalf("got probabilities %v, want shape (%d, %d, %d, %d)", p, b, h, n, n)
			}
			for row := range b * h * n {
				sum := 0.0
				for j, v := range p.Float64s()[row*n:][:n] {
					if sum += v; j > row%n && v != 0 {
						t.Errorf("row %d: a later key %d has probability %g", row, j, v)
					}
				}
				if math.Abs(sum-1) > 1e-12 {
					t.Errorf("row %d: the probabilities sum to %g", row, sum)
				}
			}
		})
	}
}
