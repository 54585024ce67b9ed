package graph_test

import (
	"math"
	"regexp"
	"runtime"
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

// block declares the operations of a Transformer block over (B, T, C), with dropout in training.
func block(b, t, c, v int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		table := s.In("wte").Param("weight", graph.Normal(0.5), v, c)
		x := s.In("wte").Try(ops.Embedding(table, s.Input("tokens", tensor.Int32, b, t)))
		h := s.In("h").At(0)
		y := h.In("ln").Try(ops.LayerNorm(x, h.Param("w", graph.Ones(), c), h.Param("b", graph.Zeros(), c), 1e-5))
		qkv := h.In("attn").Try(ops.Linear(y, h.In("attn").Param("weight", graph.Normal(0.3), 3*c, c), nil, ops.LinearOptions{}))
		x = h.Add(x, h.In("attn").Try(ops.Attention(ops.Operands{Q: qkv}, ops.AttentionOptions{Heads: 2, Causal: true})))
		if s.Training() {
			x = h.Try(ops.Dropout(x, s.Stream(), 0.1, h.Key()))
		}
		m := h.In("mlp")
		x = h.Add(x, m.Try(ops.Linear(x, m.Param("weight", graph.Normal(0.3), c, c), m.Param("bias", graph.Zeros(), c), ops.LinearOptions{Act: kernel.GELU})))
		s.Minimize(s.Try(ops.LinearCrossEntropy(x, table, s.Input("targets", tensor.Int32, b, t), 0)))
	}
}

func blockFeed(b, t, v int) graph.Feed {
	ids := make([]int32, b*t)
	for i := range ids {
		ids[i] = int32(i * 31 % v)
	}
	return graph.Feed{"tokens": graphtest.Ints(ids, b, t), "targets": graphtest.Ints(ids, b, t)}
}

func TestNoAllocation(t *testing.T) {
	p, feed := build(t, block(2, 8, 16, 11)), blockFeed(2, 8, 11)
	check(t, p.Run(feed))
	if n := testing.AllocsPerRun(50, func() { check(t, p.Run(feed)) }); n != 0 {
		t.Errorf("a run allocates %g times, want none", n)
	}
}

func TestProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var want [][]float32
	for _, n := range []int{1, 2, 4, 8} {
		runtime.GOMAXPROCS(n)
		p := build(t, block(3, 40, 64, 211))
		check(t, p.Run(blockFeed(3, 40, 211)))
		got := results(t, p)
		if want == nil {
			want = got
		}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("results with GOMAXPROCS=%d differ from those with 1", n)
		}
	}
}

func TestProfile(t *testing.T) {
	p := build(t, func(s *graph.Scope) {
		x, w := s.Input("x", tensor.Float32, 5, 3), s.In("h").At(7).Param("w", graph.Ones(), 4, 3)
		s.Output("y", s.In("h").At(7).Try(ops.Linear(x, w, nil, ops.LinearOptions{})))
	})
	feed := graph.Feed{"x": graphtest.Dense(tensor.Float32, make([]float64, 15), 5, 3)}
	prof, err := p.Profile(func() error {
		check(t, p.Run(feed))
		return p.Run(feed)
	})
	check(t, err)
	if prof.Runs != 2 || len(prof.ByOp) != 1 || len(prof.ByPath) != 1 {
		t.Fatalf("got %d runs, %d operations, %d paths, want 2, 1, 1", prof.Runs, len(prof.ByOp), len(prof.ByPath))
	}
	got := prof.ByOp[0]
	if got.Name != "Linear" || got.Calls != 2 || got.FLOPs != 2*(2*5*4*3) || got.Bytes != 2*4*(15+12+20) || got.Time <= 0 {
		t.Errorf("got %+v, want 2 calls of Linear of %d operations and %d bytes each", got, 2*5*4*3, 4*(15+12+20))
	}
	if prof.ByPath[0].Name != "h.*" {
		t.Errorf("got path %q, want h.*", prof.ByPath[0].Name)
	}
	for _, word := range []string{"2 runs", "Linear", "h.*", "GFLOP/s", "GB/s"} {
		if !strings.Contains(prof.String(), word) {
			t.Errorf("the table has no %q:\n%s", word, prof)
		}
	}
}

func TestDot(t *testing.T) {
	dot := build(t, block(2, 4, 8, 5)).Dot()
	if strings.Count(dot, "{") != strings.Count(dot, "}") {
		t.Error("braces do not match")
	}
	declared := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\s*(n\d+) \[label=`).FindAllStringSubmatch(dot, -1) {
		declared[m[1]] = true
	}
	edges := regexp.MustCompile(`(?m)^\s*(n\d+) -> (n\d+);`).FindAllStringSubmatch(dot, -1)
	if len(declared) < 10 || len(edges) < 10 {
		t.Fatalf("got %d nodes and %d edges, want the graph and its gradients", len(declared), len(edges))
	}
	for _, e := range edges {
		if !declared[e[1]] || !declared[e[2]] {
			t.Errorf("edge %s has an end that is no node", e[0])
		}
	}
	for _, word := range []string{`label="attn"`, `label="h"`, "Attention", "LinearBackward", "wte.weight"} {
		if !strings.Contains(dot, word) {
			t.Errorf("the drawing has no %s", word)
		}
	}
}

// counter declares a state with one row for each of b sequences, and writes rows to it.
func counter(b, rows int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x, past := s.Input("x", tensor.Float32, b, rows, 2), s.Input("past", tensor.Int32, b)
		s.Output("cache", s.In("h").Try(ops.Cache(s.In("h").State("key", b, 4, 2), x, past, ops.CacheOptions{})))
	}
}

func TestShareStates(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	one, two := buildOver(t, params, graph.Decode, counter(1, 1)), buildOver(t, params, graph.Decode, counter(1, 2))
	check(t, two.ShareStates(one))
	at := func(p *graph.Program, past int32, x ...float64) error {
		return p.Run(graph.Feed{"past": graphtest.Ints([]int32{past}, 1), "x": graphtest.Dense(tensor.Float32, x, 1, len(x)/2, 2)})
	}
	check(t, at(two, 0, 1, 2, 3, 4))
	check(t, at(one, 2, 5, 6))
	for _, p := range []*graph.Program{one, two} { // the output is the state, which is now the same memory
		if got, want := p.Output("cache").Float32s(), []float32{1, 2, 3, 4, 5, 6, 0, 0}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	checkError(t, at(two, 3, 1, 2, 3, 4), "h: Cache|positions 3 to 4|4")
	one.Reset()
	if got := two.State("h.key").Float32s(); slices.Max(got) != 0 {
		t.Errorf("after Reset the state is %v, want zeros", got)
	}
	other := buildOver(t, params, graph.Decode, counter(2, 1))
	checkError(t, other.ShareStates(one), "h.key|(2, 4, 2)|(1, 4, 2)")
}

// TestSolvers runs a Program in the same way as a plain Gorgonia program.
func TestSolvers(t *testing.T) {
	for name, solver := range map[string]G.Solver{"vanilla": G.NewVanillaSolver(G.WithLearnRate(0.1)), "adam": G.NewAdamSolver(G.WithLearnRate(0.1))} {
		p := build(t, func(s *graph.Scope) { // (w − 3)², from 1
			d := s.Try(ops.Sub(s.Param("w", graph.Ones(), 1), s.Constant(graphtest.Dense(tensor.Float32, []float64{3}, 1))))
			s.Minimize(s.Try(ops.Reshape(s.Try(ops.Mul(d, d)))))
		})
		var vm G.VM = p
		for range 200 {
			check(t, vm.RunAll())
			check(t, solver.Step(p.ValueGrads()))
		}
		check(t, vm.Close())
		if w := p.Params().Value("w").Float32s()[0]; math.Abs(float64(w)-3) > 0.05 {
			t.Errorf("%s ends at %v, want about 3", name, w)
		}
	}
}
