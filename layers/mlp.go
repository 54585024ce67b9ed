package layers

import (
	"cmp"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// MLP is two linear layers with an activation between them, applied to each position separately: (…, C) → (…, C)
// (Vaswani et al. 2017, section 3.3).
//
// Parameters: linear1.weight (Hidden, C), linear1.bias, linear2.weight (C, Hidden), linear2.bias. Names selects other names and
// layouts.
type MLP struct {
	Hidden  int               // 0 means 4C
	Act     kernel.Activation // Identity means ReLU
	Dropout float64           // of the activations
	NoBias  bool
	Names   MLPNames
	Std     float64 // standard deviation of the initial weights; 0 means PyTorch's initialization
	OutStd  float64 // Std of the second layer; 0 means Std
}

// Forward declares the layer.
func (l MLP) Forward(s *graph.Scope, x *G.Node) *G.Node {
	c, names := channels(s, "MLP", x), l.Names.or(PyTorchMLP)
	first := Linear{Out: cmp.Or(l.Hidden, 4*c), InOut: names.InOut, Conv: names.Conv, NoBias: l.NoBias, Act: cmp.Or(l.Act, kernel.ReLU), Std: l.Std}
	h := first.Forward(s.In(names.In), x) // (…, Hidden)
	h = Dropout{l.Dropout}.Forward(s.In("dropout"), h)
	last := Linear{Out: c, InOut: names.InOut, Conv: names.Conv, NoBias: l.NoBias, Std: cmp.Or(l.OutStd, l.Std)}
	return last.Forward(s.In(names.Out), h) // (…, C)
}
