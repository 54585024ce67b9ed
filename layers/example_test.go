package layers_test

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// Gate multiplies every channel by how much of it a learned gate lets through.
type Gate struct{}

// Forward declares the layer.
func (Gate) Forward(s *graph.Scope, x *G.Node) *G.Node { // (B, T, C) → (B, T, C)
	c := s.Dims(x, 3)[2]
	g := layers.Linear{Out: c, Act: kernel.Sigmoid}.Forward(s.In("gate"), x)
	return s.Try(ops.Mul(x, g))
}

// A layer of one's own is a struct with a Forward, like those of this package.
func Example() {
	params := graph.NewParams(tensor.Float32, 1)
	p, err := graph.Build(params, graph.Eval, func(s *graph.Scope) {
		x := s.Input("x", tensor.Float32, 1, 2, 3) // (B, T, C)
		s.Output("y", Gate{}.Forward(s.In("mine"), x))
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for name, v := range params.All() {
		v.Zero() // a gate without weights is half open
		fmt.Println(name, v.Shape())
	}
	x := tensor.New(tensor.WithShape(1, 2, 3), tensor.WithBacking([]float32{2, 4, 6, 8, 10, 12}))
	if err := p.Run(graph.Feed{"x": x}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Output("y").Data())
	// Output:
	// mine.gate.weight (3, 3)
	// mine.gate.bias (3)
	// [1 2 3 4 5 6]
}
