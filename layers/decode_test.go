package layers_test

import (
	"fmt"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers"
)

// stepwise bounds the difference of float64 results whose sums over the keys use other tiles.
const stepwise = 1e-12

// decodes lists the layers that decode with a cache.
var decodes = []struct {
	name    string
	forward func(s *graph.Scope, x *G.Node, seq layers.Sequence) *G.Node
}{
	{"SelfAttention", layers.SelfAttention{Heads: 2, Causal: true}.Forward},
	{"Window", layers.SelfAttention{Heads: 2, Causal: true, Window: 3}.Forward},
	{"RoPE", layers.SelfAttention{Heads: 2, HeadDim: 4, Causal: true, Positions: rotary}.Forward},
	{"RoPE/dynamic", layers.SelfAttention{Heads: 2, HeadDim: 4, Causal: true, Positions: dynamic}.Forward},
	{"RoPE/longrope", layers.SelfAttention{Heads: 2, HeadDim: 4, Causal: true, Positions: longRoPE}.Forward},
	{"Gemma", layers.SelfAttention{
		Heads: 4, KVHeads: 2, HeadDim: 4, Causal: true, Window: 4, Names: layers.LlamaAttention, QKNorm: true, Softcap: 2, Positions: rotary,
	}.Forward},
	{"ALiBi", layers.SelfAttention{Heads: 3, Causal: true, Names: layers.BLOOMAttention, Positions: alibi}.Forward},
	{"T5", layers.SelfAttention{Heads: 3, Causal: true, Names: layers.T5Attention, Positions: t5, Std: 0.5}.Forward},
	{"Shaw", layers.SelfAttention{Heads: 4, KVHeads: 2, HeadDim: 3, Causal: true, Window: 7, Positions: shaw, Std: 0.5}.Forward},
	{"Block", Block{Heads: 3, Window: 4, Dropout: 0.5, AttnDropout: 0.5}.Forward},
	{"LearnedPositions", layers.LearnedPositions{Max: 10}.Forward},
	{"SinusoidalPositions", layers.SinusoidalPositions{}.Forward},
	{"GRU", layers.GRU{Layers: 2, Dropout: 0.5}.Forward},
	{"LSTM", layers.LSTM{Layers: 2, Dropout: 0.5}.Forward},
}

// TestCachedDecoding: a layer that decodes a few positions at a time returns the results for the whole sequence.
func TestCachedDecoding(t *testing.T) {
	const b, context, c = 2, 10, 6
	x := make([]float64, b*context*c)
	kernel.Normal(x, kernel.Seed{Key: 1}, 0, 1)
	for _, d := range decodes {
		for _, step := range []int{1, 2, 5, 10} {
			t.Run(fmt.Sprint(d.name, "/", step), func(t *testing.T) {
				params := graph.NewParams(tensor.Float64, 1)
				whole := build(t, params, graph.Eval, func(s *graph.Scope) {
					s.Output("y", d.forward(s, s.Input("x", tensor.Float64, b, context, c), layers.Sequence{}))
				})
				if err := whole.Run(graph.Feed{"x": graphtest.Dense(tensor.Float64, x, b, context, c)}); err != nil {
					t.Fatal(err)
				}
				cached := build(t, params, graph.Decode, func(s *graph.Scope) {
					in := s.Input("x", tensor.Float64, b, step, c)
					s.Output("y", d.forward(s, in, layers.DecodeInputs(s, b, step, context)))
				})
				for past := 0; past < context; past += step {
					feed := graph.Feed{
						"x":         graphtest.Dense(tensor.Float64, steps(x, b, past, step), b, step, c),
						"past":      graphtest.Ints(slices.Repeat([]int32{int32(past)}, b), b),
						"positions": graphtest.Ints(slices.Repeat(from(past, step), b), b, step),
					}
					for name := range feed {
						if cached.InputShape(name) == nil {
							delete(feed, name)
						}
					}
					if err := cached.Run(feed); err != nil {
						t.Fatal(err)
					}
					want := graphtest.Dense(tensor.Float64, steps(whole.Output("y").Float64s(), b, past, step), b, step, c)
					if diff := graphtest.MaxDifference(cached.Output("y"), want); !(diff <= stepwise) {
						t.Errorf("positions %d to %d differ by %g, want at most %g", past, past+step-1, diff, stepwise)
					}
				}
			})
		}
	}
}

// steps returns n positions of every sequence of x, (b, T, C).
func steps(x []float64, b, first, n int) []float64 {
	const context, c = 10, 6
	var out []float64
	for i := range b {
		out = append(out, x[(i*context+first)*c:][:n*c]...)
	}
	return out
}

// from returns n consecutive numbers.
func from(first, n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(first + i)
	}
	return out
}

// TestRememberedMemory: cross-attention in mode Decode returns the same over a memory, over the keys and values that Forward has
// cached, and over those that Remember has cached.
func TestRememberedMemory(t *testing.T) {
	for _, names := range []layers.AttentionNames{{}, layers.T5Attention} {
		t.Run(names.QKV+names.Q, func(t *testing.T) { rememberedMemory(t, layers.CrossAttention{Heads: 3, Names: names}) })
	}
}

func rememberedMemory(t *testing.T, l layers.CrossAttention) {
	const b, steps, sources, c = 2, 3, 5, 6
	params := graph.NewParams(tensor.Float64, 1)
	random := func(key uint64, shape ...int) *tensor.Dense {
		v := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(shape...))
		kernel.Normal(v.Float64s(), kernel.Seed{Key: key}, 0, 1)
		return v
	}
	feed := graph.Feed{"x": random(1, b, steps, c), "memory": random(2, b, sources, c), "lengths": graphtest.Ints([]int32{5, 2}, b)}
	direct := func(s *graph.Scope) {
		m := layers.Memory{X: s.Input("memory", tensor.Float64, b, sources, c), Lengths: s.Input("lengths", tensor.Int32, b)}
		s.Output("y", l.Forward(s, s.Input("x", tensor.Float64, b, steps, c), m))
	}
	reads := build(t, params, graph.Decode, func(s *graph.Scope) {
		m := layers.Memory{S: sources, Lengths: s.Input("lengths", tensor.Int32, b)}
		s.Output("y", l.Forward(s, s.Input("x", tensor.Float64, b, steps, c), m))
	})
	remember := build(t, params, graph.Decode, func(s *graph.Scope) {
		l.Remember(s, layers.Memory{X: s.Input("memory", tensor.Float64, b, sources, c)})
	})
	eval, writes := build(t, params, graph.Eval, direct), build(t, params, graph.Decode, direct)
	if err := eval.Run(feed); err != nil {
		t.Fatal(err)
	}
	for name, first := range map[string]*graph.Program{"Forward": writes, "Remember": remember} {
		inputs := graph.Feed{"memory": feed["memory"]}
		if first == writes {
			inputs = feed
		}
		if err := first.ShareStates(reads); err != nil {
			t.Fatal(err)
		}
		reads.Reset()
		if err := first.Run(inputs); err != nil {
			t.Fatal(err)
		}
		if err := reads.Run(graph.Feed{"x": feed["x"], "lengths": feed["lengths"]}); err != nil {
			t.Fatal(err)
		}
		if d := graphtest.MaxDifference(reads.Output("y"), eval.Output("y")); !(d <= stepwise) {
			t.Errorf("over the memory cached by %s: differs by %g, want at most %g", name, d, stepwise)
		}
	}
}
