package layers

import (
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// DecoderLayer is torch.nn.TransformerDecoderLayer: causal self-attention, attention to a memory and an MLP, each added to
// its input: (B, T, C) → (B, T, C). The norms follow the sums; with NormFirst they precede the parts.
//
// Parameters: self_attn, multihead_attn, linear1, linear2, norm1, norm2, norm3. Shown: stream, the result.
type DecoderLayer struct {
	Heads     int
	Hidden    int               // hidden width of the MLP; 0 means 4C
	Act       kernel.Activation // Identity means ReLU
	Dropout   float64
	NormFirst bool
	Eps       float64
}

// Forward declares the layer.
func (l DecoderLayer) Forward(s *graph.Scope, x *G.Node, seq Sequence, m Memory) *G.Node {
	x = residual{l.NormFirst, l.Eps, l.Dropout, "1"}.forward(s, x, func(x *G.Node) *G.Node {
		return SelfAttention{Heads: l.Heads, Causal: true, Dropout: l.Dropout}.Forward(s.In("self_attn"), x, seq)
	})
	x = residual{l.NormFirst, l.Eps, l.Dropout, "2"}.forward(s, x, func(x *G.Node) *G.Node {
		return l.cross().Forward(s.In("multihead_attn"), x, m)
	})
	return shown(s, residual{l.NormFirst, l.Eps, l.Dropout, "3"}.forward(s, x, func(x *G.Node) *G.Node {
		return MLP{Hidden: l.Hidden, Act: l.Act, Dropout: l.Dropout}.Forward(s, x)
	}))
}

func (l DecoderLayer) cross() CrossAttention {
	return CrossAttention{Heads: l.Heads, Dropout: l.Dropout}
}

// Decoder is torch.nn.TransformerDecoder: Layers copies of Layer, and a norm unless NoNorm is set: (B, T, C) → (B, T, C).
//
// Parameters: layers.0, layers.1, …, norm.
type Decoder struct {
	Layers int
	Layer  DecoderLayer
	NoNorm bool
}

// Forward declares the layers.
func (l Decoder) Forward(s *graph.Scope, x *G.Node, seq Sequence, m Memory) *G.Node {
	for _, at := range s.In("layers").Parts(l.Layers) {
		x = l.Layer.Forward(at, x, seq, m)
	}
	if l.NoNorm {
		return x
	}
	return LayerNorm{Eps: l.Layer.Eps}.Forward(s.In("norm"), x)
}

// Remember declares, in mode Decode, only the keys and values of m in all layers: see CrossAttention.Remember.
func (l Decoder) Remember(s *graph.Scope, m Memory) {
	for _, at := range s.In("layers").Parts(l.Layers) {
		l.Layer.cross().Remember(at.In("multihead_attn"), m)
	}
}
