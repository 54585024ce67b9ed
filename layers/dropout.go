package layers

import (
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Dropout sets elements to zero with probability P and divides the rest by 1−P, in mode Train; in the other modes it is
// nothing at all. Each place in a model has random numbers of its own, from its path: call it with a scope that no other
// Dropout has.
type Dropout struct{ P float64 }

// Forward declares the layer.
func (l Dropout) Forward(s *graph.Scope, x *G.Node) *G.Node {
	if l.P == 0 || !s.Training() {
		return x
	}
	return s.Try(ops.Dropout(x, s.Stream(), l.P, s.Key()))
}
