package graph_test

import (
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// TestShareGradients: intermediate values use the memory of gradients, which changes no bit. Once runs add to the gradients, they have
// memory of their own, and outputs stay at their place.
func TestShareGradients(t *testing.T) {
	p := buildOver(t, graph.NewParams(tensor.Float32, 1), graph.Train, small.declare)
	if m := p.Memory(); m.Accumulate < m.Gradients/2 || m.Arena+m.Accumulate > m.Intermediate {
		t.Errorf("got %d bytes of values in the memory of %d bytes of gradients, and an arena of %d", m.Accumulate, m.Gradients, m.Arena)
	}
	check(t, p.Run(small.feed()))
	logits, want := p.Output("logits"), results(t, p, "logits")
	for _, p.Accumulate = range []bool{true, false, true} {
		check(t, p.Run(small.feed()))
		if p.Output("logits") != logits {
			t.Error("an output has moved")
		}
		if !p.Accumulate && !sameBits(results(t, p, "logits"), want) {
			t.Error("the run has other bits than with shared memory")
		}
	}
}

// TestShareMemory: runs that add to the gradients need more memory. If the machine or the limit does not allow it, such a run is an error
// that changes nothing.
func TestShareMemory(t *testing.T) {
	m := small
	m.c, m.blocks = 128, 4 // gradients of more than the memory that is never refused
	limited := func(limit int) *graph.Program {
		return buildOver(t, graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) { s.LimitMemory(limit); m.declare(s) })
	}
	refused := func(p *graph.Program, words string) {
		t.Helper()
		p.Accumulate = false
		check(t, p.Run(m.feed()))
		want := results(t, p, "logits")
		p.Accumulate = true
		checkError(t, p.Run(m.feed()), words)
		if !sameBits(results(t, p, "logits"), want) {
			t.Errorf("%s: the refused run changes results", words)
		}
		p.Accumulate = false
		check(t, p.Run(m.feed()))
	}
	p := limited(0)
	need := p.Memory().Total() + p.Memory().Accumulate
	refused(limited(need-1), "graph: run: memory: |the limit is |LimitMemory")
	enough := limited(need)
	enough.Accumulate = true
	check(t, enough.Run(m.feed()))
	restore := graph.SetAvailable(100)
	refused(p, "graph: run: memory: |are available: ")
	restore()
	p.Accumulate = true
	check(t, p.Run(m.feed()))
}

// TestShareOrder: sizes that declare their parameters in different orders have each gradient at the same place.
func TestShareOrder(t *testing.T) {
	declare := func(s *graph.Scope, n int) {
		names := []string{"long", "short"}
		if n == 2 {
			names[0], names[1] = names[1], names[0]
		}
		x := s.Input("x", tensor.Float32, n, 3)
		for _, name := range names {
			rows := map[string]int{"long": 37, "short": 3}[name]
			w := s.Try(ops.Slice(s.Param(name, graph.Normal(1), rows, 3), 0, 0, 3))
			x = s.Try(ops.Linear(x, w, nil, ops.LinearOptions{}))
		}
		s.Minimize(graphtest.Loss(s, x))
	}
	params := graph.NewParams(tensor.Float32, 1)
	p := buildShapes(t, params, graph.Train, []int{1, 2}, declare)
	for _, n := range []int{1, 2} {
		one := buildOver(t, params, graph.Train, func(s *graph.Scope) { declare(s, n) })
		feed := graph.Feed{"x": random(1, n, 3)}
		check(t, p.Run(feed))
		check(t, one.Run(feed))
		for _, w := range one.Weights() {
			if !sameBits([][]float32{grad(t, p, w.Name())}, [][]float32{grad(t, one, w.Name())}) {
				t.Errorf("size %d: the gradient of %s differs from that of a program of its own", n, w.Name())
			}
		}
	}
}
