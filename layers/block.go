package layers

import (
	"cmp"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Block is GPT-2's pre-norm Transformer block, x + attn(norm(x)) and then x + mlp(norm(x)): (B, T, C) → (B, T, C)
// (Radford et al. 2019).
//
// Parameters: ln_1 and ln_2 as LayerNorm; attn as SelfAttention and mlp as MLP, both with GPT-2's names.
type Block struct {
	Heads       int
	Hidden      int               // hidden width of the MLP; 0 means 4C
	Act         kernel.Activation // Identity means GELUTanh
	Eps         float64
	Dropout     float64 // of the results of attn and mlp
	AttnDropout float64 // of the attention's probabilities
	Window      int
	Std, OutStd float64 // as in SelfAttention and MLP
}

// Forward declares the layer.
func (l Block) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	y := LayerNorm{Eps: l.Eps}.Forward(s.In("ln_1"), x)
	y = SelfAttention{
		Heads: l.Heads, Causal: true, Window: l.Window, Dropout: l.AttnDropout, Names: GPT2Attention, Std: l.Std, OutStd: l.OutStd,
	}.Forward(s.In("attn"), y, seq)
	x = s.Add(x, Dropout{l.Dropout}.Forward(s.In("attn.resid_dropout"), y))
	y = LayerNorm{Eps: l.Eps}.Forward(s.In("ln_2"), x)
	mlp := MLP{Hidden: l.Hidden, Act: cmp.Or(l.Act, kernel.GELUTanh), Names: GPT2MLP, Std: l.Std, OutStd: l.OutStd}
	y = mlp.Forward(s.In("mlp"), y)
	return s.Add(x, Dropout{l.Dropout}.Forward(s.In("mlp.resid_dropout"), y))
}
