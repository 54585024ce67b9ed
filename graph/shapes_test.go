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

// TestShapesMemory: all sizes together need at most a tenth more than the largest alone, and an estimate says how much.
func TestShapesMemory(t *testing.T) {
	for _, mode := range []graph.Mode{graph.Train, graph.Eval} {
		params := graph.NewParams(tensor.Float32, 1)
		e, err := graph.EstimateShapes(params, mode, shapes, declareShape)
		check(t, err)
		p := buildShapes(t, params, mode, shapes, declareShape)
		one, err := graph.Estimate(params, mode, shapes[1].declare)
		check(t, err)
		if e.Memory != p.Memory() || e.Forward != one.Forward || e.Backward != one.Backward || e.Parameters != one.Parameters {
			t.Errorf("%v: got an estimate of %+v, want the program's %+v and the work of the largest size, %+v", mode, e, p.Memory(), one)
		}
		if got, largest := p.Memory().Total(), one.Memory.Total(); got < largest || float64(got) > 1.1*float64(largest) {
			t.Errorf("%v: got %d bytes for all sizes, the largest needs %d", mode, got, largest)
		}
	}
	table := func(s *graph.Scope, m gpt) { // a large constant in every size
		s.Output("y", s.Try(ops.Scale(s.ConstantFunc(tensor.Float32, nil, 1<<18), 1)))
		m.declare(s)
	}
	defer graph.SetAvailable(5 << 20)()
	_, err := graph.BuildShapes(graph.NewParams(tensor.Float32, 1), graph.Eval, shapes, table)
	checkError(t, err, "graph: build: memory: |5.2 MB are available")
	buildShapes(t, graph.NewParams(tensor.Float32, 1), graph.Eval, shapes[:1], table)
	limited := func(s *graph.Scope, m gpt) { s.LimitMemory(5 << 20); table(s, m) }
	_, err = graph.EstimateShapes(graph.NewParams(tensor.Float32, 1), graph.Eval, shapes, limited)
	checkError(t, err, "graph: estimate: size {|memory: |the limit is 5242880")
}

// TestShapesLimit: the limit holds for all sizes together, and only the sizes that exceed it recompute.
func TestShapesLimit(t *testing.T) {
	build := func(limit int) *graph.Program {
		return buildShapes(t, graph.NewParams(tensor.Float32, 1), graph.Train, shapes, func(s *graph.Scope, m gpt) { s.LimitMemory(limit); m.declare(s) })
	}
	whole := build(0).Memory().Total()
	p := build(whole - 1)
	if got := p.Memory().Total(); got >= whole {
		t.Errorf("got %d bytes, want less than %d", got, whole)
	}
	for i, m := range shapes {
		one := buildOver(t, graph.NewParams(tensor.Float32, 1), graph.Train, m.declare)
		check(t, p.Run(m.feed()))
		check(t, one.Run(m.feed()))
		if recomputes := p.Steps() > one.Steps(); recomputes != (i == 1) {
			t.Errorf("size %d has %d steps, alone %d: want only the largest to recompute", i, p.Steps(), one.Steps())
		}
		if !sameBits(results(t, p, "logits"), results(t, one, "logits")) {
			t.Errorf("size %d: the limit changes the results", i)
		}
	}
}

// TestShapesDiffer: sizes that cannot share a Program are errors that name the size.
func TestShapesDiffer(t *testing.T) {
	two := func(b int) func(*graph.Scope) {
		return func(s *graph.Scope) {
			x := s.Input("x", tensor.Float32, b, 2)
			s.Output("y", s.Try(ops.Linear(x, s.Param("w", graph.Ones(), 3, 2), nil, ops.LinearOptions{})))
		}
	}
	for _, c := range []struct {
		name, words string
		mode        graph.Mode
		other       func(s *graph.Scope)
	}{
		{"parameter", "parameter v is of shape (3), but missing in size 1", graph.Eval, func(s *graph.Scope) { two(2)(s); s.Param("v", graph.Ones(), 3) }},
		{"shape", "parameter w is of shape (5, 2), but of shape (3, 2) in size 1", graph.Eval, func(s *graph.Scope) {
			x := s.Input("x", tensor.Float32, 2, 2)
			s.Output("y", s.Try(ops.Linear(x, s.Param("w", graph.Ones(), 5, 2), nil, ops.LinearOptions{})))
		}},
		{"state", "state cache is of shape (2), but missing", graph.Eval, func(s *graph.Scope) { two(2)(s); s.State("cache", 2) }},
		{"output", "output z is declared, but missing", graph.Eval, func(s *graph.Scope) { two(2)(s); s.Output("z", s.ConstantFunc(tensor.Float32, nil, 1)) }},
		{"input", "input mask is of type int32, but missing", graph.Eval, func(s *graph.Scope) { two(2)(s); s.Input("mask", tensor.Int32, 1) }},
		{"loss", "loss is declared, but missing", graph.Eval, func(s *graph.Scope) {
			two(2)(s)
			s.Minimize(s.Try(ops.Reshape(s.Try(ops.Scale(s.Param("w2", graph.Ones(), 1), 1)))))
		}},
		{"same inputs", "its inputs have the shapes of those of size 1: x (1, 2): remove one", graph.Eval, two(1)},
		{"declaration", "h: broken", graph.Eval, func(s *graph.Scope) { s.In("h").Failf("broken") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			params := graph.NewParams(tensor.Float32, 1)
			_, err := graph.BuildShapes(params, c.mode, []int{1, 2}, func(s *graph.Scope, size int) {
				if size == 1 {
					two(1)(s)
				} else {
					c.other(s)
				}
			})
			checkError(t, err, "graph: build: size 2: |"+c.words)
			if params.Len() != 0 {
				t.Errorf("an error made the parameters %v", names(params))
			}
		})
	}
	_, err := graph.BuildShapes(graph.NewParams(tensor.Float32, 1), graph.Eval, []int{}, func(*graph.Scope, int) {})
	checkError(t, err, "graph: build: no sizes")
	_, err = graph.BuildShapes[int](graph.NewParams(tensor.Float32, 1), graph.Eval, []int{1}, nil)
	checkError(t, err, "graph: build: |declaration false")
	_, err = graph.BuildShapes(nil, graph.Eval, []int{1}, func(*graph.Scope, int) {})
	checkError(t, err, "graph: build: |parameters false")
	_, err = graph.BuildShapes(graph.NewParams(tensor.Float32, 1), graph.Eval, []int{1, 2}, func(s *graph.Scope, n int) { panic(n) })
	checkError(t, err, "graph: build: size 1: panic: 1")
}

// TestShapesTargets: sizes whose losses count other targets are an error.
func TestShapesTargets(t *testing.T) {
	_, err := graph.BuildShapes(graph.NewParams(tensor.Float32, 1), graph.Train, []int{1, 2}, func(s *graph.Scope, b int) {
		x := s.Input("x", tensor.Float32, b, 2)
		if b == 2 {
			s.Count(x)
		}
		s.Minimize(graphtest.Loss(s, s.Try(ops.Mul(x, s.Param("w", graph.Ones(), 2)))))
	})
	checkError(t, err, "graph: build: size 2: target 0 is of type float32|missing in size 1")
}

// TestShapesFrozen: it is an error if a weight is trained in one size only, and a frozen weight has no gradient in any.
func TestShapesFrozen(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	buildOver(t, params, graph.Eval, shapes[0].declare)
	_, err := graph.BuildShapes(params, graph.Train, shapes, func(s *graph.Scope, m gpt) {
		m.declare(s)
		params.Freeze("h.0.ln_1.bias") // counts from the second size on
	})
	checkError(t, err, "size {|parameter h.0.ln_1.bias is of shape (64), but of shape (64) and trained in size {b:3")
	p := buildShapes(t, params, graph.Train, shapes, declareShape)
	if got, want := len(p.Weights()), params.Len()-1; got != want {
		t.Errorf("got %d trained weights, want %d", got, want)
	}
}

// TestShapesMisfit: a feed that no size fits is an error that names the input and the shapes that exist, and changes nothing.
func TestShapesMisfit(t *testing.T) {
	type pair struct{ s, t int }
	p := buildShapes(t, graph.NewParams(tensor.Float32, 1), graph.Eval, []pair{{2, 3}, {2, 5}, {4, 7}}, func(s *graph.Scope, z pair) {
		x, y := s.Input("x", tensor.Float32, z.s), s.Input("y", tensor.Float32, z.t)
		s.Output("x2", s.Try(ops.Scale(x, 2)))
		s.Output("y2", s.Try(ops.Scale(y, 2)))
	})
	feed := func(s, t int) graph.Feed { return graph.Feed{"x": random(1, s), "y": random(2, t)} }
	check(t, p.Run(feed(2, 5)))
	want := results(t, p, "x2", "y2")
	for _, c := range []struct {
		words string
		feed  graph.Feed
	}{
		{"input x has shape (3), want one of (2), (4)", feed(3, 5)},
		{"input y has shape (7), want one of (3), (5) with x (2)", feed(2, 7)},
		{"input y has shape (3), want (7) with x (4)", feed(4, 3)},
		{"input y is not fed", graph.Feed{"x": random(1, 4)}},
		{"input y is nil", graph.Feed{"x": random(1, 4), "y": nil}},
		{"input y has type int32, want float32", graph.Feed{"x": random(1, 4), "y": graphtest.Ints(make([]int32, 7), 7)}},
		{"there is no input z: the inputs are x, y", graph.Feed{"x": random(1, 4), "y": random(1, 7), "z": random(1, 1)}},
	} {
		checkError(t, p.Run(c.feed), "graph: run: "+c.words)
		checkError(t, p.Set(c.feed), "graph: set: "+c.words)
	}
	if got := p.InputShape("y"); !slices.Equal(got, []int{5}) {
		t.Errorf("after errors the inputs have shape %v, want the last feed's (5)", got)
	}
	check(t, p.RunAll())
	if !sameBits(results(t, p, "x2", "y2"), want) {
		t.Error("feeds with errors changed the inputs")
	}
	check(t, p.Let("y", random(3, 5)))
	checkError(t, p.Let("y", random(3, 3)), "graph: run: input y has shape (3), want (5), the size of the last feed|Set")
	check(t, p.Set(feed(4, 7)))
	if got := p.Output("y2").Shape(); !slices.Equal(got, []int{5}) {
		t.Errorf("before the next run the output has shape %v, want that of the last run, (5)", got)
	}
}

// TestShapesStates: all sizes have the same states, and share them with other Programs.
func TestShapesStates(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	sizes := func() *graph.Program {
		return buildShapes(t, params, graph.Decode, []int{1, 2, 3}, func(s *graph.Scope, rows int) { counter(1, rows)(s) })
	}
	at := func(p *graph.Program, past int32, x ...float64) {
		t.Helper()
		check(t, p.Run(graph.Feed{"past": graphtest.Ints([]int32{past}, 1), "x": graphtest.Dense(tensor.Float32, x, 1, len(x)/2, 2)}))
	}
	holds := func(p *graph.Program, want ...float32) {
		t.Helper()
		if got := p.State("h.key").Float32s(); !slices.Equal(got, want) || !slices.Equal(p.Output("cache").Float32s(), want) {
			t.Errorf("got %v, output %v, want %v", got, p.Output("cache"), want)
		}
	}
	p, q, one := sizes(), sizes(), buildOver(t, params, graph.Decode, counter(1, 1))
	at(p, 0, 1, 2, 3, 4)
	at(p, 2, 5, 6)
	holds(p, 1, 2, 3, 4, 5, 6, 0, 0)
	at(q, 0, 9, 9, 9, 9)
	check(t, q.ShareStates(one)) // a size of q has run, two have not
	check(t, one.ShareStates(p))
	check(t, q.ShareStates(p))
	at(q, 3, 7, 8)
	holds(q, 1, 2, 3, 4, 5, 6, 7, 8)
	at(one, 0, 0, 0)
	at(q, 1, 0, 0, 0, 0)
	at(p, 0, 1, 1, 1, 1, 1, 1)
	holds(p, 1, 1, 1, 1, 1, 1, 7, 8)
	p.Reset()
	if got := q.State("h.key").Float32s(); slices.Max(got) != 0 {
		t.Errorf("after Reset the state is %v, want zeros", got)
	}
	_, err := graph.BuildShapes(params, graph.Decode, []int{1, 2}, func(s *graph.Scope, b int) { counter(b, 1)(s) })
	checkError(t, err, "graph: build: size 2: state h.key is of shape (2, 4, 2), but of shape (1, 4, 2) in size 1")
}

// TestShapesForeign: values that Gorgonia computes in another type are right in every size.
func TestShapesForeign(t *testing.T) {
	declare := func(s *graph.Scope, n int) {
		x := s.Input("x", tensor.Float32, n)
		is := s.Try(G.Gt(x, s.Input("y", tensor.Float32, n), false)) // bools
		s.Output("is", is)
		s.Output("more", s.Try(G.Lt(x, s.Try(ops.Scale(x, 2)), false)))
	}
	p := buildShapes(t, graph.NewParams(tensor.Float32, 1), graph.Eval, []int{3, 1, 7}, declare)
	one := buildOver(t, graph.NewParams(tensor.Float32, 1), graph.Eval, func(s *graph.Scope) { declare(s, 7) })
	if p.Memory() != one.Memory() {
		t.Errorf("got %+v, want that of the largest size alone, %+v", p.Memory(), one.Memory())
	}
	for i, n := range []int{7, 1, 3, 7, 3} {
		x, y := random(uint64(i), n), random(uint64(i)+9, n)
		check(t, p.Run(graph.Feed{"x": x, "y": y}))
		is, more := bools(p.Output("is")), bools(p.Output("more"))
		for j := range n {
			if is[j] != (x.Float32s()[j] > y.Float32s()[j]) || more[j] != (x.Float32s()[j] > 0) {
				t.Errorf("run %d: got %v and %v for %v and %v", i, is, more, x, y)
			}
		}
	}
}

func bools(v *tensor.Dense) []bool {
	if b, ok := v.Data().(bool); ok {
		return []bool{b}
	}
	return v.Data().([]bool)
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
