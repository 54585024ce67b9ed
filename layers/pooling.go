package layers

import (
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// MeanPool is the mean of the vectors of each sequence that count: (B, T, C) → (B, C). Padding has no influence. The mean of an
// empty sequence is zero. It has no parameters.
type MeanPool struct{}

// Forward declares the layer.
func (MeanPool) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	s.Dims(x, 3)
	return s.Try(ops.MeanPool(x, seq.Lengths)) // (B, C)
}

// LastPool is the last vector of each sequence that counts: (B, T, C) → (B, C). Under causal attention it is the only vector
// that has seen the whole sequence. The last vector of an empty sequence is zero. It has no parameters.
type LastPool struct{}

// Forward declares the layer.
func (LastPool) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	s.Dims(x, 3)
	return s.Try(ops.LastPool(x, seq.Lengths)) // (B, C)
}

// CLSPool is the first vector of each sequence, which in BERT is that of the token [CLS] (Devlin et al. 2019, section 3):
// (B, T, C) → (B, C). It has no parameters.
type CLSPool struct{}

// Forward declares the layer.
func (CLSPool) Forward(s *graph.Scope, x *G.Node, _ Sequence) *G.Node {
	dims := s.Dims(x, 3)
	b, c := dims[0], dims[2]
	x = s.Try(ops.Slice(x, 1, 0, 1))   // (B, 1, C)
	return s.Try(ops.Reshape(x, b, c)) // (B, C)
}
