package graph_test

import (
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

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
	shapes := slices.Clone(shapes)
	for i := range shapes {
		shapes[i].b *= 8 // so many values that the gradients' memory cannot hold most of them
	}
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
	_, err := graph.BuildShapes(params, graph.Decode, []int{1, 2}, func(s *graph.Scope, n int) {
		s.Output("y", s.Try(ops.Add(s.Input("x", tensor.Float32, n), s.In("h").State("key", n, n))))
	})
	checkError(t, err, "graph: build: size 2: state h.key is of row shape (2), but of row shape (1) in size 1")
}

// TestShapesStateRows: a size with fewer rows uses the leading rows of the states, which the Program holds once.
func TestShapesStateRows(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	sizes := [][]int{{1, 2}, {3, 1}, {2, 2}} // rows, positions
	p := buildShapes(t, params, graph.Decode, sizes, func(s *graph.Scope, size []int) { counter(size[0], size[1])(s) })
	alone := buildOver(t, params, graph.Decode, counter(3, 1))
	if got, want := p.Memory().States, alone.Memory().States; got != want || !slices.Equal(p.State("h.key").Shape(), []int{3, 4, 2}) {
		t.Errorf("got %d bytes of states, of shape %v, want %d", got, p.State("h.key").Shape(), want)
	}
	run := func(p *graph.Program, past []int32, x ...float64) {
		t.Helper()
		b := len(past)
		check(t, p.Run(graph.Feed{"past": graphtest.Ints(past, b), "x": graphtest.Dense(tensor.Float32, x, b, len(x)/2/b, 2)}))
	}
	holds := func(want ...float32) {
		t.Helper()
		if got := p.State("h.key").Float32s(); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if out := p.Output("cache").Float32s(); !slices.Equal(out, want[:len(out)]) {
			t.Errorf("got the output %v, want the leading rows of %v", out, want)
		}
	}
	run(p, []int32{0, 1, 2}, 1, 1, 2, 2, 3, 3)
	holds(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0)
	run(p, []int32{1}, 4, 4, 5, 5)
	holds(1, 1, 4, 4, 5, 5, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0)
	run(p, []int32{2, 0}, 6, 6, 7, 7, 8, 8, 9, 9)
	holds(1, 1, 4, 4, 6, 6, 7, 7, 8, 8, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0)
	check(t, alone.ShareStates(p))
	run(alone, []int32{0, 0, 0}, 0, 0, 0, 0, 0, 0)
	run(p, []int32{2}, 6, 6, 5, 5)
	holds(0, 0, 4, 4, 6, 6, 5, 5, 0, 0, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0)
	checkError(t, p.ShareStates(buildOver(t, params, graph.Decode, counter(2, 1))), "h.key|(3, 4, 2)|(2, 4, 2)")
	p.Reset()
	if slices.Max(alone.State("h.key").Float32s()) != 0 {
		t.Errorf("after Reset the state is %v, want zeros", alone.State("h.key"))
	}
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
