package layers

import (
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
)

// PostNorm is the post-norm Transformer block of BERT, norm(x + attention(x)) and then norm(x + mlp(x)): (B, T, C) → (B, T, C)
// (Vaswani et al. 2017, section 3.1).
//
// Parameters: those of its parts, in scopes with the names of Names. Shown: stream, the result.
type PostNorm struct {
	Attention SelfAttention
	MLP       MLP
	Norm      Norm
	Dropout   float64    // of the results of attention and MLP
	Names     BlockNames // Norm1 and Norm2 follow the sums; the zero value means BERTBlock
}

// Forward declares the layer.
func (l PostNorm) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	n := l.Names
	if n == (BlockNames{}) {
		n = BERTBlock
	}
	attention, mlp := within(s, n.Attention), within(s, n.MLP)
	y := Dropout{l.Dropout}.Forward(attention.In("resid_dropout"), l.Attention.Forward(attention, x, seq))
	x = l.Norm.Forward(s.In(n.Norm1), s.Add(x, y))
	y = Dropout{l.Dropout}.Forward(mlp.In("resid_dropout"), l.MLP.Forward(mlp, x))
	return shown(s, l.Norm.Forward(s.In(n.Norm2), s.Add(x, y)))
}

// within returns the scope of a part, which is s itself if the part has no name.
func within(s *graph.Scope, name string) *graph.Scope {
	if name == "" {
		return s
	}
	return s.In(name)
}
