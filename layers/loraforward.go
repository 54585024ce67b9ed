package layers

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Adapted is a linear layer with an adapter.
type Adapted struct {
	Path    string  // of the layer
	Weight  string  // path of W
	A, B    string  // paths of A (Rank, In) and B (Out, Rank)
	In, Out int     // channels
	Rank    int     // of the adapter in this layer
	Scale   float64 // s
	InOut   bool    // W is (In, Out)
}

// adapter is the adapter of one layer in a graph.
type adapter struct {
	a, b    *G.Node // (r, in), (out, r)
	at      *graph.Scope
	scale   float64
	dropout float64
}

// adapt declares the adapter that the parameters carry for a layer at s: see Adapted. It returns nil if there is none.
func adapt(s *graph.Scope, layer Adapted, attention bool) *adapter {
	l, ok := graph.Carried[LoRA](s)
	if !ok {
		return nil
	}
	layer.Path = s.Path()
	seen, recorded := graph.Carried[*recording](s)
	if recorded {
		seen.add(l, layer.Path, attention)
	}
	if !l.Matches(layer.Path, attention) {
		return nil
	}
	if err := l.Check(); err != nil {
		s.Failf("%v", err)
		return nil
	}
	l = l.of(layer.Path)
	if l.Rank > min(layer.In, layer.Out) {
		s.Failf("LoRA: rank %d exceeds the smaller side of the %d×%d weight: want at most %d", l.Rank, layer.Out, layer.In, min(layer.In, layer.Out))
		return nil
	}
	layer.Rank, layer.Scale = l.Rank, l.scale()
	layer.A, layer.B = layer.Path+"."+l.matrix("lora_A"), layer.Path+"."+l.matrix("lora_B")
	if recorded {
		seen.adapted = append(seen.adapted, layer)
	}
	return &adapter{
		a:  s.Param(l.matrix("lora_A"), graph.Uniform(1/math.Sqrt(float64(layer.In))), l.Rank, layer.In),
		b:  s.Param(l.matrix("lora_B"), graph.Zeros(), layer.Out, l.Rank),
		at: s.In("lora_dropout"), scale: layer.Scale, dropout: l.Dropout,
	}
}

// scale returns s.
func (l LoRA) scale() float64 {
	if l.RS {
		return l.Alpha / math.Sqrt(float64(l.Rank))
	}
	return l.Alpha / float64(l.Rank)
}

// add returns y plus the adapter's product with x: (…, in) and (…, out) → (…, out). A nil adapter adds nothing.
func (a *adapter) add(s *graph.Scope, x, y *G.Node) *G.Node {
	if a == nil {
		return y
	}
	x = Dropout{a.dropout}.Forward(a.at, x)
	u := s.Try(ops.Linear(x, a.a, nil, ops.LinearOptions{})) // (…, r)
	u = s.Try(ops.Scale(u, a.scale))
	return s.Add(y, s.Try(ops.Linear(u, a.b, nil, ops.LinearOptions{}))) // (…, out)
}

// part returns the adapter of the outputs lo … hi-1.
func (a *adapter) part(s *graph.Scope, lo, hi int) *adapter {
	if a == nil {
		return nil
	}
	part := *a
	part.b = s.Try(ops.Slice(a.b, 0, lo, hi))
	return &part
}
