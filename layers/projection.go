package layers

import (
	"cmp"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// project computes queries, keys and values: (B, T, C) → one packed node (B, T, (H+2K)·D), or three nodes if the names or the
// norms ask for them.
func (l SelfAttention) project(s *graph.Scope, x *G.Node) ops.Operands {
	names, q, kv := l.Names.orPyTorch(), l.Heads*l.HeadDim, l.KVHeads*l.HeadDim
	var in ops.Operands
	if names.QKV == "" {
		p := func(name string, out int, std float64) *G.Node {
			return Linear{Out: out, InOut: names.InOut, NoBias: l.NoBias, Std: std}.forward(s.In(name), x, true)
		}
		in = ops.Operands{Q: p(names.Q, q, cmp.Or(l.QueryStd, l.Std)), K: p(names.K, kv, l.Std), V: p(names.V, kv, l.Std)}
	} else {
		in.Q = names.packed(s, q+2*kv, s.Dims(x, 3)[2], l.NoBias, l.Std).forward(s, x)
		if names.PerHead {
			in.Q = l.byKind(s, in.Q)
		}
	}
	if l.QKNorm {
		in = l.unpacked(s, in)
		in.Q, in.K = l.normed(s.In("q_norm"), in.Q), l.normed(s.In("k_norm"), in.K)
	}
	return in
}

// unpacked returns the operands as three nodes.
func (l SelfAttention) unpacked(s *graph.Scope, in ops.Operands) ops.Operands {
	if in.K != nil {
		return in
	}
	packed, q, kv := in.Q, l.Heads*l.HeadDim, l.KVHeads*l.HeadDim
	in.Q = s.Try(ops.Slice(packed, 2, 0, q))         // (B, T, H·D)
	in.K = s.Try(ops.Slice(packed, 2, q, q+kv))      // (B, T, K·D)
	in.V = s.Try(ops.Slice(packed, 2, q+kv, q+2*kv)) // (B, T, K·D)
	return in
}

// normed applies the norm of QKNorm to every head.
func (l SelfAttention) normed(s *graph.Scope, x *G.Node) *G.Node {
	dims := s.Dims(x, 3)
	x = s.Try(ops.Reshape(x, dims[0], dims[1], dims[2]/l.HeadDim, l.HeadDim)) // (B, T, heads, D)
	return s.Try(ops.Reshape(l.Norm.Forward(s, x), dims...))                  // (B, T, heads·D)
}

// byKind changes rows that are grouped by head to all queries, all keys, all values.
func (l SelfAttention) byKind(s *graph.Scope, x *G.Node) *G.Node {
	if l.KVHeads != l.Heads {
		return s.Failf("attention: names with PerHead need as many key-value heads as heads: got %d and %d", l.KVHeads, l.Heads)
	}
	dims := s.Dims(x, 3)
	x = s.Try(ops.Reshape(x, dims[0], dims[1], l.Heads, 3, l.HeadDim)) // (B, T, H, 3, D)
	x = s.Try(ops.Transpose(x, 0, 1, 3, 2, 4))                         // (B, T, 3, H, D)
	return s.Try(ops.Reshape(x, dims...))
}

// projection is a packed weight and its bias, which may be nil.
type projection struct {
	w, b    *G.Node
	inOut   bool
	adapter *adapter // nil for none
}

// packed declares the packed projection of in channels to out channels.
func (n AttentionNames) packed(s *graph.Scope, out, in int, noBias bool, std float64) projection {
	weight, bias := Linear{Out: out, Std: std}.inits(in)
	at, prefix := s.In(n.QKV), ""
	if n.Flat {
		at, prefix = s, n.QKV+"_"
		if std == 0 {
			weight, bias = graph.XavierUniform(), graph.Zeros() // torch.nn.MultiheadAttention's
		}
	}
	p := projection{inOut: n.InOut}
	shape := []int{out, in}
	if n.InOut {
		shape = []int{in, out}
	}
	p.w = at.Param(prefix+"weight", weight, shape...)
	if !noBias {
		p.b = at.Param(prefix+"bias", bias, out)
	}
	layer := Adapted{Weight: at.In(prefix + "weight").Path(), In: in, Out: out, InOut: n.InOut}
	p.adapter = adapt(s.In(strings.TrimSuffix(n.QKV, "_")), layer, true)
	return p
}

func (p projection) forward(s *graph.Scope, x *G.Node) *G.Node {
	return p.adapter.add(s, x, s.Try(ops.Linear(x, p.w, p.b, ops.LinearOptions{InOut: p.inOut})))
}

// part returns the outputs lo … hi-1 of p.
func (p projection) part(s *graph.Scope, lo, hi int) projection {
	axis := 0
	if p.inOut {
		axis = 1
	}
	p.w, p.adapter = s.Try(ops.Slice(p.w, axis, lo, hi)), p.adapter.part(s, lo, hi)
	if p.b != nil {
		p.b = s.Try(ops.Slice(p.b, 0, lo, hi))
	}
	return p
}
