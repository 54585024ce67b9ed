package graph_test

import (
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// TestLook: shown values become outputs only where a Look selects them, in the order of declaration, and a value that nothing selects
// is not declared.
func TestLook(t *testing.T) {
	params := graph.NewParams(tensor.Float64, 1)
	calls := 0
	declare := func(looks ...string) func(*graph.Scope) {
		return func(s *graph.Scope) {
			for _, pattern := range looks {
				s.Look(pattern)
			}
			x := s.In("x").Param("value", graph.Normal(1), 2, 3)
			for _, at := range s.In("h").Parts(11) {
				x = at.Try(G.Tanh(x))
				at.Show("stream", func() *G.Node { calls++; return x })
				at.In("mlp").Show("half", func() *G.Node { calls++; return at.Try(G.Mul(x, G.NewConstant(0.5))) })
			}
			s.Output("y", x)
		}
	}
	for _, c := range []struct {
		looks, want []string
	}{
		{nil, []string{"y"}},
		{[]string{"h.1.stream"}, []string{"h.1.stream", "y"}},
		{[]string{"h.?.mlp.half", "h.10.*"}, []string{"h.0.mlp.half", "h.1.mlp.half", "h.2.mlp.half", "h.3.mlp.half", "h.4.mlp.half",
			"h.5.mlp.half", "h.6.mlp.half", "h.7.mlp.half", "h.8.mlp.half", "h.9.mlp.half", "h.10.stream", "y"}},
		{[]string{"h.4.**", "h.4.stream"}, []string{"h.4.stream", "h.4.mlp.half", "y"}},
	} {
		calls = 0
		p, err := graph.Build(params, graph.Eval, declare(c.looks...))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Outputs(); !slices.Equal(got, c.want) {
			t.Errorf("look %q: got outputs %q, want %q", c.looks, got, c.want)
		}
		if calls != len(c.want)-1 {
			t.Errorf("look %q: %d values were declared, want %d", c.looks, calls, len(c.want)-1)
		}
		if err := p.Run(nil); err != nil {
			t.Fatal(err)
		}
		if half, whole := p.Output("h.4.mlp.half"), p.Output("h.4.stream"); half != nil && whole != nil && half.Float64s()[0] != whole.Float64s()[0]/2 {
			t.Errorf("got %g, want half of %g", half.Float64s()[0], whole.Float64s()[0])
		}
	}
	_, err := graph.Build(params, graph.Eval, declare("h.*.strem"))
	checkError(t, err, `shows a value|"h.*.strem"`)
}
