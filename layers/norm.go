package layers

import (
	"cmp"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

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
// With PlusOne the factor is 1 + weight, as in Gemma.
//
// Parameters: weight (C), initially ones, or zeros with PlusOne.
type RMSNorm struct {
	Eps     float64
	PlusOne bool
}

// Forward declares the layer.
func (l RMSNorm) Forward(s *graph.Scope, x *G.Node) *G.Node {
	c := channels(s, "RMS norm", x)
	var w *G.Node
	if l.PlusOne {
		w = s.Add(s.Param("weight", graph.Zeros(), c), s.ConstantFunc(s.Dtype(), ones, c))
	} else {
		w = s.Param("weight", graph.Ones(), c)
	}
	return s.Try(ops.RMSNorm(x, w, cmp.Or(l.Eps, DefaultEps)))
}

// Norm is a LayerNorm or, with RMS, an RMSNorm.
type Norm struct {
	RMS     bool
	PlusOne bool // of an RMSNorm
	NoBias  bool // of a LayerNorm
	Eps     float64
}

// Forward declares the layer.
func (l Norm) Forward(s *graph.Scope, x *G.Node) *G.Node {
	if l.RMS {
		return RMSNorm{Eps: l.Eps, PlusOne: l.PlusOne}.Forward(s, x)
	}
	return LayerNorm{Eps: l.Eps, NoBias: l.NoBias}.Forward(s, x)
}

// ones fills t with ones.
func ones(t *tensor.Dense) { fill(t, func(int) float64 { return 1 }) }

// fill sets each element of a tensor of floats to f of its index.
func fill(t *tensor.Dense, f func(i int) float64) {
	if t.Dtype() == tensor.Float64 {
		for i := range t.Float64s() {
			t.Float64s()[i] = f(i)
		}
		return
	}
	for i := range t.Float32s() {
		t.Float32s()[i] = float32(f(i))
	}
}
