package ops_test

import (
	"math"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// decoder caches the columns 1…2 of t rows of an input of four.
func decoder(t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x := s.Input("x", tensor.Float64, 2, t, 4)
		past := s.Input("past", tensor.Int32, 2)
		s.Output("cache", s.Try(ops.Cache(s.State("keys", 2, 5, 2), x, past, ops.CacheOptions{From: 1})))
	}
}

func counting(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i + 1)
	}
	return x
}

// TestCache: rows go to each sequence's own position, and rows of earlier runs remain until Reset.
func TestCache(t *testing.T) {
	p, err := graph.Build(graph.NewParams(tensor.Float64, 1), graph.Decode, decoder(2))
	check(t, err)
	feed := graph.Feed{"x": graphtest.Dense(tensor.Float64, counting(16), 2, 2, 4), "past": graphtest.Ints([]int32{0, 3}, 2)}
	want := make([]float64, 20)
	write := func(row int, v ...float64) { copy(want[2*row:], v) }
	check(t, p.Run(feed))
	write(0, 2, 3, 6, 7)
	write(5+3, 10, 11, 14, 15)
	expect := func(when string) {
		t.Helper()
		if got := p.Output("cache").Float64s(); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", when, got, want)
		}
	}
	expect("first run")
	feed["past"] = graphtest.Ints([]int32{3, 0}, 2)
	check(t, p.Run(feed))
	write(3, 2, 3, 6, 7)
	write(5, 10, 11, 14, 15)
	expect("second run")
	p.Reset()
	clear(want)
	expect("after Reset")
}

func TestCacheOverflow(t *testing.T) {
	p, err := graph.Build(graph.NewParams(tensor.Float64, 1), graph.Decode, decoder(2))
	check(t, err)
	for _, past := range [][]int32{{0, 4}, {0, -1}} {
		err := p.Run(graph.Feed{"x": graphtest.Dense(tensor.Float64, counting(16), 2, 2, 4), "past": graphtest.Ints(past, 2)})
		if err == nil {
			t.Fatalf("past %v: got no error, want one", past)
		}
		checkWords(t, err, "graph: run: Cache|sequence 1|cache of 5")
	}
}

// TestCacheTapeMachine: in plain Gorgonia the cache is a copy with the new rows, and the operand does not change.
func TestCacheTapeMachine(t *testing.T) {
	g := G.NewGraph()
	state := graphtest.Dense(tensor.Float64, counting(10), 1, 5, 2)
	cache := G.NewTensor(g, tensor.Float64, 3, G.WithName("cache"), G.WithValue(state))
	x := G.NewTensor(g, tensor.Float64, 3, G.WithName("x"), G.WithValue(graphtest.Dense(tensor.Float64, []float64{-1, -2}, 1, 1, 2)))
	past := G.NewVector(g, tensor.Int32, G.WithName("past"), G.WithValue(graphtest.Ints([]int32{3}, 1)))
	y, err := ops.Cache(cache, x, past, ops.CacheOptions{})
	check(t, err)
	var v G.Value
	G.Read(y, &v)
	check(t, G.NewTapeMachine(g).RunAll())
	if got, want := plainValue(t, v), []float64{1, 2, 3, 4, 5, 6, -1, -2, 9, 10}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := state.Float64s(), counting(10); !slices.Equal(got, want) {
		t.Errorf("operand: got %v, want %v", got, want)
	}
}

// TestMaskedLogSoftmax: a row of only −Inf stays −Inf and has a zero gradient. Its loss is infinite, so that central differences
// cannot check it.
func TestMaskedLogSoftmax(t *testing.T) {
	inf := math.Inf(-1)
	p, err := graph.Build(graph.NewParams(tensor.Float64, 1), graph.Train, func(s *graph.Scope) {
		x := s.Param("x", graph.Normal(1), 2, 2)
		mask := s.Constant(graphtest.Dense(tensor.Float64, []float64{inf, inf, 0, 0}, 2, 2))
		y := s.Try(ops.LogSoftmax(s.Add(x, mask)))
		s.Output("y", y)
		s.Minimize(graphtest.Loss(s, y))
	})
	check(t, err)
	check(t, p.Run(nil))
	y := p.Output("y").Float64s()
	if y[0] != inf || y[1] != inf {
		t.Errorf("got %v, want −Inf for the masked row", y[:2])
	}
	// Each rounding of log p is at most an ulp of 1.
	if sum := math.Exp(y[2]) + math.Exp(y[3]); math.Abs(sum-1) > 1e-15 {
		t.Errorf("probabilities of the other row: got sum %v, want 1", sum)
	}
	d, _ := p.Weights()[0].Grad()
	if dx := d.(*tensor.Dense).Float64s(); dx[0] != 0 || dx[1] != 0 || dx[2] == 0 || math.Abs(dx[2]+dx[3]) > 1e-15 {
		t.Errorf("gradient: got %v, want zeros for the masked row and a sum of zero for the other", dx)
	}
}
