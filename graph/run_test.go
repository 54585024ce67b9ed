package graph_test

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

// affine is loss = Σ cᵢ (x·w)ᵢ for the input x (2, 3).
func affine(s *graph.Scope) {
	x := s.Input("x", tensor.Float32, 2, 3)
	y := s.Try(ops.Mul(x, s.Param("w", graph.Normal(1), 3)))
	s.Output("y", y)
	s.Minimize(graphtest.Loss(s, y))
}

func TestRunErrors(t *testing.T) {
	p := build(t, func(s *graph.Scope) {
		affine(s)
		s.Output("ids", s.Try(ops.Embedding(s.Constant(random(1, 3, 2)), s.Input("ids", tensor.Int32, 2))))
	})
	x, ids := random(1, 2, 3), graphtest.Ints([]int32{0, 1}, 2)
	transposed := random(1, 3, 2)
	check(t, transposed.T())
	columns := tensor.New(tensor.WithShape(2, 3), tensor.AsFortran([]float32{1, 2, 3, 4, 5, 6}))
	for _, c := range []struct {
		name, words string
		feed        graph.Feed
	}{
		{"shape", "input x|(3, 2)|(2, 3)", graph.Feed{"x": random(1, 3, 2), "ids": ids}},
		{"axes", "input x|(6)|(2, 3)", graph.Feed{"x": random(1, 6), "ids": ids}},
		{"column", "input ids|(2, 1)|(2)", graph.Feed{"x": x, "ids": graphtest.Ints([]int32{0, 1}, 2, 1)}},
		{"type", "input x|float64|float32", graph.Feed{"x": graphtest.Dense(tensor.Float64, make([]float64, 6), 2, 3), "ids": ids}},
		{"id type", "input ids|int64|int32", graph.Feed{"x": x, "ids": tensor.New(tensor.WithBacking([]int64{0, 1}))}},
		{"name", "no input y|ids, x", graph.Feed{"x": x, "ids": ids, "y": x}},
		{"missing", "input ids|not fed", graph.Feed{"x": x}},
		{"none", "not fed", nil},
		{"nil", "input x|nil", graph.Feed{"x": nil, "ids": ids}},
		{"transposed", "input x|not contiguous", graph.Feed{"x": transposed, "ids": ids}},
		{"columns", "input x|not contiguous", graph.Feed{"x": columns, "ids": ids}},
		{"id", "Embedding|id 3|position 1|3 rows", graph.Feed{"x": x, "ids": graphtest.Ints([]int32{0, 3}, 2)}},
	} {
		t.Run(c.name, func(t *testing.T) { checkError(t, p.Run(c.feed), "graph: run: |"+c.words) })
	}
	checkError(t, p.Let("z", x), "graph: run: |no input z")
	check(t, p.Run(graph.Feed{"x": x, "ids": ids})) // an earlier error has no effect
}

// TestFeedIsCopied: after Run and Let the caller may change a fed tensor, and no run changes it.
func TestFeedIsCopied(t *testing.T) {
	p := build(t, func(s *graph.Scope) {
		x := s.Input("x", tensor.Float32, 2, 3)
		y := s.Try(ops.Scale(x, 2)) // could be done in place
		s.Output("y", s.Try(ops.ReLU(s.Try(ops.Reshape(y, 6)))))
	})
	x := floats([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	want := []float32{2, 4, 6, 8, 10, 12}
	check(t, p.Run(graph.Feed{"x": x}))
	if got := x.Float32s(); !slices.Equal(got, []float32{1, 2, 3, 4, 5, 6}) {
		t.Errorf("the caller's tensor became %v", got)
	}
	x.Zero()
	check(t, p.RunAll())
	if got := p.Output("y").Float32s(); !slices.Equal(got, want) {
		t.Errorf("after Run: got %v, want %v", got, want)
	}
	check(t, p.Let("x", floats([]float32{1, 1, 1, 1, 1, 1}, 2, 3)))
	check(t, p.RunAll())
	if got := p.Output("y").Float32s(); !slices.Equal(got, []float32{2, 2, 2, 2, 2, 2}) {
		t.Errorf("after Let: got %v, want twos", got)
	}
	part, err := floats([]float32{9, 9, 9, 1, 2, 3, 4, 5, 6}, 3, 3).Slice(G.S(1, 3))
	check(t, err)
	check(t, p.Run(graph.Feed{"x": part.(*tensor.Dense)})) // contiguous, but not from the start of its memory
	if got := p.Output("y").Float32s(); !slices.Equal(got, want) {
		t.Errorf("of a slice: got %v, want %v", got, want)
	}
}

// TestRepeatedRuns: runs with the same inputs give the same bits, in both types.
func TestRepeatedRuns(t *testing.T) {
	p := build(t, small.declare)
	p.Stream = 3
	var first [][]float32
	for i := range 3 {
		check(t, p.Run(small.feed()))
		if r := results(t, p, "logits"); i == 0 {
			first = r
		} else if !sameBits(r, first) {
			t.Fatalf("run %d gives other bits", i)
		}
	}
}

// TestStream: runs with the same Stream have the same dropout, and all 64 bits of Stream count.
func TestStream(t *testing.T) {
	p := build(t, small.declare)
	var losses []float64
	for _, stream := range []uint64{1, 2, 1 << 32, 1} {
		p.Stream = stream
		check(t, p.Run(small.feed()))
		losses = append(losses, p.Loss())
	}
	if losses[0] != losses[3] {
		t.Errorf("the same stream: got losses %v and %v, want the same", losses[0], losses[3])
	}
	if losses[0] == losses[1] || losses[0] == losses[2] || losses[1] == losses[2] {
		t.Errorf("other streams: got losses %v, want three different ones", losses[:3])
	}
}

func TestAccumulateAndScale(t *testing.T) {
	p := build(t, affine)
	a, b := graph.Feed{"x": random(1, 2, 3)}, graph.Feed{"x": random(2, 2, 3)}
	run := func(f graph.Feed) []float32 {
		t.Helper()
		check(t, p.Run(f))
		return grad(t, p, "w")
	}
	ga, gb := run(a), run(b)
	run(a)
	p.Accumulate = true
	got, loss := run(b), p.Loss()
	for i := range got {
		if want := gb[i] + ga[i]; got[i] != want { // one addition, one rounding
			t.Errorf("accumulated: element %d: got %v, want %v", i, got[i], want)
		}
	}
	p.Accumulate = false
	p.Scale = 0.25 // exact in binary
	for i, g := range run(b) {
		if want := gb[i] / 4; g != want {
			t.Errorf("scaled: element %d: got %v, want %v", i, g, want)
		}
	}
	if p.Loss() != loss {
		t.Errorf("loss: got %v with Scale, want %v as without", p.Loss(), loss)
	}
}

// TestAccumulateSharedGradient: the gradients of a sum's two parameters are one node, but each must have its own memory.
func TestAccumulateSharedGradient(t *testing.T) {
	p := build(t, func(s *graph.Scope) {
		y := s.Add(s.Param("a", graph.Normal(1), 3), s.Param("b", graph.Normal(1), 3))
		s.Minimize(graphtest.Loss(s, y))
	})
	check(t, p.Run(nil))
	one := grad(t, p, "a")
	p.Accumulate = true
	check(t, p.Run(nil))
	for _, name := range []string{"a", "b"} {
		for i, g := range grad(t, p, name) {
			if want := 2 * one[i]; g != want {
				t.Errorf("%s: element %d: got %v, want %v", name, i, g, want)
			}
		}
	}
	g, _ := p.Weights()[0].Grad()
	g.(*tensor.Dense).Zero() // as Gorgonia's solvers do
	if g := grad(t, p, "b"); g[0] == 0 {
		t.Errorf("zeroing the gradient of a: b's became %v", g)
	}
}

// TestOutputs: an output is valid until the next run, whatever else runs after it.
func TestOutputs(t *testing.T) {
	p := build(t, func(s *graph.Scope) {
		x := s.Param("x", graph.Constant(-1), 2)
		y := s.Try(ops.Scale(x, 3))
		s.Output("x", x)
		s.Output("y", y)
		s.Output("again", y)
		z := s.Try(ops.ReLU(s.Try(ops.Scale(y, -1)))) // would overwrite y
		s.Output("loss", graphtest.Loss(s, z))
		s.Minimize(graphtest.Loss(s, z))
	})
	check(t, p.Run(nil))
	for name, want := range map[string][]float32{"x": {-1, -1}, "y": {-3, -3}, "again": {-3, -3}} {
		if got := p.Output(name).Float32s(); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if loss := p.Output("loss"); !slices.Equal(loss.Shape(), []int{1}) || float64(loss.Float32s()[0]) != p.Loss() {
		t.Errorf("loss: got %v, want shape (1) and %v", loss, p.Loss())
	}
	if p.Output("z") != nil || p.State("z") != nil {
		t.Error("got a tensor for an unknown name, want nil")
	}
}

func TestTraceNaN(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		p := buildOver(t, graph.NewParams(dt, 1), graph.Eval, func(s *graph.Scope) {
			x := s.Input("x", dt, 2, 3)
			y := s.In("h").At(2).Try(G.Log(s.In("h").At(1).Try(ops.Scale(x, 2))))
			s.Output("y", s.Try(ops.ReLU(y)))
		})
		bad := graph.Feed{"x": graphtest.Dense(dt, []float64{1, 1, 1, 1, -1, 1}, 2, 3)}
		check(t, p.Run(bad)) // without TraceNaN there is no check
		p.TraceNaN = true
		checkError(t, p.Run(bad), "graph: run: h.2: |not finite|element 4")
		_, err := p.Profile(func() error { return p.Run(bad) })
		checkError(t, err, "graph: run: h.2: |not finite")
		check(t, p.Run(graph.Feed{"x": graphtest.Dense(dt, []float64{1, 1, 1, 1, 1, 1}, 2, 3)}))
	}
}

// TestTraceNaNMasked: a query that sees no key is no error, although its logarithm of a sum is −Inf. A gradient that is not finite
// is an error.
func TestTraceNaNMasked(t *testing.T) {
	p := build(t, func(s *graph.Scope) {
		x := s.Param("x", graph.Normal(1), 2, 3, 6)
		n := s.Constant(graphtest.Ints([]int32{0, 2}, 2))
		s.Minimize(graphtest.Loss(s, s.Try(ops.Attention(ops.Operands{Q: x, Lengths: n}, ops.AttentionOptions{Heads: 2}))))
	})
	p.TraceNaN = true
	check(t, p.Run(nil))
	p.Scale = math.Inf(1)
	checkError(t, p.Run(nil), "graph: run: |not finite")
}
