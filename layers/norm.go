package layers

import (
	"cmp"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// DefaultEps replaces an Eps of 0.
const DefaultEps = 1e-5

// LayerNorm is (x − mean)/√(var + Eps) · weight + bias over the last axis: (…, C) → (…, C)
// (Ba, Kiros and Hinton 2016, arXiv 1607.06450).
//
// Parameters: weight (C), initially ones; bias (C), initially zeros, unless NoBias is set.
type LayerNorm struct {
	Eps    float64
	NoBias bool
}

// Forward declares the layer.
func (l LayerNorm) Forward(s *graph.Scope, x *G.Node) *G.Node {
	c := channels(s, "layer norm", x)
	w := s.Param("weight", graph.Ones(), c)
	var b *G.Node
	if !l.NoBias {
		b = s.Param("bias", graph.Zeros(), c)
	}
	return s.Try(ops.LayerNorm(x, w, b, cmp.Or(l.Eps, DefaultEps)))
}

// RMSNorm is x/√(mean(x²) + Eps) · weight over the last axis: (…, C) → (…, C) (Zhang and Sennrich 2019, arXiv 1910.07467).
//
// Parameters: weight (C), initially ones.
type RMSNorm struct{ Eps float64 }

// Forward declares the layer.
func (l RMSNorm) Forward(s *graph.Scope, x *G.Node) *G.Node {
	w := s.Param("weight", graph.Ones(), channels(s, "RMS norm", x))
	return s.Try(ops.RMSNorm(x, w, cmp.Or(l.Eps, DefaultEps)))
}
