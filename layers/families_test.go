package layers_test

import (
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// Schemes of positions. Large standard deviations make their tables matter.
var (
	rotary      = layers.Positions{RoPE: layers.RoPE{Theta: 100}}
	interleaved = layers.Positions{RoPE: layers.RoPE{Dim: 2, Interleaved: true, Scaling: layers.RoPEScaling{Kind: layers.RoPELinear, Factor: 2}}}
	alibi       = layers.Positions{ALiBi: layers.ALiBi{Max: 8}}
	t5          = layers.Positions{T5: layers.T5Bias{Buckets: 6, MaxDistance: 5}}
	shaw        = layers.Positions{Shaw: layers.Shaw{Max: 2}}
)

// grouped is an attention of 2·h heads that share h key-value heads of 4 channels.
func grouped(name string, l layers.SelfAttention, masked bool) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		l.Heads, l.KVHeads, l.HeadDim = 2*z.h, z.h, 4
		var seq layers.Sequence
		if masked {
			seq.Lengths = lengths(s, z.b, z.t)
		}
		return l.Forward(s, x, seq)
	}}
}

func preNorm(name string, l layers.PreNorm) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		l.Attention.Heads = z.h
		return l.Forward(s, x, layers.Sequence{})
	}}
}

func firstOf(name string, l layers.PreNorm) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		l.Attention.Heads = z.h
		return l.First(s, x, layers.Sequence{})
	}}
}

func postNorm(name string, l layers.PostNorm) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		l.Attention.Heads = z.h
		return l.Forward(s, x, layers.Sequence{Lengths: lengths(s, z.b, z.t)})
	}}
}

// pictures is a PatchEmbedding of pictures with c channels and one row of t squares of s×s pixels, which repeat x.
func pictures(name string, l layers.PatchEmbedding) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		l.Size = z.s
		x = s.Try(ops.Reshape(s.Try(ops.Transpose(x, 0, 2, 1)), z.b, z.c, 1, z.t, 1))
		x = s.Try(ops.Mul(x, s.In("pixels").Param("value", graph.Normal(1), z.s, 1, z.s))) // (B, C, Size, T, Size)
		return l.Forward(s, s.Try(ops.Reshape(x, z.b, z.c, z.s, z.t*z.s)))
	}}
}

// stacked is two layers that share one bias by distance.
func stacked(s *graph.Scope, x *G.Node, z size) *G.Node {
	l := layers.SelfAttention{Heads: z.h, Positions: t5, Scale: 1, Std: 0.5}
	var seq layers.Sequence
	seq.Distance = l.Distance(s.In("first"), z.t, seq)
	return l.Forward(s.In("second"), l.Forward(s.In("first"), x, seq), seq)
}

// families lists the options of attention that published families use.
var families = []part{
	grouped("Grouped", layers.SelfAttention{Causal: true, NoBias: true}, false),
	grouped("Grouped/Llama", layers.SelfAttention{Causal: true, Names: layers.LlamaAttention, NoBias: true, NoOutBias: true, Positions: rotary}, true),
	grouped("Grouped/packed RoPE", layers.SelfAttention{Causal: true, Positions: rotary}, false),
	grouped("Grouped/QKNorm", layers.SelfAttention{Causal: true, QKNorm: true, Positions: rotary}, false),
	grouped("Grouped/Gemma", layers.SelfAttention{
		Causal: true, Names: layers.LlamaAttention, NoBias: true, NoOutBias: true, Positions: rotary, Window: 2, Scale: 0.7, Softcap: 2,
		QKNorm: true, Norm: layers.RMSNorm{Eps: 1e-3, PlusOne: true},
	}, false),
	grouped("Grouped/Qwen2", layers.SelfAttention{Causal: true, Names: layers.LlamaAttention, NoOutBias: true, Positions: interleaved}, false),
	grouped("Grouped/Shaw", layers.SelfAttention{Causal: true, Positions: shaw, Window: 3, Std: 0.5}, true),
	attention("SelfAttention/ViT", layers.SelfAttention{Names: layers.ViTAttention, NoBias: true}, false),
	attention("SelfAttention/BERT", layers.SelfAttention{Names: layers.BERTAttention}, true),
	attention("SelfAttention/ModernBERT", layers.SelfAttention{Names: layers.ModernBERTAttention, NoBias: true, NoOutBias: true, Window: 2, HeadDim: 2, Positions: rotary}, true),
	attention("SelfAttention/MPT", layers.SelfAttention{Causal: true, Names: layers.MPTAttention, NoBias: true, NoOutBias: true, Positions: alibi}, false),
	attention("SelfAttention/BLOOM", layers.SelfAttention{Causal: true, Names: layers.BLOOMAttention, Positions: alibi}, true),
	attention("SelfAttention/ALiBi both ways", layers.SelfAttention{Positions: alibi}, false),
	attention("SelfAttention/T5", layers.SelfAttention{Names: layers.T5Attention, NoBias: true, NoOutBias: true, Scale: 1, Positions: t5, Std: 0.5}, true),
	attention("SelfAttention/T5 causal", layers.SelfAttention{Causal: true, Positions: t5}, false),
	attention("SelfAttention/Shaw", layers.SelfAttention{Positions: shaw, Names: layers.LlamaAttention}, true),
	preNorm("PreNorm", layers.PreNorm{MLP: layers.MLP{Hidden: 3}}),
	preNorm("PreNorm/Llama", layers.PreNorm{
		Attention: layers.SelfAttention{Causal: true, Positions: alibi, NoBias: true}, Gated: layers.GatedMLP{Hidden: 3, NoBias: true},
		Norm: layers.Norm{RMS: true, Eps: 0.1}, Names: layers.LlamaBlock,
	}),
	preNorm("PreNorm/Gemma", layers.PreNorm{
		Gated: layers.GatedMLP{Act: kernel.GELUTanh}, Norm: layers.Norm{RMS: true, PlusOne: true, Eps: 0.1}, Names: layers.Gemma2Block,
	}),
	preNorm("PreNorm/MPT", layers.PreNorm{MLP: layers.MLP{NoBias: true, Names: layers.MPTMLP}, Norm: layers.Norm{NoBias: true}, Names: layers.MPTBlock}),
	preNorm("PreNorm/ViT", layers.PreNorm{MLP: layers.MLP{Hidden: 3, Names: layers.BERTMLP}, Names: layers.ViTBlock}),
	preNorm("PreNorm/ModernBERT", layers.PreNorm{
		Attention: layers.SelfAttention{Names: layers.ModernBERTAttention, NoBias: true, NoOutBias: true, Window: 2},
		Gated:     layers.GatedMLP{Hidden: 3, Act: kernel.GELU, NoBias: true, Names: layers.ModernBERTMLP},
		Norm:      layers.Norm{NoBias: true}, Names: layers.BlockNames{Attention: "attn", MLP: "mlp", Norm2: "mlp_norm"},
	}),
	postNorm("PostNorm", layers.PostNorm{MLP: layers.MLP{Hidden: 3}}),
	postNorm("PostNorm/BERT", layers.PostNorm{
		Attention: layers.SelfAttention{Names: layers.BERTAttention}, MLP: layers.MLP{Act: kernel.GELU, Names: layers.BERTMLP}, Norm: layers.Norm{Eps: 0.1},
	}),
	{"PaddedPositions", func(s *graph.Scope, x *G.Node, z size) *G.Node {
		return layers.PaddedPositions{Max: z.t + 3, Pad: 1, Std: 1}.Forward(s, x, ids(s, z, 3))
	}},
	{"ClassToken", func(s *graph.Scope, x *G.Node, _ size) *G.Node { return layers.ClassToken{Std: 1}.Forward(s, x) }},
	{"PatchPositions", func(s *graph.Scope, x *G.Node, z size) *G.Node {
		return layers.PatchPositions{Name: "table", Side: 2, Std: 1}.Forward(s, layers.ClassToken{Std: 1}.Forward(s, x), 1, z.t)
	}},
	firstOf("PreNorm/first", layers.PreNorm{MLP: layers.MLP{Hidden: 3}}),
	firstOf("PreNorm/first, ViT", layers.PreNorm{MLP: layers.MLP{Hidden: 3, Names: layers.BERTMLP}, Names: layers.ViTBlock, Attention: layers.SelfAttention{Names: layers.ViTAttention}}),
	pictures("PatchEmbedding", layers.PatchEmbedding{Dim: 3, Std: 0.5}),
	pictures("PatchEmbedding/Flat", layers.PatchEmbedding{Dim: 1, Flat: true}),
	{"SelfAttention/stack", stacked},
}
