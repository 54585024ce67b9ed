package layers

import (
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// First is Forward for the first vector of each sequence alone: (B, T, C) → (B, 1, C). It suits the last block of a classifier, which
// needs no other result, and costs a fraction. The attention is plain: all vectors see all others, without positions.
func (l PreNorm) First(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	a, n := l.Attention, l.Names.orGPT2()
	plain := SelfAttention{
		Heads: a.Heads, HeadDim: a.HeadDim, Scale: a.Scale, Dropout: a.Dropout, NoBias: a.NoBias, NoOutBias: a.NoOutBias, Names: a.Names,
		Std: a.Std, QueryStd: a.QueryStd, OutStd: a.OutStd,
	}
	if a != plain || seq.Starts != nil || seq.Ends != nil || seq.Distance != nil {
		return s.Failf("pre-norm: the first vector alone needs attention without masks, positions and norms: use Forward")
	}
	y := x
	if n.Norm1 != "" {
		y = l.Norm.Forward(s.In(n.Norm1), x)
	}
	attention := CrossAttention{
		Heads: a.Heads, HeadDim: a.HeadDim, Scale: a.Scale, Dropout: a.Dropout, NoBias: a.NoBias, NoOutBias: a.NoOutBias, Names: a.Names,
		Std: a.Std, QueryStd: a.QueryStd, OutStd: a.OutStd,
	}
	y = attention.Forward(s.In(n.Attention), s.Try(ops.Slice(y, 1, 0, 1)), Memory{X: y, Lengths: seq.Lengths}) // (B, 1, C)
	x = s.Add(s.Try(ops.Slice(x, 1, 0, 1)), l.result(s, y, n.Post1, n.Attention))
	return l.transform(s, x)
}
