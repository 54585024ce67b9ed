package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// TestTrace lists a graph without the loss, unused inputs and second results, and leaves the parameters unchanged.
func TestTrace(t *testing.T) {
	declare := func(s *graph.Scope) {
		x, _ := s.Input("x", tensor.Float32, 2, 4), s.Input("unused", tensor.Int32, 2)
		y := s.In("norm").Try(ops.LayerNorm(x, s.In("norm").Param("weight", graph.Ones(), 4), nil, 1e-5))
		y = s.Add(y, s.ConstantFunc(tensor.Float32, func(x *tensor.Dense) { x.Float32s()[1] = 3 }, 4))
		s.Output("y", s.Try(ops.Reshape(y, 8)))
		s.Minimize(s.Try(ops.CrossEntropy(y, s.Input("targets", tensor.Int32, 2), 0)))
	}
	params := graph.NewParams(tensor.Float32, 1)
	l, err := graph.Trace(params, graph.Eval, declare)
	check(t, err)
	var got []string
	for _, n := range l.Nodes {
		text := fmt.Sprint(n.Kind, n.Name, n.Path, n.Shape, len(n.In))
		if n.Op != nil {
			text += fmt.Sprint(n.Op)
		}
		got = append(got, strings.ReplaceAll(text, " ", ""))
	}
	want := []string{"2x[24]0", "1norm.weightnorm.weight[4]0", "0norm[24]2LayerNorm{1e-05}", "43[4]0", "0[24]2Add", "0[8]1Reshape(8)"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(l.Inputs) != 1 || l.Inputs[0].Name != "x" || len(l.Outputs) != 1 || l.Outputs[0].Name != "y" || l.Outputs[0].Node != l.Nodes[5] {
		t.Errorf("got inputs %v and outputs %v", l.Inputs, l.Outputs)
	}
	if params.Len() != 0 || l.Nodes[1].Tensor() != nil || l.Nodes[3].Tensor().Float32s()[1] != 3 {
		t.Errorf("got %d parameters, want none, and a constant with 3", params.Len())
	}
	_, err = graph.Build(params, graph.Eval, declare)
	check(t, err)
	l, err = graph.Trace(params, graph.Eval, declare)
	check(t, err)
	if l.Nodes[1].Tensor() != params.Value("norm.weight") {
		t.Error("a parameter's node has another tensor")
	}
	if _, err := graph.Trace(params, graph.Eval, func(s *graph.Scope) { s.Failf("no") }); err == nil || !strings.HasPrefix(err.Error(), "graph: trace: ") {
		t.Errorf("got error %v", err)
	}
}
