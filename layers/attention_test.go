package layers_test

import (
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers"
)

// TestVisiblePositions changes each position of a sequence in turn. Exactly the results of the positions that see it must change.
func TestVisiblePositions(t *testing.T) {
	const steps, channels, full = 6, 4, 4 // with lengths, only the first full positions are valid
	all := func(int, int) bool { return true }
	lengths := func(i, j int) bool { return j < full || j == i } // a position's query depends on the position itself
	causal := func(i, j int) bool { return j <= i }
	for _, c := range []struct {
		name    string
		forward func(s *graph.Scope, x *G.Node, seq layers.Sequence) *G.Node
		masked  bool
		sees    func(i, j int) bool // whether position i sees j
	}{
		{"SelfAttention", layers.SelfAttention{Heads: 2}.Forward, false, all},
		{"Lengths", layers.SelfAttention{Heads: 2}.Forward, true, lengths},
		{"Causal", layers.SelfAttention{Heads: 2, Causal: true}.Forward, false, causal},
		{"Window", layers.SelfAttention{Heads: 2, Causal: true, Window: 3}.Forward, false, func(i, j int) bool { return j <= i && j > i-3 }},
		{"Block", Block{Heads: 2}.Forward, false, causal},
		{"Block/Window", Block{Heads: 2, Window: 2}.Forward, false, func(i, j int) bool { return j <= i && j > i-2 }},
		{"EncoderLayer", layers.EncoderLayer{Heads: 2}.Forward, true, lengths},
		{"DecoderLayer", func(s *graph.Scope, x *G.Node, seq layers.Sequence) *G.Node {
			memory := s.Param("memory", graph.Normal(1), 1, 3, channels)
			return layers.DecoderLayer{Heads: 2}.Forward(s, x, seq, layers.Memory{X: memory})
		}, false, causal},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := build(t, graph.NewParams(tensor.Float64, 1), graph.Eval, func(s *graph.Scope) {
				var seq layers.Sequence
				if c.masked {
					seq.Lengths = s.Constant(graphtest.Ints([]int32{full}, 1))
				}
				s.Output("y", c.forward(s, s.Input("x", tensor.Float64, 1, steps, channels), seq))
			})
			x := make([]float64, steps*channels)
			kernel.Normal(x, kernel.Seed{Key: 1}, 0, 1)
			result := func() []float64 {
				if err := p.Run(graph.Feed{"x": graphtest.Dense(tensor.Float64, x, 1, steps, channels)}); err != nil {
					t.Fatal(err)
				}
				return slices.Clone(p.Output("y").Float64s())
			}
			before := result()
			for j := range steps {
				old := x[j*channels]
				x[j*channels] = old + 1
				after := result()
				x[j*channels] = old
				for i := range steps {
					got := !slices.Equal(before[i*channels:][:channels], after[i*channels:][:channels])
					if got != c.sees(i, j) {
						t.Errorf("position %d sees %d: got %v, want %v", i, j, got, c.sees(i, j))
					}
				}
			}
		})
	}
}
