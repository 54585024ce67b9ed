package layers_test

import (
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers"
)

// scaled is RoPE with a rule of scaling, for heads of 4 channels and texts of 4 tokens in training.
func scaled(k layers.RoPEScaling) layers.Positions {
	k.Original = 4
	if k.Factor == 0 {
		k.Factor = 3
	}
	return layers.Positions{RoPE: layers.RoPE{Theta: 100, Scaling: k}}
}

var (
	dynamic  = scaled(layers.RoPEScaling{Kind: layers.RoPEDynamic})
	longRoPE = scaled(layers.RoPEScaling{Kind: layers.RoPELongRoPE, Short: layers.NewFactors(1, 2), Long: layers.NewFactors(3, 5)})
)

// positional lists attentions with every rule and every combination of positions, masks and softcap that other cases lack.
var positional = []part{
	grouped("RoPE/linear", layers.SelfAttention{Causal: true, Positions: scaled(layers.RoPEScaling{Kind: layers.RoPELinear})}, false),
	grouped("RoPE/ntk", layers.SelfAttention{Causal: true, Positions: scaled(layers.RoPEScaling{Kind: layers.RoPENTK})}, false),
	grouped("RoPE/dynamic", layers.SelfAttention{Causal: true, Positions: dynamic}, true),
	grouped("RoPE/yarn", layers.SelfAttention{Causal: true, Names: layers.LlamaAttention, Positions: scaled(layers.RoPEScaling{Kind: layers.RoPEYaRN})}, false),
	grouped("RoPE/llama3", layers.SelfAttention{Positions: scaled(layers.RoPEScaling{Kind: layers.RoPELlama3})}, false),
	grouped("RoPE/longrope", layers.SelfAttention{Causal: true, Positions: longRoPE}, false),
	grouped("RoPE and ALiBi", layers.SelfAttention{Causal: true, Positions: layers.Positions{RoPE: rotary.RoPE, ALiBi: alibi.ALiBi}}, false),
	grouped("ALiBi/grouped", layers.SelfAttention{Causal: true, Positions: alibi, Softcap: 2, Window: 3}, true),
	grouped("T5/grouped", layers.SelfAttention{Causal: true, Positions: t5, Softcap: 2, Window: 3, Std: 0.5}, true),
	grouped("T5 and ALiBi", layers.SelfAttention{Positions: layers.Positions{T5: t5.T5, ALiBi: alibi.ALiBi}, Std: 0.5}, true),
	grouped("Shaw/both ways", layers.SelfAttention{Positions: shaw, Window: 2, Std: 0.5}, true),
	grouped("Shaw and RoPE", layers.SelfAttention{Causal: true, Positions: layers.Positions{RoPE: rotary.RoPE, Shaw: shaw.Shaw}, Std: 0.5}, false),
	packed("packed texts", layers.SelfAttention{Positions: rotary}),
	packed("packed texts/ALiBi", layers.SelfAttention{Causal: true, Positions: alibi}),
	packed("packed texts/T5", layers.SelfAttention{Positions: t5, Std: 0.5}),
	packed("packed texts/Softcap", layers.SelfAttention{Causal: true, Positions: rotary, Softcap: 1.5, Window: 3}),
}

// packed is an attention to tokens of the same packed text only, with positions that begin again.
func packed(name string, l layers.SelfAttention) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		l.Heads, l.HeadDim = z.h, 4
		return l.Forward(s, x, halves(s, z))
	}}
}

// halves bounds the keys of each token to the half of the sequence that holds it. Positions begin again in the second half.
func halves(s *graph.Scope, z size) layers.Sequence {
	starts, ends, positions := make([]int32, z.b*z.t), make([]int32, z.b*z.t), make([]int32, z.b*z.t)
	for i := range starts {
		if t := i % z.t; t < z.t/2 {
			ends[i], positions[i] = int32(z.t/2), int32(t)
		} else {
			starts[i], ends[i], positions[i] = int32(z.t/2), int32(z.t), int32(t-z.t/2)
		}
	}
	ints := func(v []int32) *G.Node { return s.Constant(graphtest.Ints(v, z.b, z.t)) }
	return layers.Sequence{Starts: ints(starts), Ends: ints(ends), Positions: ints(positions)}
}
