package layers_test

import (
	"cmp"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers"
)

// Block is GPT-2's block, as models.GPT makes it of a layers.PreNorm, x + attn(norm(x)) and then x + mlp(norm(x)): (B, T, C) → (B, T, C)
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
func (l Block) Forward(s *graph.Scope, x *G.Node, seq layers.Sequence) *G.Node {
	return layers.PreNorm{
		Attention: layers.SelfAttention{
			Heads: l.Heads, Causal: true, Window: l.Window, Dropout: l.AttnDropout, Names: layers.GPT2Attention, Std: l.Std, OutStd: l.OutStd,
		},
		MLP:     layers.MLP{Hidden: l.Hidden, Act: cmp.Or(l.Act, kernel.GELUTanh), Names: layers.GPT2MLP, Std: l.Std, OutStd: l.OutStd},
		Norm:    layers.Norm{Eps: l.Eps},
		Dropout: l.Dropout,
	}.Forward(s, x, seq)
}
