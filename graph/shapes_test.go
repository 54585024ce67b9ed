package graph_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// shapes are sizes of the small model. The first is not the largest.
var shapes = []gpt{sized(3, 8), sized(2, 24), sized(1, 24), sized(5, 9)}

func sized(b, t int) gpt {
	m := small
	m.b, m.t, m.context = b, t, 24
	return m
}

func declareShape(s *graph.Scope, m gpt) { m.declare(s) }

func buildShapes[S any](t testing.TB, params *graph.Params, mode graph.Mode, sizes []S, declare func(*graph.Scope, S)) *graph.Program {
	t.Helper()
	p, err := graph.BuildShapes(params, mode, sizes, declare)
	check(t, err)
	return p
}

// TestShapes: every size gives the bits of a Program of its own, in any order of the sizes.
func TestShapes(t *testing.T) {
	for name, extra := range map[string]func(*graph.Scope){
		"plain": func(*graph.Scope) {}, "recompute": func(s *graph.Scope) { s.Recompute("h.*") },
	} {
		for _, mode := range []graph.Mode{graph.Train, graph.Eval} {
			params := graph.NewParams(tensor.Float32, 1)
			p := buildShapes(t, params, mode, shapes, func(s *graph.Scope, m gpt) { extra(s); m.declare(s) })
			targets := p.Targets()
			for i, k := range []int{1, 0, 0, 3, 2, 1, 3, 0} {
				m := shapes[k]
				one := buildOver(t, params, mode, func(s *graph.Scope) { extra(s); m.declare(s) })
				p.Stream, one.Stream = uint64(i/4), uint64(i/4)
				check(t, p.Run(m.feed()))
				check(t, one.Run(m.feed()))
				if !sameBits(results(t, p, "logits"), results(t, one, "logits")) {
					t.Errorf("%s, %v, run %d: (%d, %d) differs from a program of its own", name, mode, i, m.b, m.t)
				}
				if got, want := p.InputShape("tokens"), []int{m.b, m.t}; !slices.Equal(got, want) {
					t.Errorf("got inputs of shape %v, want %v", got, want)
				}
				if got := targets[0].IDs(); !slices.Equal(got, m.feed()["targets"].Int32s()) || targets[0].Count() != float64(m.b*m.t) || !targets[0].Reads("logits") {
					t.Errorf("run %d: got targets %v", i, got)
				}
				if p.Dot() != one.Dot() {
					t.Errorf("run %d: the drawing differs from that of a program of its own", i)
				}
			}
		}
	}
}

// TestShapesAccumulate: micro-batches of different sizes add up as the runs of Programs of their own do. One weight is added
// to in place in one size but not in the other.
func TestShapesAccumulate(t *testing.T) {
	uneven := func(s *graph.Scope, m gpt) {
		x := s.Input("x", tensor.Float32, m.t, 3)
		w := s.Param("w", graph.Normal(1), 3, 3)
		y := s.Try(ops.Linear(x, w, s.Param("bias", graph.Zeros(), 3), ops.LinearOptions{}))
		if m.t > 8 {
			y = s.Add(y, s.Try(ops.Slice(s.Try(G.Tanh(w)), 0, 0, 1)))
		}
		s.Minimize(graphtest.Loss(s, y))
	}
	feeds := map[string]func(m gpt) graph.Feed{
		"gpt": gpt.feed, "uneven": func(m gpt) graph.Feed { return graph.Feed{"x": random(uint64(m.t), m.t, 3)} },
	}
	for name, declare := range map[string]func(*graph.Scope, gpt){"gpt": declareShape, "uneven": uneven} {
		params := graph.NewParams(tensor.Float32, 1)
		p := buildShapes(t, params, graph.Train, []gpt{shapes[0], shapes[1], shapes[3]}, declare)
		var last *graph.Program
		for i, k := range []int{0, 1, 3, 0, 1, 1} {
			m := shapes[k]
			one := buildOver(t, params, graph.Train, func(s *graph.Scope) { declare(s, m) })
			if last != nil {
				for j, w := range one.Weights() { // continues from the sum so far
					to, _ := w.Grad()
					from, _ := last.Weights()[j].Grad()
					copy(to.(*tensor.Dense).Float32s(), from.(*tensor.Dense).Float32s())
				}
			}
			for _, q := range []*graph.Program{p, one} {
				q.Accumulate, q.Scale, q.Stream = i > 0, float64(m.b*m.t), uint64(i)
				check(t, q.Run(feeds[name](m)))
			}
			if !sameBits(results(t, p), results(t, one)) {
				t.Fatalf("%s: after micro-batch %d the sum of the gradients differs from that of separate programs", name, i)
			}
			last = one
		}
	}
}

// TestShapesAllocateNothing: once every size has run, no run allocates.
func TestShapesAllocateNothing(t *testing.T) {
	p := buildShapes(t, graph.NewParams(tensor.Float32, 1), graph.Train, shapes, declareShape)
	feeds := make([]graph.Feed, len(shapes))
	for i, m := range shapes {
		feeds[i] = m.feed()
	}
	all := func() {
		for i, f := range feeds {
			p.Accumulate = i > 0
			check(t, p.Run(f))
		}
	}
	all()
	if n := testing.AllocsPerRun(10, all); n != 0 {
		t.Errorf("%d runs allocate %g times, want none", len(shapes), n)
	}
}

// TestShapesProcessors: results do not depend on the number of processors, nor on the sizes that ran before.
func TestShapesProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var want [][]float32
	for i, n := range []int{1, 2, 4} {
		runtime.GOMAXPROCS(n)
		p := buildShapes(t, graph.NewParams(tensor.Float32, 1), graph.Train, shapes, declareShape)
		check(t, p.Run(shapes[i].feed())) // another size each time
		p.Accumulate = false
		check(t, p.Run(shapes[3].feed()))
		p.Accumulate = true
		check(t, p.Run(shapes[1].feed()))
		if got := results(t, p, "logits"); want == nil {
			want = got
		} else if !sameBits(got, want) {
			t.Errorf("%d processors: other bits than one", n)
		}
	}
}

// TestShapesProfile: a profile covers the runs of all sizes.
func TestShapesProfile(t *testing.T) {
	p := buildShapes(t, graph.NewParams(tensor.Float32, 1), graph.Train, shapes, declareShape)
	work := 0
	prof, err := p.Profile(func() error {
		for _, m := range []gpt{shapes[0], shapes[1], shapes[1]} {
			check(t, p.Run(m.feed()))
			e, err := graph.Estimate(p.Params(), graph.Train, m.declare)
			check(t, err)
			work += e.Forward + e.Backward
		}
		return nil
	})
	check(t, err)
	got := 0
	for _, c := range prof.ByOp {
		got += c.FLOPs
	}
	if prof.Runs != 3 || got != work {
		t.Errorf("got %d runs of %d FLOPs in all, want 3 of %d", prof.Runs, got, work)
	}
}

// TestShapesTraceNaN: an error of a run names the operation in the size that ran.
func TestShapesTraceNaN(t *testing.T) {
	p := buildShapes(t, graph.NewParams(tensor.Float32, 1), graph.Eval, []int{2, 5}, func(s *graph.Scope, n int) {
		s.Output("y", s.In("h").Try(ops.Scale(s.Input("x", tensor.Float32, n), 1)))
	})
	p.TraceNaN = true
	x := random(1, 5)
	check(t, p.Run(graph.Feed{"x": x}))
	x.Float32s()[4] = float32(math.NaN())
	checkError(t, p.Run(graph.Feed{"x": x}), "h: Scale|result 0 of shape (5) is not finite at element 4")
	check(t, p.Run(graph.Feed{"x": random(1, 2)}))
}

// ExampleBuildShapes runs rows of different lengths without padding them to the longest.
func ExampleBuildShapes() {
	params := graph.NewParams(tensor.Float32, 1)
	p, err := graph.BuildShapes(params, graph.Eval, [][]int{{4, 2}, {1, 8}}, func(s *graph.Scope, size []int) {
		x := s.Input("x", tensor.Float32, size[0], size[1]) // (B, T)
		s.Output("sum", s.Try(G.Sum(x, 1)))                 // (B)
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, shape := range [][]int{{4, 2}, {1, 8}, {2, 2}} {
		x := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(slices.Repeat([]float32{1}, shape[0]*shape[1])))
		if err := p.Run(graph.Feed{"x": x}); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p.Output("sum").Float32s())
	}
	// Output:
	// [2 2 2 2]
	// [8]
	// graph: run: input x has shape (2, 2), want one of (4, 2), (1, 8)
}
