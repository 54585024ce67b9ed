package layers

import (
	"cmp"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// GatedMLP is down(act(gate(x)) · up(x)), applied to each position separately: (…, C) → (…, C). With SiLU it is SwiGLU, with GELU
// it is GeGLU (Shazeer 2020, arXiv 2002.05202).
//
// Parameters: gate_proj.weight (Hidden, C), up_proj.weight (Hidden, C), down_proj.weight (C, Hidden), and a bias of each unless
// NoBias is set. Names selects other names and layouts.
type GatedMLP struct {
	Hidden  int               // 0 means 8C/3, which gives as many weights as an MLP has
	Act     kernel.Activation // of the gate; Identity means SiLU
	Dropout float64           // of the products
	NoBias  bool
	Names   MLPNames
	Std     float64 // standard deviation of the initial weights; 0 means PyTorch's initialization
	OutStd  float64 // Std of the last layer; 0 means Std
}

// Forward declares the layer.
func (l GatedMLP) Forward(s *graph.Scope, x *G.Node) *G.Node {
	c, names := channels(s, "gated MLP", x), l.Names.or(LlamaMLP)
	hidden := cmp.Or(l.Hidden, max(8*c/3, 1))
	h := l.product(s, x, hidden) // (…, Hidden)
	h = Dropout{l.Dropout}.Forward(s.In("dropout"), h)
	last := Linear{Out: c, InOut: names.InOut, Conv: names.Conv, NoBias: l.NoBias, Std: cmp.Or(l.OutStd, l.Std)}
	return last.Forward(s.In(names.Out), h) // (…, C)
}

// product returns act(gate(x)) · up(x).
func (l GatedMLP) product(s *graph.Scope, x *G.Node, hidden int) *G.Node {
	names, act := l.Names.or(LlamaMLP), cmp.Or(l.Act, kernel.SiLU)
	first := Linear{Out: hidden, InOut: names.InOut, Conv: names.Conv, NoBias: l.NoBias, Std: l.Std}
	var gate, up *G.Node
	if names.Gate == "" {
		first.Out = 2 * hidden
		both := first.Forward(s.In(names.In), x) // (…, 2·Hidden)
		last := len(both.Shape()) - 1
		gate = s.Try(ops.Slice(both, last, 0, hidden))
		up = s.Try(ops.Slice(both, last, hidden, 2*hidden))
	} else {
		gate, up = first.Forward(s.In(names.Gate), x), first.Forward(s.In(names.In), x)
	}
	if act == kernel.SiLU {
		return s.Try(ops.SwiGLU(gate, up))
	}
	return s.Try(ops.Mul(s.Try(ops.Activate(gate, act)), up))
}
