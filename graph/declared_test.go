package graph_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// TestDeclared: the shapes of the parameters are known without their memory, and a declaration that fails is an error.
func TestDeclared(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	shapes, err := graph.Declared(params, graph.Eval, func(s *graph.Scope) {
		w := s.In("a").Param("weight", graph.Zeros(), 1<<12, 1<<12)
		s.Output("y", w)
		s.In("b").Param("bias", graph.Zeros(), 3)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(shapes)); !slices.Equal(got, []string{"a.weight", "b.bias"}) || !slices.Equal(shapes["a.weight"], []int{1 << 12, 1 << 12}) {
		t.Errorf("got %v, want a.weight and b.bias", shapes)
	}
	if n := params.Size(); n != 0 {
		t.Errorf("%d values are allocated, want none", n)
	}
	if _, err := graph.Declared(params, graph.Eval, func(s *graph.Scope) { s.Failf("no") }); err == nil || !strings.Contains(err.Error(), "graph: declared: ") {
		t.Errorf("got error %v, want one with its prefix", err)
	}
}
