package graph_test

import (
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// TestFirstErrorStays: after an error every call returns stand-ins, and Build returns the first error with its path.
func TestFirstErrorStays(t *testing.T) {
	reached := false
	buildError(t, "h.0.attn: 8 channels do not divide into 3 heads", func(s *graph.Scope) {
		x := s.Input("x", tensor.Float32, 2, 8)
		attn := s.In("h").At(0).In("attn")
		y := attn.Failf("%d channels do not divide into %d heads", 8, 3)
		s.In("later").Failf("another error")
		d := s.Dims(y, 3) // a layer that computes with the sizes of a failed node
		if want := []int{1, 1, 1}; !slices.Equal(d, want) {
			t.Errorf("Dims of a stand-in: got %v, want %v", d, want)
		}
		w := s.Param("w", graph.XavierUniform(), d[0]*7, d[1]/d[2])
		y = s.Try(ops.Linear(y, w, s.Param("w", graph.Zeros(), 3), ops.LinearOptions{}))
		y = s.Add(s.Try(ops.Attention(ops.Operands{Q: y}, ops.AttentionOptions{Heads: 3})), x)
		y = s.Add(s.Try(G.Tanh(y)), s.State("keys", 1))
		y = s.Add(y, s.Try(ops.Dropout(s.Constant(nil), s.Stream(), 0.5, s.Key())))
		y = s.Add(y, s.Try(ops.Reshape(s.Try(nil, nil), 1, 1)))
		s.Output("y", y)
		s.Output("y", y)
		s.Minimize(y)
		reached = true
	})
	if !reached {
		t.Error("the declaration was left before its end")
	}
}

func TestDeclarationErrors(t *testing.T) {
	other := G.NewScalar(G.NewGraph(), tensor.Float32, G.WithName("foreign"))
	for _, c := range []struct {
		name, words string
		declare     func(s *graph.Scope)
	}{
		{"nothing", "nothing is declared", func(*graph.Scope) {}},
		{"twice", "a.w: |parameter |twice", func(s *graph.Scope) {
			s.In("a").Param("w", graph.Zeros(), 2)
			s.In("a").Param("w", graph.Zeros(), 2)
		}},
		{"shape", "w: |(2, 3)|(3, 2)", func(s *graph.Scope) {
			s.Param("w", graph.Zeros(), 2, 3)
			s.Param("w", graph.Zeros(), 3, 2)
		}},
		{"no axes", "w: |no axes", func(s *graph.Scope) { s.Param("w", graph.Zeros()) }},
		{"empty", "w: |(2, 0)", func(s *graph.Scope) { s.Param("w", graph.Zeros(), 2, 0) }},
		{"negative", "w: |(-1)", func(s *graph.Scope) { s.Param("w", graph.Zeros(), -1) }},
		{"xavier", "w: |(2, 3, 4)|matrix", func(s *graph.Scope) { s.Param("w", graph.XavierUniform(), 2, 3, 4) }},
		{"input twice", "input x|twice", func(s *graph.Scope) {
			s.Input("x", tensor.Int32, 2)
			s.Input("x", tensor.Int32, 2)
		}},
		{"input type", "input x|float64|float32", func(s *graph.Scope) { s.Input("x", tensor.Float64, 2) }},
		{"input shape", "input x|(2, 0)", func(s *graph.Scope) { s.Input("x", tensor.Float32, 2, 0) }},
		{"input scalar", "input x|()", func(s *graph.Scope) { s.Input("x", tensor.Float32) }},
		{"state", "cache.k: |(0)", func(s *graph.Scope) { s.In("cache").State("k", 0) }},
		{"state twice", "k: |twice", func(s *graph.Scope) { s.Add(s.State("k", 1), s.State("k", 1)) }},
		{"constant", "constant|float64|float32", func(s *graph.Scope) { s.Constant(graphtest.Dense(tensor.Float64, []float64{1}, 1)) }},
		{"nil constant", "constant", func(s *graph.Scope) { s.Constant(nil) }},
		{"output twice", "output y|twice", func(s *graph.Scope) {
			x := s.Input("x", tensor.Float32, 1)
			s.Output("y", x)
			s.Output("y", x)
		}},
		{"nil", "h: node is nil", func(s *graph.Scope) { s.In("h").Output("y", nil) }},
		{"nil try", "node is nil", func(s *graph.Scope) { s.Try(nil, nil) }},
		{"other graph", "foreign|another graph", func(s *graph.Scope) { s.Try(other, nil) }},
		{"other graph", "ops: Add", func(s *graph.Scope) { s.Add(s.Input("x", tensor.Float32, 1), other) }},
		{"loss", "loss|float32|(2)|scalar", func(s *graph.Scope) { s.Minimize(s.Param("w", graph.Zeros(), 2)) }},
		{"loss type", "loss|int32", func(s *graph.Scope) { s.Minimize(s.Input("x", tensor.Int32, 1)) }},
		{"two losses", "loss|twice", func(s *graph.Scope) {
			loss := graphtest.Loss(s, s.Param("w", graph.Zeros(), 2))
			s.Minimize(loss)
			s.Minimize(loss)
		}},
		{"dims", "h.1: |(2, 3)|2 axes, want 3", func(s *graph.Scope) { s.In("h").At(1).Dims(s.Input("x", tensor.Float32, 2, 3), 3) }},
		{"dims of nil", "nil, want 3 axes", func(s *graph.Scope) { s.Dims(nil, 3) }},
		{"panic", "panic: oh", func(*graph.Scope) { panic("oh") }},
		{"panic below", "h.3.attn: panic: oh", func(s *graph.Scope) { s.In("h").At(3).In("attn"); panic("oh") }},
		{"nil loss", "h: node is nil", func(s *graph.Scope) { s.In("h").Minimize(nil) }},
		{"too large", "w: |(1048576, 1048577)|more than 1099511627776", func(s *graph.Scope) { s.Param("w", graph.Zeros(), 1<<20, 1<<20+1) }},
		{"product overflows", "input x|more than 1099511627776", func(s *graph.Scope) { s.Input("x", tensor.Float32, 1<<32, 1<<32) }},
		{"product overflows", "k: state|more than 1099511627776", func(s *graph.Scope) { s.State("k", 1<<32, 1<<32) }},
		{"raw input", "Scope.Input", func(s *graph.Scope) {
			x := s.Input("x", tensor.Float32, 2)
			s.Output("y", s.Add(x, G.NewVector(x.Graph(), tensor.Float32, G.WithShape(2), G.WithName("raw"))))
		}},
		{"update", "Cache|Scope.State", func(s *graph.Scope) {
			x := s.Input("x", tensor.Float32, 1, 2, 3)
			s.Output("y", s.Try(ops.Cache(x, x, s.Input("past", tensor.Int32, 1), ops.CacheOptions{})))
		}},
	} {
		t.Run(c.name, func(t *testing.T) { buildError(t, c.words, c.declare) })
	}
	_, err := graph.Build(graph.NewParams(tensor.Float32, 1), 7, func(*graph.Scope) {})
	checkError(t, err, "graph: build: unknown mode 7")
	_, err = graph.Build(nil, graph.Train, func(*graph.Scope) {})
	checkError(t, err, "graph: build: parameters false")
	_, err = graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, nil)
	checkError(t, err, "graph: build: |declaration false")
	_, err = graph.Build(graph.NewParams(tensor.Int32, 1), graph.Train, func(s *graph.Scope) { s.Param("w", graph.Zeros(), 2) })
	checkError(t, err, "graph: build: |int32|float32 or float64")
}

// TestErrorAfterPanic: a panic after an error of the declaration is its consequence.
func TestErrorAfterPanic(t *testing.T) {
	_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) {
		s.In("a").Failf("the cause")
		panic("the consequence")
	})
	checkError(t, err, "graph: build: a: the cause")
	if strings.Contains(err.Error(), "consequence") {
		t.Errorf("got %q, want no consequence in it", err)
	}
}

func TestScopeNames(t *testing.T) {
	params := graph.NewParams(tensor.Float64, 5)
	for _, mode := range []graph.Mode{graph.Train, graph.Eval, graph.Decode} {
		p := buildOver(t, params, mode, func(s *graph.Scope) {
			in := s.In("h").At(3).In("attn")
			if got := s.Path() + "|" + in.Path(); got != "|h.3.attn" {
				t.Errorf("paths: got %q, want |h.3.attn", got)
			}
			if s.Mode() != mode || s.Training() != (mode == graph.Train) || s.Dtype() != tensor.Float64 {
				t.Errorf("got mode %v, training %t, type %v, want %v", s.Mode(), s.Training(), s.Dtype(), mode)
			}
			if in.Key() == s.Key() || in.Key() != kernel.Key(5, "h.3.attn") {
				t.Errorf("got key %d, want one of seed and path", in.Key())
			}
			s.Output("x", s.Input("x", tensor.Float64, 2))
		})
		if p.Mode() != mode || p.Params() != params || !slices.Equal(p.InputShape("x"), []int{2}) || p.InputShape("y") != nil {
			t.Errorf("got %v, shape %v, want a program for %v", p, p.InputShape("x"), mode)
		}
	}
}

// TestConstantIsCopied: later changes of a tensor do not reach the graph.
func TestConstantIsCopied(t *testing.T) {
	x := floats([]float32{9, 1, 2}, 3)
	part, err := x.Slice(G.S(1, 3))
	check(t, err)
	p := build(t, func(s *graph.Scope) { s.Output("y", s.Try(ops.Scale(s.Constant(part.(*tensor.Dense)), 1))) })
	x.Zero()
	check(t, p.Run(nil))
	if got, want := p.Output("y").Float32s(), []float32{1, 2}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestConstantWithGaps: a tensor that is not stored row by row is refused, not misread.
func TestConstantWithGaps(t *testing.T) {
	whole := floats([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	column, err := whole.Slice(nil, G.S(1))
	check(t, err)
	turned := whole.Clone().(*tensor.Dense)
	check(t, turned.T())
	for _, c := range []*tensor.Dense{column.(*tensor.Dense), turned, tensor.New(tensor.WithShape(2, 2), tensor.AsFortran([]float32{1, 2, 3, 4}))} {
		buildError(t, "constant|not contiguous", func(s *graph.Scope) { s.Output("y", s.Constant(c)) })
	}
}
