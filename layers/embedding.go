package layers

import (
	"cmp"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Embedding turns ids into learned vectors: int32 (…) → (…, Dim).
//
// Parameters: weight (Vocab, Dim), normal with standard deviation Std, or 1 if Std is 0.
type Embedding struct {
	Vocab, Dim int
	Scale      bool // multiply by √Dim (Vaswani et al. 2017, section 3.4)
	Std        float64
}

// Forward declares the layer.
func (l Embedding) Forward(s *graph.Scope, ids *G.Node) *G.Node {
	return l.Lookup(s, l.Weight(s), ids)
}

// Weight declares the table alone, for models that use it twice: in Lookup and in Head.
func (l Embedding) Weight(s *graph.Scope) *G.Node {
	return s.Param("weight", graph.Normal(cmp.Or(l.Std, 1)), l.Vocab, l.Dim)
}

// Lookup returns the rows of a table from Weight: int32 (…) → (…, Dim).
func (l Embedding) Lookup(s *graph.Scope, table, ids *G.Node) *G.Node {
	x := s.Try(ops.Embedding(table, ids)) // (…, Dim)
	if l.Scale {
		x = s.Try(ops.Scale(x, math.Sqrt(float64(l.Dim))))
	}
	return x
}

// Head returns the product of every vector with every row of the table: (…, Dim) → (…, Vocab). It is the tied output layer
// (Press and Wolf 2017, arXiv 1608.05859).
func (l Embedding) Head(s *graph.Scope, table, x *G.Node) *G.Node {
	return s.Try(ops.Linear(x, table, nil, ops.LinearOptions{})) // (…, Vocab)
}
