package layers

import (
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// EncoderLayer is torch.nn.TransformerEncoderLayer: self-attention and an MLP, each added to its input:
// (B, T, C) → (B, T, C). The norms follow the sums, as in Vaswani et al. 2017; with NormFirst they precede the parts.
//
// Parameters: self_attn, linear1, linear2, norm1, norm2. Shown: stream, the result.
type EncoderLayer struct {
	Heads     int
	Hidden    int               // hidden width of the MLP; 0 means 4C
	Act       kernel.Activation // Identity means ReLU
	Dropout   float64
	NormFirst bool
	Eps       float64
}

// Forward declares the layer.
func (l EncoderLayer) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	x = residual{l.NormFirst, l.Eps, l.Dropout, "1"}.forward(s, x, func(x *G.Node) *G.Node {
		return SelfAttention{Heads: l.Heads, Dropout: l.Dropout}.Forward(s.In("self_attn"), x, seq)
	})
	return shown(s, residual{l.NormFirst, l.Eps, l.Dropout, "2"}.forward(s, x, func(x *G.Node) *G.Node {
		return MLP{Hidden: l.Hidden, Act: l.Act, Dropout: l.Dropout}.Forward(s, x)
	}))
}

// residual adds the result of a part to its input. The names of its dropout and its norm end in number.
type residual struct {
	normFirst bool
	eps       float64
	dropout   float64
	number    string
}

func (r residual) forward(s *graph.Scope, x *G.Node, part func(*G.Node) *G.Node) *G.Node {
	norm := func(x *G.Node) *G.Node { return LayerNorm{Eps: r.eps}.Forward(s.In("norm"+r.number), x) }
	drop := func(x *G.Node) *G.Node { return Dropout{r.dropout}.Forward(s.In("dropout"+r.number), x) }
	if r.normFirst {
		return s.Add(x, drop(part(norm(x))))
	}
	return norm(s.Add(x, drop(part(x))))
}

// Encoder is torch.nn.TransformerEncoder: Layers copies of Layer, and a norm unless NoNorm is set: (B, T, C) → (B, T, C).
//
// Parameters: layers.0, layers.1, …, norm.
type Encoder struct {
	Layers int
	Layer  EncoderLayer
	NoNorm bool
}

// Forward declares the layers.
func (l Encoder) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	for _, at := range s.In("layers").Parts(l.Layers) {
		x = l.Layer.Forward(at, x, seq)
	}
	if l.NoNorm {
		return x
	}
	return LayerNorm{Eps: l.Layer.Eps}.Forward(s.In("norm"), x)
}
