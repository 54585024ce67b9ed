package graph_test

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

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
		{"state", "state cache is of row shape (), but missing", graph.Eval, func(s *graph.Scope) { two(2)(s); s.State("cache", 2) }},
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
