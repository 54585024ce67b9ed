package layers

import (
	"cmp"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// SelfAttention is multi-head attention of a sequence to itself: (B, T, C) → (B, T, C) (Vaswani et al. 2017, section 3.2.2).
// With Causal, in mode Decode, it caches the keys and values of earlier positions. Without Causal, as in an encoder, every mode
// needs all positions at once.
//
// Parameters, with H = Heads, K = KVHeads and D = HeadDim: by default in_proj_weight ((H+2K)·D, C), in_proj_bias, out_proj.weight
// (C, H·D), out_proj.bias. Names selects other names and layouts. QKNorm adds q_norm.weight (D) and k_norm.weight (D). Positions
// may add tables.
//
// Shown: query (B, T, H·D), key and value (B, S, K·D), as they enter the scores; distance (H, T+S−1), if there is such a bias;
// scores (B, H, T, S), with −Inf for hidden keys; probabilities (B, H, T, S), before dropout.
type SelfAttention struct {
	Heads   int
	KVHeads int // heads of the keys and values, each shared by Heads/KVHeads query heads (Ainslie et al. 2023, arXiv 2305.13245); 0 means Heads
	HeadDim int // channels of a head; 0 means C/Heads

	Causal    bool // a token sees no later token
	Window    int  // a token sees the tokens less than Window positions away; 0 means all
	Positions Positions

	QKNorm  bool    // normalize the queries and keys of each head, before RoPE rotates them
	Norm    RMSNorm // of QKNorm
	Scale   float64 // of the scores; 0 means 1/√D
	Softcap float64 // c: scores s become c·tanh(s/c) before biases and masks; 0 means none
	Dropout float64 // of the probabilities

	OutDropout float64 // of the results, after the output projection

	NoBias    bool // no biases of queries, keys and values
	NoOutBias bool // no bias of the output
	Names     AttentionNames
	Std       float64 // standard deviation of the initial weights; 0 means PyTorch's initialization
	QueryStd  float64 // Std of the queries if the names separate them; 0 means Std
	OutStd    float64 // Std of the output projection; 0 means Std
}

// Forward declares the layer.
func (l SelfAttention) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	dims := s.Dims(x, 3)
	t, c := dims[1], dims[2]
	l, ok := l.sized(s, c)
	if !ok {
		return x
	}
	in := l.rotate(s, l.project(s, x), t, seq)
	if l.decodes(s) {
		in = l.cached(s, in, seq)
	}
	in.Lengths, in.Starts, in.Ends = seq.Lengths, seq.Starts, seq.Ends
	if in.Distance = seq.Distance; in.Distance == nil {
		in.Distance = l.Distance(s, t, seq)
	}
	o := l.attend(s, in) // (B, T, H·D)
	names := l.Names.orPyTorch()
	out := s.In(names.Out)
	x = Linear{Out: c, InOut: names.InOut, NoBias: l.NoOutBias, Std: cmp.Or(l.OutStd, l.Std)}.forward(out, o, true) // (B, T, C)
	return Dropout{P: l.OutDropout}.Forward(out.In("dropout"), x)
}

// sized returns l with KVHeads and HeadDim set. If they do not fit c channels, it fails the scope.
func (l SelfAttention) sized(s *graph.Scope, c int) (SelfAttention, bool) {
	d, ok := headDim(s, "attention", l.Heads, l.HeadDim, c)
	if !ok {
		return l, false
	}
	l.HeadDim, l.KVHeads = d, cmp.Or(l.KVHeads, l.Heads)
	if l.KVHeads < 0 || l.Heads%l.KVHeads != 0 {
		s.Failf("attention: %d heads cannot share %d key-value heads: want a divisor of %d", l.Heads, l.KVHeads, l.Heads)
		return l, false
	}
	return l, true
}

// headDim returns the channels of a head: d, or c/heads if d is 0.
func headDim(s *graph.Scope, layer string, heads, d, c int) (int, bool) {
	switch {
	case heads <= 0 || d == 0 && c%heads != 0:
		s.Failf("%s: %d channels do not divide into %d heads", layer, c, heads)
		return 0, false
	case d < 0:
		s.Failf("%s: heads of %d channels: want a positive number, or 0 for %d/%d", layer, d, c, heads)
		return 0, false
	case d == 0:
		d = c / heads
	}
	return d, true
}

// attend declares everything between the projections.
func (l SelfAttention) attend(s *graph.Scope, in ops.Operands) *G.Node {
	s.Show("query", func() *G.Node { return l.unpacked(s, in).Q }) // (B, T, H·D)
	s.Show("key", func() *G.Node { return l.unpacked(s, in).K })   // (B, S, K·D)
	s.Show("value", func() *G.Node { return l.unpacked(s, in).V }) // (B, S, K·D)
	if in.Distance != nil {
		s.Show("distance", func() *G.Node { return in.Distance }) // (H, T+S−1)
	}
	if l.Positions.Shaw != (Shaw{}) {
		if l.decodes(s) && s.Caches() != 0 {
			return s.Failf("attention: Shaw's positions read all keys and values as numbers: keep the caches in the parameters' type, not in %v", s.Caches())
		}
		o, scores, probabilities := l.shaw(s, in)
		s.Show("scores", func() *G.Node { return scores })               // (B, H, T, S)
		s.Show("probabilities", func() *G.Node { return probabilities }) // (B, H, T, S)
		return o
	}
	o := ops.AttentionOptions{
		Heads: l.Heads, KVHeads: l.KVHeads, Causal: l.Causal, Window: l.Window, Scale: l.Scale, Softcap: l.Softcap, Dropout: l.Dropout,
	}
	if l.decodes(s) {
		o.Cache = s.Caches()
	}
	s.Show("scores", func() *G.Node { return s.Try(ops.AttentionScores(in, o)) })               // (B, H, T, S)
	s.Show("probabilities", func() *G.Node { return s.Try(ops.AttentionProbabilities(in, o)) }) // (B, H, T, S)
	return attend(s, in, o)
}

// attend declares scaled dot-product attention, with dropout only in training.
func attend(s *graph.Scope, in ops.Operands, o ops.AttentionOptions) *G.Node {
	o.Key = s.Key()
	if o.Dropout == 0 || !s.Training() {
		o.Dropout = 0
	} else {
		in.Stream = s.Stream()
	}
	return s.Try(ops.Attention(in, o))
}

// decodes reports whether the layer continues sequences whose keys and values are cached.
func (l SelfAttention) decodes(s *graph.Scope) bool { return l.Causal && s.Mode() == graph.Decode }

// rotate applies RoPE to the queries and keys.
func (l SelfAttention) rotate(s *graph.Scope, in ops.Operands, t int, seq Sequence) ops.Operands {
	r := l.Positions.RoPE
	if r == (RoPE{}) {
		return in
	}
	r.Dim = cmp.Or(r.Dim, l.HeadDim)
	f, factor, err := r.Frequencies(max(t, seq.Context))
	if err != nil {
		s.Failf("attention: %v", err)
		return in
	}
	o := ops.RoPEOptions{HeadDim: l.HeadDim, Frequencies: f, Factor: factor, Interleaved: r.Interleaved}
	if in.K == nil {
		o.Heads = l.Heads + l.KVHeads // the values keep their place
		in.Q = s.Try(ops.RoPE(in.Q, seq.Positions, o))
		return in
	}
	in.Q, in.K = s.Try(ops.RoPE(in.Q, seq.Positions, o)), s.Try(ops.RoPE(in.K, seq.Positions, o))
	return in
}

// cached appends the new keys and values to the caches.
func (l SelfAttention) cached(s *graph.Scope, in ops.Operands, seq Sequence) ops.Operands {
	if seq.Past == nil || seq.Context <= 0 {
		s.Failf("attention: decoding needs a Sequence with Past and Context: see DecodeInputs")
		return in
	}
	b, q, kv := s.Dims(in.Q, 3)[0], l.Heads*l.HeadDim, l.KVHeads*l.HeadDim
	width, err := ops.CacheWidth(kv, s.Caches())
	if err != nil {
		s.Failf("attention: %v", err)
		return in
	}
	k, v := s.State("key", b, seq.Context, width), s.State("value", b, seq.Context, width)
	in.Past = seq.Past
	keep := func(cache, x *G.Node, from int) *G.Node { // (B, Context, K·D) in the format of the caches
		return s.Try(ops.Cache(cache, x, seq.Past, ops.CacheOptions{From: from, Cols: kv, Format: s.Caches()}))
	}
	if in.K == nil { // packed
		packed := in.Q
		in.Q = s.Try(ops.Slice(packed, 2, 0, q)) // (B, T, H·D)
		in.K, in.V = keep(k, packed, q), keep(v, packed, q+kv)
		return in
	}
	in.K, in.V = keep(k, in.K, 0), keep(v, in.V, 0)
	return in
}
