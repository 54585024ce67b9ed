package layers

import (
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Dropout sets elements to zero with probability P and divides the rest by 1−P in mode Train. In other modes it returns its
// input. The random numbers depend on the path of the scope: give each Dropout its own scope.
type Dropout struct{ P float64 }

// Forward declares the layer.
func (l Dropout) Forward(s *graph.Scope, x *G.Node) *G.Node {
	if l.P == 0 || !s.Training() {
		return x
	}
	return s.Try(ops.Dropout(x, s.Stream(), l.P, s.Key()))
}
