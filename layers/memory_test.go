package layers_test

import (
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// TestMemoryIsLinear: twice the tokens need at most 2.1 times the memory of values, forward and backward, with every option of
// attention. Shaw's positions store the scores, so they show that the test detects memory of T×T.
func TestMemoryIsLinear(t *testing.T) {
	causal := layers.SelfAttention{Heads: 6, Causal: true}
	for name, change := range map[string]func(*layers.SelfAttention){
		"causal":       func(*layers.SelfAttention) {},
		"both ways":    func(l *layers.SelfAttention) { l.Causal = false },
		"grouped":      func(l *layers.SelfAttention) { l.KVHeads = 2 },
		"RoPE":         func(l *layers.SelfAttention) { l.Positions = rotary },
		"RoPE, Llama":  func(l *layers.SelfAttention) { l.Positions, l.Names = rotary, layers.LlamaAttention },
		"RoPE, QKNorm": func(l *layers.SelfAttention) { l.Positions, l.QKNorm = rotary, true },
		"ALiBi":        func(l *layers.SelfAttention) { l.Positions = alibi },
		"T5":           func(l *layers.SelfAttention) { l.Positions = t5 },
		"T5 both ways": func(l *layers.SelfAttention) { l.Positions, l.Causal = t5, false },
		"softcap":      func(l *layers.SelfAttention) { l.Softcap = 50 },
		"window":       func(l *layers.SelfAttention) { l.Window = 256 },
		"dropout":      func(l *layers.SelfAttention) { l.Dropout = 0.1 },
		"packed texts": nil,
		"Shaw":         func(l *layers.SelfAttention) { l.Positions = shaw },
	} {
		l := causal
		if change != nil {
			change(&l)
		}
		var last float64
		for _, n := range []int{1024, 2048, 4096, 8192} {
			got := attentionMegabytes(t, l, n, change == nil)
			if last > 0 && (got/last <= 2.1) == (name == "Shaw") {
				t.Errorf("%s: %d tokens need %.1f times the memory of %d", name, n, got/last, n/2)
			}
			t.Logf("%s: T = %d: %.1f MB", name, n, got)
			last = got
		}
	}
}

// attentionMegabytes returns the memory of the values of a training step on one sequence of n tokens.
func attentionMegabytes(t *testing.T, l layers.SelfAttention, n int, packed bool) float64 {
	t.Helper()
	e, err := graph.Estimate(graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) {
		x := s.Input("x", tensor.Float32, 1, n, 384)
		var seq layers.Sequence
		if packed {
			input := func(name string) *G.Node { return s.Input(name, tensor.Int32, 1, n) }
			seq = layers.Sequence{Starts: input("starts"), Ends: input("ends"), Positions: input("positions")}
		}
		s.Minimize(s.Try(ops.CrossEntropy(l.Forward(s, x, seq), s.Input("targets", tensor.Int32, 1, n), 0)))
	})
	if err != nil {
		t.Fatal(err)
	}
	return float64(e.Memory.Arena+e.Memory.Accumulate+e.Memory.Inputs) / 1e6
}
