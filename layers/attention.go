package layers

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Family says whose names and layouts the parameters have, so that published weights load as they are.
type Family uint8

// The families.
const (
	PyTorch Family = iota // torch.nn.Transformer
	GPT2                  // Hugging Face's GPT-2, with weights (in, out)
)

// SelfAttention is multi-head attention of a sequence to itself: (B, T, C) → (B, T, C) (Vaswani et al. 2017, section 3.2.2).
// With Causal, in mode Decode, it keeps the keys and values of earlier positions in caches; without, as in an encoder, all positions
// are there at once in every mode.
//
// Parameters of PyTorch: in_proj_weight (3C, C), in_proj_bias (3C), out_proj.weight (C, C), out_proj.bias (C). Of GPT2:
// c_attn.weight (C, 3C), c_attn.bias (3C), c_proj.weight (C, C), c_proj.bias (C).
type SelfAttention struct {
	Heads   int
	Causal  bool
	Window  int     // how many positions back a token sees, itself included; 0 means all
	Dropout float64 // on the probabilities
	Family  Family
	Std     float64 // of the weights at first; 0 means PyTorch's choice
	OutStd  float64 // of the output projection; 0 means Std
}

// Forward declares the layer.
func (l SelfAttention) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	dims := s.Dims(x, 3)
	c := dims[2]
	if l.Heads <= 0 || c%l.Heads != 0 {
		return s.Failf("attention: %d channels do not divide into %d heads", c, l.Heads)
	}
	in := ops.Operands{Q: l.project(s, x, c), Lengths: seq.Lengths} // (B, T, 3C)
	if l.Causal && s.Mode() == graph.Decode {
		in = l.cached(s, in.Q, seq)
	}
	if l.Dropout > 0 && s.Training() {
		in.Stream = s.Stream()
	}
	o := attention{l.Heads, l.Causal, l.Window, l.Dropout}.forward(s, in) // (B, T, C)
	return l.out(s, o, c)
}

// project computes queries, keys and values side by side.
func (l SelfAttention) project(s *graph.Scope, x *G.Node, c int) *G.Node {
	if l.Family == GPT2 {
		return Linear{Out: 3 * c, InOut: true, Std: l.Std}.Forward(s.In("c_attn"), x)
	}
	w, b := inProjection(s, c, l.Std)
	return s.Try(ops.Linear(x, w, b, ops.LinearOptions{}))
}

// inProjection declares torch.nn.MultiheadAttention's three input projections in one.
func inProjection(s *graph.Scope, c int, std float64) (w, b *G.Node) {
	init := graph.XavierUniform()
	if std > 0 {
		init = graph.Normal(std)
	}
	return s.Param("in_proj_weight", init, 3*c, c), s.Param("in_proj_bias", graph.Zeros(), 3*c)
}

func (l SelfAttention) out(s *graph.Scope, o *G.Node, c int) *G.Node {
	std := l.OutStd
	if std == 0 {
		std = l.Std
	}
	if l.Family == GPT2 {
		return Linear{Out: c, InOut: true, Std: std}.Forward(s.In("c_proj"), o)
	}
	return Linear{Out: c, Std: std}.Forward(s.In("out_proj"), o)
}

// cached writes the new keys and values behind the earlier ones.
func (l SelfAttention) cached(s *graph.Scope, qkv *G.Node, seq Sequence) ops.Operands {
	if seq.Past == nil || seq.Context <= 0 {
		s.Failf("attention: decoding needs a Sequence with Past and Context: see DecodeInputs")
		return ops.Operands{Q: qkv}
	}
	dims := s.Dims(qkv, 3)
	b, c := dims[0], dims[2]/3
	k, v := s.State("key", b, seq.Context, c), s.State("value", b, seq.Context, c)
	return ops.Operands{
		Q:    s.Try(ops.Slice(qkv, 2, 0, c)),          // (B, T, C)
		K:    s.Try(ops.Cache(k, qkv, seq.Past, c)),   // (B, Context, C)
		V:    s.Try(ops.Cache(v, qkv, seq.Past, 2*c)), // (B, Context, C)
		Past: seq.Past,
	}
}

// CrossAttention is multi-head attention of a sequence x to another one: (B, T, C) and memory (B, S, C) → (B, T, C).
// lengths, int32 (B) or nil, is how many vectors of memory count. In mode Decode the keys and values of memory are kept: a
// Program with memory writes them, one with a nil memory of S vectors reads them.
//
// Parameters: those of SelfAttention in the PyTorch family, of which the first C rows make the queries.
type CrossAttention struct {
	Heads   int
	Dropout float64
	Std     float64
}

// Memory is what a CrossAttention attends to.
type Memory struct {
	X       *G.Node // (B, S, C); nil in mode Decode for what another Program has written
	Lengths *G.Node // int32 (B); nil means S
	S       int     // how many vectors, where X is nil
}

// Forward declares the layer.
func (l CrossAttention) Forward(s *graph.Scope, x *G.Node, m Memory) *G.Node {
	dims := s.Dims(x, 3)
	b, c := dims[0], dims[2]
	if l.Heads <= 0 || c%l.Heads != 0 {
		return s.Failf("cross-attention: %d channels do not divide into %d heads", c, l.Heads)
	}
	w, bias := inProjection(s, c, l.Std)
	q := rows(s, x, w, bias, 0, c) // (B, T, C)
	kv := memory{w, bias, b, c}.forward(s, m)
	in := ops.Operands{Q: q, K: kv, Lengths: m.Lengths}
	if l.Dropout > 0 && s.Training() {
		in.Stream = s.Stream()
	}
	o := attention{heads: l.Heads, dropout: l.Dropout}.forward(s, in) // (B, T, C)
	return Linear{Out: c, Std: l.Std}.Forward(s.In("out_proj"), o)
}

// Remember declares, in mode Decode, only what Forward with a nil memory reads later: the keys and values of memory.
func (l CrossAttention) Remember(s *graph.Scope, m Memory) *G.Node {
	dims := s.Dims(m.X, 3)
	w, bias := inProjection(s, dims[2], l.Std)
	return memory{w, bias, dims[0], dims[2]}.forward(s, m)
}

// memory computes the keys and values of a Memory, (B, S, 2C), or reads what was kept of them.
type memory struct {
	w, bias *G.Node // of all three projections
	b, c    int
}

func (k memory) forward(s *graph.Scope, m Memory) *G.Node {
	if m.X == nil {
		if s.Mode() != graph.Decode || m.S <= 0 {
			return s.Failf("cross-attention: nothing to attend to: a nil memory is for decoding and needs S")
		}
		return s.State("memory", k.b, m.S, 2*k.c)
	}
	kv := rows(s, m.X, k.w, k.bias, k.c, 3*k.c) // (B, S, 2C)
	if s.Mode() == graph.Decode {
		size := s.Dims(m.X, 3)[1]
		kv = s.Try(ops.Cache(s.State("memory", k.b, size, 2*k.c), kv, zeros(s, k.b), 0))
	}
	return kv
}

// rows is a Linear by some rows of a weight.
func rows(s *graph.Scope, x, w, b *G.Node, lo, hi int) *G.Node {
	w, b = s.Try(ops.Slice(w, 0, lo, hi)), s.Try(ops.Slice(b, 0, lo, hi))
	return s.Try(ops.Linear(x, w, b, ops.LinearOptions{}))
}

// attention is what both kinds share.
type attention struct {
	heads   int
	causal  bool
	window  int
	dropout float64
}

func (a attention) forward(s *graph.Scope, in ops.Operands) *G.Node {
	o := ops.AttentionOptions{Heads: a.heads, Causal: a.causal, Window: a.window, Key: s.Key()}
	if s.Training() {
		o.Dropout = a.dropout
	}
	return s.Try(ops.Attention(in, o))
}

// zeros is an int32 constant of n zeros.
func zeros(s *graph.Scope, n int) *G.Node {
	return s.ConstantFunc(tensor.Int32, nil, n)
}
