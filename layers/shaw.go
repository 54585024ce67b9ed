package layers

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Shaw adds a learned vector to each key and to each value, which depends on its distance from the query, up to Max in both directions
// (Shaw, Uszkoreit and Vaswani 2018, arXiv 1803.02155). The heads of a layer share the vectors. It computes all scores of a layer at
// once, (B, H, T, S), so memory grows with the square of the length.
//
// Parameters: relative_keys.weight and relative_values.weight (2·Max+1, D). Row Max+r belongs to a key at distance r after the query.
type Shaw struct {
	Max int // longer distances count as Max; 0 means no vectors
}

// shaw declares everything between the projections. It returns the result, the scores, and the probabilities before
// dropout.
func (l SelfAttention) shaw(s *graph.Scope, in ops.Operands) (z, scores, probabilities *G.Node) {
	p := l.Positions.Shaw
	switch {
	case p.Max < 0:
		s.Failf("attention: Shaw's positions: Max is %d, want a positive number, or 0 for none", p.Max)
		return in.Q, in.Q, in.Q
	case l.Softcap != 0 || in.Distance != nil || in.Ends != nil:
		s.Failf("attention: Shaw's positions cannot be combined with Softcap, a bias by distance or Ends")
		return in.Q, in.Q, in.Q
	case l.Window < 0:
		s.Failf("attention: window %d is negative", l.Window)
		return in.Q, in.Q, in.Q
	}
	in = l.unpacked(s, in)
	b, t, kv, d := s.Dims(in.Q, 3)[0], s.Dims(in.Q, 3)[1], l.KVHeads, l.HeadDim
	keys := s.Dims(in.K, 3)[1]
	table := func(name string) *G.Node {
		return s.In(name).Param("weight", graph.Normal(max(l.Std, 0.02)), 2*p.Max+1, d)
	}
	scale := l.Scale
	if scale == 0 {
		scale = 1 / math.Sqrt(float64(d))
	}
	grouped := func(x *G.Node, rows int) *G.Node { return s.Try(ops.Reshape(x, b, kv, rows, -1)) }
	q := s.Try(ops.Scale(l.byHead(s, in.Q), scale)) // (B, H, T, D)
	k, v := l.byHead(s, in.K), l.byHead(s, in.V)    // (B, K, S, D)
	rows := l.Heads / kv * t                        // of the heads that share keys
	e := s.Try(ops.MatMul(grouped(q, rows), k, ops.MatMulOptions{TransB: true}))
	e = s.Try(ops.Reshape(e, b, l.Heads, t, keys))                                        // (B, H, T, S)
	near := s.Try(ops.MatMul(q, table("relative_keys"), ops.MatMulOptions{TransB: true})) // (B, H, T, 2·Max+1)
	r := relative{max: p.Max, keys: keys, causal: l.Causal, window: l.Window, past: in.Past, lengths: in.Lengths, starts: in.Starts}
	scores = s.Add(e, s.Try(r.spread(near, true)))
	probabilities = s.Try(ops.Softmax(scores))
	e = Dropout{l.Dropout}.Forward(s, probabilities)
	z = s.Try(ops.MatMul(grouped(e, rows), v, ops.MatMulOptions{})) // (B, K, H/K·T, D)
	z = s.Try(ops.Reshape(z, b, l.Heads, t, d))
	z = s.Add(z, s.Try(ops.MatMul(s.Try(r.collect(e)), table("relative_values"), ops.MatMulOptions{}))) // (B, H, T, D)
	return s.Try(ops.Reshape(s.Try(ops.Transpose(z, 0, 2, 1, 3)), b, t, l.Heads*d)), scores, probabilities
}

// byHead changes (B, T, heads·D) to (B, heads, T, D).
func (l SelfAttention) byHead(s *graph.Scope, x *G.Node) *G.Node {
	dims := s.Dims(x, 3)
	x = s.Try(ops.Reshape(x, dims[0], dims[1], dims[2]/l.HeadDim, l.HeadDim))
	return s.Try(ops.Transpose(x, 0, 2, 1, 3))
}
