package layers

import (
	"cmp"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// CrossAttention is multi-head attention of a sequence x to a memory: (B, T, C) and (B, S, C) → (B, T, C). In mode Decode the
// keys and values of the memory are cached: a Program with Memory.X writes them, and a Program with a nil X reads them.
//
// Parameters: as SelfAttention. The first H·D rows of a packed projection project the queries.
//
// Shown: as SelfAttention, and memory (B, S, C).
type CrossAttention struct {
	Heads   int
	HeadDim int     // channels of a head; 0 means C/Heads
	Causal  bool    // vector t of x sees the vectors 0 … t of the memory; not in mode Decode
	Scale   float64 // of the scores; 0 means 1/√D
	Dropout float64 // of the probabilities

	NoBias    bool // no biases of queries, keys and values
	NoOutBias bool // no bias of the output
	Names     AttentionNames
	Std       float64 // as in SelfAttention, like QueryStd and OutStd
	QueryStd  float64
	OutStd    float64
}

// Memory holds the vectors that a CrossAttention attends to.
type Memory struct {
	X       *G.Node // (B, S, C); nil in mode Decode means the keys and values that another Program has cached
	Lengths *G.Node // int32 (B): number of valid vectors of each sequence; nil means S
	Starts  *G.Node // int32 (B, T): first vector of X that each vector of x sees; nil means 0. It keeps packed sequences apart
	S       int     // number of vectors if X is nil
}

// Forward declares the layer.
func (l CrossAttention) Forward(s *graph.Scope, x *G.Node, m Memory) *G.Node {
	if l.Causal && s.Mode() == graph.Decode {
		return s.Failf("cross-attention: Causal has no caches: want mode Train or Eval, or SelfAttention")
	}
	dims := s.Dims(x, 3)
	c := dims[2]
	p, ok := l.keyValues(s, dims[0], c)
	if !ok {
		return x
	}
	names := l.Names.orPyTorch()
	in := ops.Operands{Lengths: m.Lengths, Starts: m.Starts}
	if names.QKV != "" {
		in.Q = p.packed.part(s, 0, p.width).forward(s, x) // (B, T, H·D)
	} else {
		in.Q = p.linear(cmp.Or(l.QueryStd, l.Std)).forward(s.In(names.Q), x, true)
	}
	in.K, in.V = p.forward(s, m)
	options := ops.AttentionOptions{Heads: l.Heads, Causal: l.Causal, Scale: l.Scale, Dropout: l.Dropout}
	l.show(s, in, options, m.X)
	o := attend(s, in, options) // (B, T, H·D)
	return Linear{Out: c, InOut: names.InOut, NoBias: l.NoOutBias, Std: cmp.Or(l.OutStd, l.Std)}.forward(s.In(names.Out), o, true)
}

// show offers the operands and the probabilities for looking at.
func (l CrossAttention) show(s *graph.Scope, in ops.Operands, o ops.AttentionOptions, memory *G.Node) {
	part := func(i int) *G.Node { // of keys and values in one node
		width := s.Dims(in.Q, 3)[2]
		return s.Try(ops.Slice(in.K, 2, i*width, (i+1)*width))
	}
	key, value := func() *G.Node { return in.K }, func() *G.Node { return in.V }
	if in.V == nil {
		key, value = func() *G.Node { return part(0) }, func() *G.Node { return part(1) }
	}
	if memory != nil {
		s.Show("memory", func() *G.Node { return memory })
	}
	s.Show("query", func() *G.Node { return in.Q })
	s.Show("key", key)
	s.Show("value", value)
	s.Show("scores", func() *G.Node { return s.Try(ops.AttentionScores(in, o)) })
	s.Show("probabilities", func() *G.Node { return s.Try(ops.AttentionProbabilities(in, o)) })
}

// Remember declares, in mode Decode, only the keys and values of m, which Forward with a nil Memory.X reads later. They are outputs
// named by their paths, so that the Program computes them.
func (l CrossAttention) Remember(s *graph.Scope, m Memory) {
	dims := s.Dims(m.X, 3)
	p, ok := l.keyValues(s, dims[0], dims[2])
	if !ok {
		return
	}
	k, v := p.forward(s, m)
	if v == nil {
		s.Output(s.In("memory").Path(), k)
		return
	}
	s.Output(s.In("memory.key").Path(), k)
	s.Output(s.In("memory.value").Path(), v)
}

// keyValues computes the keys and values of a Memory, or reads them from the caches.
type keyValues struct {
	layer    CrossAttention
	packed   projection // of queries, keys and values, if they are packed
	b, width int
}

// keyValues declares the packed projection, if there is one, for c channels.
func (l CrossAttention) keyValues(s *graph.Scope, b, c int) (p keyValues, ok bool) {
	d, ok := headDim(s, "cross-attention", l.Heads, l.HeadDim, c)
	if !ok {
		return p, false
	}
	p = keyValues{layer: l, b: b, width: l.Heads * d}
	names := l.Names.orPyTorch()
	if names.PerHead {
		s.Failf("cross-attention: names with PerHead are for self-attention: use names with separate projections")
		return p, false
	}
	if names.QKV != "" {
		p.packed = names.packed(s, 3*p.width, c, l.NoBias, l.Std)
	}
	return p, true
}

func (p keyValues) linear(std float64) Linear {
	return Linear{Out: p.width, InOut: p.layer.Names.InOut, NoBias: p.layer.NoBias, Std: std}
}

// forward returns the keys and values, (B, S, H·D) each, or both in one node, (B, S, 2·H·D), and nil.
func (p keyValues) forward(s *graph.Scope, m Memory) (k, v *G.Node) {
	names := p.layer.Names.orPyTorch()
	if m.X == nil && (s.Mode() != graph.Decode || m.S <= 0) {
		return s.Failf("cross-attention: Memory.X is nil: want a node, or mode Decode and S of at least 1"), nil
	}
	if names.QKV != "" {
		return p.kept(s, "memory", 2*p.width, m, func() *G.Node { return p.packed.part(s, p.width, 3*p.width).forward(s, m.X) }), nil
	}
	k = p.kept(s, "memory.key", p.width, m, func() *G.Node { return p.linear(p.layer.Std).forward(s.In(names.K), m.X, true) })
	v = p.kept(s, "memory.value", p.width, m, func() *G.Node { return p.linear(p.layer.Std).forward(s.In(names.V), m.X, true) })
	return k, v
}

// kept returns the result of compute. In mode Decode it is kept in the cache of this name, and read from there if Memory.X is nil.
func (p keyValues) kept(s *graph.Scope, name string, width int, m Memory, compute func() *G.Node) *G.Node {
	if m.X == nil {
		return s.State(name, p.b, m.S, width)
	}
	x := compute() // (B, S, width)
	if s.Mode() != graph.Decode {
		return x
	}
	size := s.Dims(m.X, 3)[1]
	return s.Try(ops.Cache(s.State(name, p.b, size, width), x, zeros(s, p.b), ops.CacheOptions{}))
}

// zeros returns an int32 constant of n zeros.
func zeros(s *graph.Scope, n int) *G.Node {
	return s.ConstantFunc(tensor.Int32, nil, n)
}
