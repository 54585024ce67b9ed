package layers

import (
	"cmp"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Embedding turns ids into learned vectors: int32 (…) → (…, Dim).
//
// Parameters: weight (Vocab, Dim), normal with standard deviation Std, or 1 if Std is 0. With Pad, row 0 is zero.
// Shown: vectors, the result of Lookup.
type Embedding struct {
	Vocab, Dim int
	Pad        bool // id 0 pads: Lookup returns zeros for it, and its row gets no gradient from Lookup
	Scale      bool // multiply by √Dim (Vaswani et al. 2017, section 3.4)
	Std        float64
}

// Forward declares the layer.
func (l Embedding) Forward(s *graph.Scope, ids *G.Node) *G.Node {
	return l.Lookup(s, l.Weight(s), ids)
}

// Weight declares the table alone, for models that use it twice: in Lookup and in Head.
func (l Embedding) Weight(s *graph.Scope) *G.Node {
	init := graph.Normal(cmp.Or(l.Std, 1))
	if l.Pad {
		init = init.Padded()
	}
	return s.Param("weight", init, l.Vocab, l.Dim)
}

// Lookup returns the rows of a table from Weight: int32 (…) → (…, Dim).
func (l Embedding) Lookup(s *graph.Scope, table, ids *G.Node) *G.Node {
	x := s.Try(ops.Embedding(table, ids)) // (…, Dim)
	if l.Scale {
		x = s.Try(ops.Scale(x, math.Sqrt(float64(l.Dim))))
	}
	if l.Pad {
		x = s.Try(ops.Mul(x, l.Mask(s, ids)))
	}
	s.Show("vectors", func() *G.Node { return x })
	return x
}

// Mask returns 0 for each id 0 and 1 for every other id: int32 (…) → (…, 1).
func (l Embedding) Mask(s *graph.Scope, ids *G.Node) *G.Node {
	table := s.ConstantFunc(s.Dtype(), func(t *tensor.Dense) {
		fill(t, func(i int) float64 { return float64(min(i, 1)) })
	}, max(l.Vocab, 1), 1)
	return s.Try(ops.Embedding(table, ids)) // (…, 1)
}

// Head returns the product of every vector with every row of the table: (…, Dim) → (…, Vocab). It is the tied output layer
// (Press and Wolf 2017, arXiv 1608.05859).
func (l Embedding) Head(s *graph.Scope, table, x *G.Node) *G.Node {
	return s.Try(ops.Linear(x, table, nil, ops.LinearOptions{})) // (…, Vocab)
}
