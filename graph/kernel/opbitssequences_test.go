package kernel_test

import (
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// attentionBits are 2 sequences of 150 tokens, 4 heads of 24 channels.
func attentionBits() []opBits {
	const b, t, h, d = 2, 150, 4, 24
	causal := ops.AttentionOptions{Heads: h, Causal: true}
	var list []opBits
	add := func(name string, o ops.AttentionOptions, more func(s *graph.Scope, in *ops.Operands)) {
		list = append(list, opBits{name: "Attention/" + name, declare: func(s *graph.Scope) *G.Node {
			kv := h
			if o.KVHeads > 0 {
				kv = o.KVHeads
			}
			in := ops.Operands{Q: operand(s, "q", b, t, h*d), K: operand(s, "k", b, t, kv*d), V: operand(s, "v", b, t, kv*d)}
			more(s, &in)
			return s.Try(ops.Attention(in, o))
		}})
	}
	plain := func(*graph.Scope, *ops.Operands) {}
	add("causal", causal, plain)
	add("whole", ops.AttentionOptions{Heads: h}, plain)
	add("grouped", ops.AttentionOptions{Heads: h, KVHeads: 2, Causal: true}, plain)
	add("window", ops.AttentionOptions{Heads: h, Causal: true, Window: 40}, plain)
	add("softcap", ops.AttentionOptions{Heads: h, Causal: true, Softcap: 2}, plain)
	add("dropout", ops.AttentionOptions{Heads: h, Causal: true, Dropout: 0.2, Key: 3}, func(s *graph.Scope, in *ops.Operands) { in.Stream = s.Stream() })
	add("lengths", causal, func(s *graph.Scope, in *ops.Operands) { in.Lengths = someInts(s, 150, 61) })
	add("spans", ops.AttentionOptions{Heads: h}, func(s *graph.Scope, in *ops.Operands) {
		in.Starts, in.Ends = manyIDs(s, 70, b, t), manyIDs(s, 150, b, t)
	})
	add("distance", causal, func(s *graph.Scope, in *ops.Operands) { in.Distance = operand(s, "distance", h, 2*t-1) })
	add("distance shared", causal, func(s *graph.Scope, in *ops.Operands) { in.Distance = operand(s, "distance", 1, 2*t-1) })
	add("bias", causal, func(s *graph.Scope, in *ops.Operands) { in.Bias = operand(s, "bias", b, h, t, t) })
	add("bias shared", causal, func(s *graph.Scope, in *ops.Operands) { in.Bias = operand(s, "bias", 1, 1, t, t) })
	packed := func(s *graph.Scope) ops.Operands { return ops.Operands{Q: operand(s, "qkv", b, t, 3*h*d)} }
	return append(list,
		opBits{name: "Attention/packed", declare: func(s *graph.Scope) *G.Node { return s.Try(ops.Attention(packed(s), causal)) }},
		opBits{name: "AttentionProbabilities", mode: graph.Eval, declare: func(s *graph.Scope) *G.Node {
			return s.Try(ops.AttentionProbabilities(packed(s), causal))
		}},
		opBits{name: "AttentionScores", mode: graph.Eval, declare: func(s *graph.Scope) *G.Node {
			return s.Try(ops.AttentionScores(packed(s), causal))
		}})
}

// recurrentBits are 5 sequences of 9 steps with 96 states.
func recurrentBits() []opBits {
	const b, t, h = 5, 9, 96
	operands := func(s *graph.Scope, gates int) ops.Recurrence {
		return ops.Recurrence{X: operand(s, "x", b, t, gates*h), W: operand(s, "w", gates*h, h), Bias: operand(s, "b", gates*h)}
	}
	begun := func(s *graph.Scope, gates int) ops.Recurrence {
		in := operands(s, gates)
		in.H, in.Lengths = operand(s, "h", b, h), someInts(s, 9, 0, 4, 1, 9)
		return in
	}
	past := func(s *graph.Scope) *G.Node { return someInts(s, 0, 3, 1, 5, 2) }
	return []opBits{
		{name: "GRU", declare: func(s *graph.Scope) *G.Node { return s.Try(ops.GRU(begun(s, 3))) }},
		{name: "LSTM", declare: func(s *graph.Scope) *G.Node {
			in := begun(s, 4)
			in.C = operand(s, "c", b, h)
			return s.Try(ops.LSTM(in))
		}},
		{name: "GRUCache", mode: graph.Decode, declare: func(s *graph.Scope) *G.Node {
			return s.Try(ops.GRUCache(s.State("cache", b, 20, h), past(s), operands(s, 3)))
		}},
		{name: "LSTMCache", mode: graph.Decode, declare: func(s *graph.Scope) *G.Node {
			return s.Try(ops.LSTMCache(s.State("cache", b, 20, 2*h), past(s), operands(s, 4)))
		}},
	}
}
