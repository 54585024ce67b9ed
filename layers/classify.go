package layers

import (
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// ClassificationHead computes a logit for each class: (…, C) → (…, Classes). With Hidden it first applies a linear layer with
// tanh, as in Hugging Face's RobertaClassificationHead. Dropout precedes every linear layer.
//
// Parameters: dense, if Hidden is set, and out_proj, both as Linear.
type ClassificationHead struct {
	Classes int
	Hidden  int // width of the hidden layer; 0 means none
	Dropout float64
}

// Forward declares the layer.
func (l ClassificationHead) Forward(s *graph.Scope, x *G.Node) *G.Node {
	if l.Classes < 1 {
		return s.Failf("classification head: %d classes, want at least 1", l.Classes)
	}
	if l.Hidden > 0 {
		x = Dropout{l.Dropout}.Forward(s.In("dropout1"), x)
		x = Linear{Out: l.Hidden, Act: kernel.Tanh}.Forward(s.In("dense"), x) // (…, Hidden)
	}
	x = Dropout{l.Dropout}.Forward(s.In("dropout2"), x)
	return Linear{Out: l.Classes}.Forward(s.In("out_proj"), x) // (…, Classes)
}
