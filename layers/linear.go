package layers

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Linear is y = act(x·Wᵀ + b): (…, in) → (…, Out).
//
// An adapter that the graph's parameters carry changes the product: see LoRA.
//
// Parameters: weight (Out, in), or (in, Out) with InOut, or (Out, in, 1) with Conv; bias (Out) unless NoBias is set. Initially both
// are uniform in ±1/√in, as in PyTorch. With Std the weight is normal and the bias zero, as in GPT-2.
type Linear struct {
	Out    int
	NoBias bool
	InOut  bool // layout of GPT-2's Conv1D
	Conv   bool // layout of a convolution of width 1
	Act    kernel.Activation
	Std    float64 // standard deviation of the initial weight; 0 means PyTorch's initialization
}

// Forward declares the layer.
func (l Linear) Forward(s *graph.Scope, x *G.Node) *G.Node { return l.forward(s, x, false) }

// forward declares the layer. attention says that it is a projection of an attention.
func (l Linear) forward(s *graph.Scope, x *G.Node, attention bool) *G.Node {
	in := channels(s, "linear", x)
	weight, bias := l.inits(in)
	shape := []int{l.Out, in}
	if l.InOut {
		shape = []int{in, l.Out}
	}
	stored := shape
	if l.Conv {
		stored = append(stored, 1)
	}
	w := s.Param("weight", weight, stored...)
	if l.Conv {
		w = s.Try(ops.Reshape(w, shape...))
	}
	var b *G.Node
	if !l.NoBias {
		b = s.Param("bias", bias, l.Out)
	}
	a := adapt(s, Adapted{Weight: s.In("weight").Path(), In: in, Out: l.Out, InOut: l.InOut}, attention)
	if a == nil {
		return s.Try(ops.Linear(x, w, b, ops.LinearOptions{InOut: l.InOut, Act: l.Act})) // (…, Out)
	}
	y := a.add(s, x, s.Try(ops.Linear(x, w, b, ops.LinearOptions{InOut: l.InOut})))
	if l.Act != kernel.Identity {
		y = s.Try(ops.Activate(y, l.Act))
	}
	return y
}

// channels returns the length of the last axis of a layer's input. If x has no axis, it fails the scope and returns 1.
func channels(s *graph.Scope, layer string, x *G.Node) int {
	switch {
	case x == nil:
		s.Failf("%s: input is nil, want a node", layer)
	case x.Dims() == 0:
		s.Failf("%s: input is a scalar, want at least one axis", layer)
	default:
		return x.Shape()[x.Dims()-1]
	}
	return 1
}

func (l Linear) inits(in int) (weight, bias graph.Init) {
	if l.Std > 0 {
		return graph.Normal(l.Std), graph.Zeros()
	}
	bound := graph.Uniform(1 / math.Sqrt(float64(in)))
	return bound, bound
}
