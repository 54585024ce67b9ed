package layers

import (
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// MeanPool computes the mean of the valid vectors of each sequence: (B, T, C) → (B, C). Padding has no influence. The mean of an
// empty sequence is zero. MeanPool has no parameters.
type MeanPool struct{}

// Forward declares the layer.
func (MeanPool) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	s.Dims(x, 3)
	return s.Try(ops.MeanPool(x, seq.Lengths)) // (B, C)
}

// LastPool selects the last valid vector of each sequence: (B, T, C) → (B, C). Under causal attention only this vector depends
// on the whole sequence. The result for an empty sequence is zero. LastPool has no parameters.
type LastPool struct{}

// Forward declares the layer.
func (LastPool) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	s.Dims(x, 3)
	return s.Try(ops.LastPool(x, seq.Lengths)) // (B, C)
}

// CLSPool selects the first vector of each sequence: (B, T, C) → (B, C). In BERT this vector belongs to the token [CLS]
// (Devlin et al. 2019, section 3). CLSPool has no parameters.
type CLSPool struct{}

// Forward declares the layer.
func (CLSPool) Forward(s *graph.Scope, x *G.Node, _ Sequence) *G.Node {
	dims := s.Dims(x, 3)
	b, c := dims[0], dims[2]
	x = s.Try(ops.Slice(x, 1, 0, 1))   // (B, 1, C)
	return s.Try(ops.Reshape(x, b, c)) // (B, C)
}
