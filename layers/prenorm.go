package layers

import (
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
)

// PreNorm is the pre-norm Transformer block of most published decoders, x + attention(norm(x)) and then x + mlp(norm(x)):
// (B, T, C) → (B, T, C). Names.Post1 and Names.Post2 add norms of both results, as in Gemma 2.
//
// Parameters: those of its parts, in scopes with the names of Names. Shown: stream, the result.
type PreNorm struct {
	Attention SelfAttention
	MLP       MLP
	Gated     GatedMLP // used in place of MLP unless it is zero
	Norm      Norm
	Dropout   float64 // of the results of attention and MLP
	Names     BlockNames
}

// BlockNames are the names of a block's parts. The zero value means GPT2Block in PreNorm and BERTBlock in PostNorm.
type BlockNames struct {
	Attention, MLP string // an MLP without a name has the scope of the block
	Norm1, Norm2   string // norms of attention and MLP; no Norm1 in PreNorm if ""
	Post1, Post2   string // norms of the results; "" means none

	Cross, CrossNorm string // of a CrossPreNorm: the attention to the memory and the norm before it
}

// The names of published families. Qwen and Mistral use Llama's. Gemma 3 uses Gemma 2's.
var (
	GPT2Block   = BlockNames{Attention: "attn", MLP: "mlp", Norm1: "ln_1", Norm2: "ln_2"}
	LlamaBlock  = BlockNames{Attention: "self_attn", MLP: "mlp", Norm1: "input_layernorm", Norm2: "post_attention_layernorm"}
	Gemma2Block = BlockNames{
		Attention: "self_attn", MLP: "mlp", Norm1: "input_layernorm", Norm2: "pre_feedforward_layernorm",
		Post1: "post_attention_layernorm", Post2: "post_feedforward_layernorm",
	}
	MPTBlock   = BlockNames{Attention: "attn", MLP: "ffn", Norm1: "norm_1", Norm2: "norm_2"}
	BLOOMBlock = BlockNames{Attention: "self_attention", MLP: "mlp", Norm1: "input_layernorm", Norm2: "post_attention_layernorm"}
	BERTBlock  = BlockNames{Attention: "attention", Norm1: "attention.output.LayerNorm", Norm2: "output.LayerNorm"}
	ViTBlock   = BlockNames{Attention: "attention", Norm1: "layernorm_before", Norm2: "layernorm_after"}

	PyTorchBlock    = BlockNames{Attention: "self_attn", Norm1: "norm1", Norm2: "norm2"} // torch.nn.TransformerEncoderLayer
	ModernBERTBlock = BlockNames{Attention: "attn", MLP: "mlp", Norm1: "attn_norm", Norm2: "mlp_norm"}

	T5EncoderBlock = BlockNames{
		Attention: "layer.0.SelfAttention", MLP: "layer.1.DenseReluDense", Norm1: "layer.0.layer_norm", Norm2: "layer.1.layer_norm",
	}
	T5DecoderBlock = BlockNames{
		Attention: "layer.0.SelfAttention", MLP: "layer.2.DenseReluDense", Norm1: "layer.0.layer_norm", Norm2: "layer.2.layer_norm",
		Cross: "layer.1.EncDecAttention", CrossNorm: "layer.1.layer_norm",
	}
)

// orGPT2 returns n, or GPT2Block if n is zero.
func (n BlockNames) orGPT2() BlockNames {
	if n == (BlockNames{}) {
		return GPT2Block
	}
	return n
}

// Forward declares the layer.
func (l PreNorm) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	return shown(s, l.transform(s, l.attend(s, x, seq)))
}

// shown offers the result of a block as stream, and returns it.
func shown(s *graph.Scope, x *G.Node) *G.Node {
	s.Show("stream", func() *G.Node { return x })
	return x
}

// attend adds the result of the attention.
func (l PreNorm) attend(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	n := l.Names.orGPT2()
	y := x
	if n.Norm1 != "" {
		y = l.Norm.Forward(s.In(n.Norm1), x)
	}
	y = l.Attention.Forward(s.In(n.Attention), y, seq)
	return s.Add(x, l.result(s, y, n.Post1, n.Attention))
}

// transform adds the result of the MLP.
func (l PreNorm) transform(s *graph.Scope, x *G.Node) *G.Node {
	n := l.Names.orGPT2()
	y := l.Norm.Forward(s.In(n.Norm2), x)
	if l.Gated != (GatedMLP{}) {
		y = l.Gated.Forward(within(s, n.MLP), y)
	} else {
		y = l.MLP.Forward(within(s, n.MLP), y)
	}
	return s.Add(x, l.result(s, y, n.Post2, n.MLP))
}

// result applies the norm of this name, unless it is "", and dropout to the result of a part.
func (l PreNorm) result(s *graph.Scope, y *G.Node, norm, part string) *G.Node {
	if norm != "" {
		y = l.Norm.Forward(s.In(norm), y)
	}
	return Dropout{l.Dropout}.Forward(within(s, part).In("resid_dropout"), y)
}
