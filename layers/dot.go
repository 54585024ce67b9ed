package layers

import (
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Dot is the product of each vector of x with the vector of y at the same place: (…, C) and (…, C) → (…). It scores candidates, one at
// each place. x and y have two axes or more. It has no parameters.
type Dot struct{}

// Forward declares the layer.
func (Dot) Forward(s *graph.Scope, x, y *G.Node) *G.Node {
	c := channels(s, "dot", x)
	if channels(s, "dot", y) != c || x == nil || y == nil || x.Dims() < 2 || !slices.Equal(x.Shape(), y.Shape()) {
		return s.Failf("dot: vectors of shapes %v and %v: want the same shape of two axes or more", shapeOf(x), shapeOf(y))
	}
	sums := s.Try(ops.Linear(s.Try(ops.Mul(x, y)), s.ConstantFunc(s.Dtype(), ones, 1, c), nil, ops.LinearOptions{})) // (…, 1)
	return s.Try(ops.Reshape(sums, x.Shape()[:x.Dims()-1]...))                                                       // (…)
}

func shapeOf(x *G.Node) any {
	if x == nil {
		return "nil"
	}
	return x.Shape()
}
