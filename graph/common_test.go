package graph_test

import (
	"cmp"
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

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// build makes a float32 Program over new weights.
func build(t testing.TB, declare func(*graph.Scope)) *graph.Program {
	t.Helper()
	return buildOver(t, graph.NewParams(tensor.Float32, 1), graph.Train, declare)
}

func buildOver(t testing.TB, params *graph.Params, mode graph.Mode, declare func(*graph.Scope)) *graph.Program {
	t.Helper()
	p, err := graph.Build(params, mode, declare)
	check(t, err)
	return p
}

// checkError requires an error that contains all words. They are separated by |.
func checkError(t testing.TB, err error, words string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", words)
	}
	for w := range strings.SplitSeq(words, "|") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got error %q, want %q in it", err, w)
		}
	}
}

// buildError requires Build to fail.
func buildError(t testing.TB, words string, declare func(*graph.Scope)) {
	t.Helper()
	_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, declare)
	checkError(t, err, "graph: build: |"+words)
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("got an error of several lines, want one: %v", err)
	}
}

// grad returns a copy of the gradient of a parameter.
func grad(t testing.TB, p *graph.Program, name string) []float32 {
	t.Helper()
	for _, w := range p.Weights() {
		if w.Name() == name {
			g, err := w.Grad()
			check(t, err)
			return slices.Clone(g.(*tensor.Dense).Float32s())
		}
	}
	t.Fatalf("%s is not trained", name)
	return nil
}

// results returns copies of the loss and of all outputs and gradients, for comparison bit for bit.
func results(t testing.TB, p *graph.Program, outputs ...string) [][]float32 {
	t.Helper()
	r := [][]float32{{float32(p.Loss())}}
	for _, name := range outputs {
		r = append(r, slices.Clone(p.Output(name).Float32s()))
	}
	for _, w := range p.Weights() {
		r = append(r, grad(t, p, w.Name()))
	}
	return r
}

func sameBits(a, b [][]float32) bool { return slices.EqualFunc(a, b, slices.Equal[[]float32]) }

// floats returns a tensor of float32.
func floats(x []float32, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(slices.Clone(x)))
}

// random returns a tensor of float32 between −1 and 1.
func random(key uint64, shape ...int) *tensor.Dense {
	x := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(shape...))
	kernel.Uniform(x.Float32s(), kernel.Seed{Key: key}, -1, 1)
	return x
}

// gpt is the sizes of a language model of our operations. Its declaration reads like a model of package layers.
// context is the number of positions; 0 means t.
type gpt struct{ b, t, c, heads, vocab, blocks, context int }

// small needs loops that are split between several workers.
var small = gpt{b: 2, t: 24, c: 64, heads: 4, vocab: 97, blocks: 2}

func (m gpt) declare(s *graph.Scope) {
	tokens := s.Input("tokens", tensor.Int32, m.b, m.t)
	wte := s.In("wte").Param("weight", graph.Normal(0.2), m.vocab, m.c)
	wpe := s.In("wpe").Param("weight", graph.Normal(0.2), cmp.Or(m.context, m.t), m.c)
	if m.context > 0 {
		wpe = s.Try(ops.Slice(wpe, 0, 0, m.t)) // (T, C)
	}
	x := s.Add(s.Try(ops.Embedding(wte, tokens)), wpe) // (B, T, C)
	x = dropped(s.In("drop"), x)
	for _, at := range s.In("h").Parts(m.blocks) {
		x = m.block(at, x)
	}
	x = layerNorm(s.In("ln_f"), x)
	logits := s.Try(ops.Linear(x, wte, nil, ops.LinearOptions{})) // (B, T, V)
	s.Output("logits", logits)
	s.Minimize(s.Try(ops.CrossEntropy(logits, s.Input("targets", tensor.Int32, m.b, m.t), 0)))
}

func (m gpt) block(s *graph.Scope, x *G.Node) *G.Node {
	y := layerNorm(s.In("ln_1"), x)
	y = linear(s.In("attn"), y, 3*m.c, kernel.Identity) // (B, T, 3·C)
	y = s.In("attn").Try(ops.Attention(ops.Operands{Q: y}, ops.AttentionOptions{Heads: m.heads, Causal: true}))
	x = s.Add(x, dropped(s.In("attn"), linear(s.In("proj"), y, m.c, kernel.Identity)))
	y = layerNorm(s.In("ln_2"), x)
	y = linear(s.In("mlp").In("fc"), y, 4*m.c, kernel.GELUTanh)
	return s.Add(x, linear(s.In("mlp").In("proj"), y, m.c, kernel.Identity))
}

func (m gpt) feed() graph.Feed {
	ids := func(key uint64) *tensor.Dense {
		x := make([]int32, m.b*m.t)
		for i := range x {
			x[i] = int32(kernel.Seed{Key: key}.Uint32(uint64(i)) % uint32(m.vocab))
		}
		return graphtest.Ints(x, m.b, m.t)
	}
	return graph.Feed{"tokens": ids(1), "targets": ids(2)}
}

func layerNorm(s *graph.Scope, x *G.Node) *G.Node {
	c := x.Shape()[x.Dims()-1]
	return s.Try(ops.LayerNorm(x, s.Param("weight", graph.Ones(), c), s.Param("bias", graph.Zeros(), c), 1e-5))
}

func linear(s *graph.Scope, x *G.Node, out int, act kernel.Activation) *G.Node {
	in := x.Shape()[x.Dims()-1]
	w := s.Param("weight", graph.Normal(0.2), out, in)
	return s.Try(ops.Linear(x, w, s.Param("bias", graph.Zeros(), out), ops.LinearOptions{Act: act}))
}

func dropped(s *graph.Scope, x *G.Node) *G.Node {
	if !s.Training() {
		return x
	}
	return s.Try(ops.Dropout(x, s.Stream(), 0.1, s.Key()))
}
