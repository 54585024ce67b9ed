package layers

import (
	"cmp"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Family selects the names and layouts of the parameters, so that published weights load without conversion.
type Family uint8

// The families.
const (
	PyTorch Family = iota // torch.nn.Transformer
	GPT2                  // Hugging Face's GPT-2, with weights (in, out)
)

// SelfAttention is multi-head attention of a sequence to itself: (B, T, C) → (B, T, C) (Vaswani et al. 2017, section 3.2.2).
// With Causal, in mode Decode, it caches the keys and values of earlier positions. Without Causal, as in an encoder, every mode
// needs all positions at once.
//
// Parameters in family PyTorch: in_proj_weight (3C, C), in_proj_bias (3C), out_proj.weight (C, C), out_proj.bias (C). In family
// GPT2: c_attn.weight (C, 3C), c_attn.bias (3C), c_proj.weight (C, C), c_proj.bias (C).
type SelfAttention struct {
	Heads   int
	Causal  bool
	Window  int     // number of positions that a token sees, up to its own; 0 means all
	Dropout float64 // of the probabilities
	Family  Family
	Std     float64 // standard deviation of the initial weights; 0 means PyTorch's initialization
	OutStd  float64 // Std of the output projection; 0 means Std
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
	o := attention{l.Heads, l.Causal, l.Window, l.Dropout}.forward(s, in) // (B, T, C)
	return l.out(s, o, c)
}

// project computes queries, keys and values in one product: (B, T, C) → (B, T, 3C).
func (l SelfAttention) project(s *graph.Scope, x *G.Node, c int) *G.Node {
	if l.Family == GPT2 {
		return Linear{Out: 3 * c, InOut: true, Std: l.Std}.Forward(s.In("c_attn"), x)
	}
	w, b := inProjection(s, c, l.Std)
	return s.Try(ops.Linear(x, w, b, ops.LinearOptions{}))
}

// inProjection declares the three input projections of torch.nn.MultiheadAttention as one weight and one bias.
func inProjection(s *graph.Scope, c int, std float64) (w, b *G.Node) {
	init := graph.XavierUniform()
	if std > 0 {
		init = graph.Normal(std)
	}
	return s.Param("in_proj_weight", init, 3*c, c), s.Param("in_proj_bias", graph.Zeros(), 3*c)
}

func (l SelfAttention) out(s *graph.Scope, o *G.Node, c int) *G.Node {
	std := cmp.Or(l.OutStd, l.Std)
	if l.Family == GPT2 {
		return Linear{Out: c, InOut: true, Std: std}.Forward(s.In("c_proj"), o)
	}
	return Linear{Out: c, Std: std}.Forward(s.In("out_proj"), o)
}

// cached appends the new keys and values to the caches.
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

// CrossAttention is multi-head attention of a sequence x to a memory: (B, T, C) and (B, S, C) → (B, T, C). In mode Decode the
// keys and values of the memory are cached: a Program with Memory.X writes them, and a Program with a nil X reads them.
//
// Parameters: as SelfAttention in family PyTorch. The first C rows of in_proj_weight project the queries.
type CrossAttention struct {
	Heads   int
	Dropout float64
	Std     float64
}

// Memory holds the vectors that a CrossAttention attends to.
type Memory struct {
	X       *G.Node // (B, S, C); nil in mode Decode means the keys and values that another Program has cached
	Lengths *G.Node // int32 (B): number of valid vectors of each sequence; nil means S
	S       int     // number of vectors if X is nil
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
	o := attention{heads: l.Heads, dropout: l.Dropout}.forward(s, in) // (B, T, C)
	return Linear{Out: c, Std: l.Std}.Forward(s.In("out_proj"), o)
}

// Remember declares, in mode Decode, only the keys and values of m, which Forward with a nil Memory.X reads later.
func (l CrossAttention) Remember(s *graph.Scope, m Memory) *G.Node {
	dims := s.Dims(m.X, 3)
	w, bias := inProjection(s, dims[2], l.Std)
	return memory{w, bias, dims[0], dims[2]}.forward(s, m)
}

// memory computes the keys and values of a Memory, (B, S, 2C), or reads them from the cache.
type memory struct {
	w, bias *G.Node // all three projections
	b, c    int
}

func (k memory) forward(s *graph.Scope, m Memory) *G.Node {
	if m.X == nil {
		if s.Mode() != graph.Decode || m.S <= 0 {
			return s.Failf("cross-attention: Memory.X is nil: want a node, or mode Decode and S of at least 1")
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

// rows applies rows lo … hi-1 of a weight and its bias as a linear layer.
func rows(s *graph.Scope, x, w, b *G.Node, lo, hi int) *G.Node {
	w, b = s.Try(ops.Slice(w, 0, lo, hi)), s.Try(ops.Slice(b, 0, lo, hi))
	return s.Try(ops.Linear(x, w, b, ops.LinearOptions{}))
}

// attention is the core of SelfAttention and CrossAttention: everything between the projections.
type attention struct {
	heads   int
	causal  bool
	window  int
	dropout float64
}

func (a attention) forward(s *graph.Scope, in ops.Operands) *G.Node {
	o := ops.AttentionOptions{Heads: a.heads, Causal: a.causal, Window: a.window, Key: s.Key()}
	if a.dropout != 0 && s.Training() {
		o.Dropout, in.Stream = a.dropout, s.Stream()
	}
	return s.Try(ops.Attention(in, o))
}

// zeros returns an int32 constant of n zeros.
func zeros(s *graph.Scope, n int) *G.Node {
	return s.ConstantFunc(tensor.Int32, nil, n)
}
