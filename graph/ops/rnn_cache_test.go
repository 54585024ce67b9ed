package ops_test

import (
	"fmt"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

const cachedB, cachedT, cachedH = 2, 6, 3

// recurrentCell declares a cell over t steps with the same weights everywhere. In mode Decode it reads and writes its cache.
func recurrentCell(cell kernel.Cell, t int) func(*graph.Scope) {
	gates := cell.Gates() * cachedH
	return func(s *graph.Scope) {
		in := ops.Recurrence{
			X: s.Input("x", tensor.Float64, cachedB, t, gates), W: s.Param("w", graph.Normal(1), gates, cachedH),
			Bias: s.Param("b", graph.Normal(1), gates),
		}
		apply, cached, width := ops.GRU, ops.GRUCache, cachedH
		if cell == kernel.LSTM {
			apply, cached, width = ops.LSTM, ops.LSTMCache, 2*cachedH
		}
		if s.Mode() == graph.Decode {
			apply = func(in ops.Recurrence) (*G.Node, error) {
				return cached(s.State("state", cachedB, cachedT, width), s.Input("past", tensor.Int32, cachedB), in)
			}
		}
		s.Output("y", s.Try(apply(in)))
	}
}

// TestRecurrentCache: sequences that go on from any earlier step, also from one that was already passed or after steps that were
// padding, have the states of the whole sequence.
func TestRecurrentCache(t *testing.T) {
	for _, cell := range []kernel.Cell{kernel.GRU, kernel.LSTM} {
		gates := cell.Gates() * cachedH
		x := make([]float64, cachedB*cachedT*gates)
		kernel.Normal(x, kernel.Seed{Key: 1}, 0, 1)
		params := graph.NewParams(tensor.Float64, 1)
		whole, err := graph.Build(params, graph.Eval, recurrentCell(cell, cachedT))
		check(t, err)
		check(t, whole.Run(graph.Feed{"x": graphtest.Dense(tensor.Float64, x, cachedB, cachedT, gates)}))
		want := whole.Output("y").Float64s()
		one, err := graph.Build(params, graph.Decode, recurrentCell(cell, 1))
		check(t, err)
		three, err := graph.Build(params, graph.Decode, recurrentCell(cell, 3))
		check(t, err)
		check(t, three.ShareStates(one))
		for _, run := range []struct {
			p    *graph.Program
			t    int
			past []int32
			done [cachedB]int // steps whose states are checked; the rest is padding
		}{
			{three, 3, []int32{0, 0}, [cachedB]int{2, 3}}, {three, 3, []int32{2, 2}, [cachedB]int{1, 3}}, {one, 1, []int32{3, 4}, [cachedB]int{1, 1}},
			{one, 1, []int32{3, 5}, [cachedB]int{1, 1}}, {three, 3, []int32{0, 1}, [cachedB]int{3, 1}}, {three, 3, []int32{3, 2}, [cachedB]int{3, 3}},
		} {
			in := slices.Repeat([]float64{9}, cachedB*run.t*gates)
			for b, n := range run.done {
				copy(in[b*run.t*gates:], x[(b*cachedT+int(run.past[b]))*gates:][:n*gates])
			}
			check(t, run.p.Run(graph.Feed{"x": graphtest.Dense(tensor.Float64, in, cachedB, run.t, gates), "past": graphtest.Ints(run.past, cachedB)}))
			got := run.p.Output("y").Float64s()
			for b, n := range run.done {
				g, w := got[b*run.t*cachedH:][:n*cachedH], want[(b*cachedT+int(run.past[b]))*cachedH:][:n*cachedH]
				if !slices.Equal(g, w) { // one sequence or three: the products of so few rows sum in one order
					t.Errorf("%v: %d steps from %d: got %v, want %v", cell, n, run.past[b], g, w)
				}
			}
		}
		err = three.Run(graph.Feed{"x": graphtest.Dense(tensor.Float64, make([]float64, cachedB*3*gates), cachedB, 3, gates), "past": graphtest.Ints([]int32{0, 4}, cachedB)})
		if err == nil {
			t.Fatal("a sequence past the end of the cache: got no error, want one")
		}
		checkWords(t, err, fmt.Sprintf("%vCache|sequence 1|positions 4 to 6|cache of 6", cell))
	}
}
