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
// Parameters in family PyTorch: linear1.weight (Hidden, C), linear1.bias, linear2.weight (C, Hidden), linear2.bias. In family
// GPT2: c_fc.weight (C, Hidden), c_fc.bias, c_proj.weight (Hidden, C), c_proj.bias.
type MLP struct {
	Hidden  int               // 0 means 4C
	Act     kernel.Activation // Identity means the family's: ReLU for PyTorch, GELUTanh for GPT2
	Dropout float64           // of the activations
	Family  Family
	Std     float64 // standard deviation of the initial weights; 0 means PyTorch's initialization
	OutStd  float64 // Std of the second layer; 0 means Std
}

// Forward declares the layer.
func (l MLP) Forward(s *graph.Scope, x *G.Node) *G.Node {
	c := channels(s, "MLP", x)
	first, second, act := "linear1", "linear2", kernel.ReLU
	if l.Family == GPT2 {
		first, second, act = "c_fc", "c_proj", kernel.GELUTanh
	}
	conv1D, hidden := l.Family == GPT2, cmp.Or(l.Hidden, 4*c)
	h := Linear{Out: hidden, InOut: conv1D, Act: cmp.Or(l.Act, act), Std: l.Std}.Forward(s.In(first), x) // (…, Hidden)
	h = Dropout{l.Dropout}.Forward(s.In("dropout"), h)
	return Linear{Out: c, InOut: conv1D, Std: cmp.Or(l.OutStd, l.Std)}.Forward(s.In(second), h) // (…, C)
}
