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

// Gate multiplies every channel by a learned gate between 0 and 1.
type Gate struct{}

// Forward declares the layer.
func (Gate) Forward(s *graph.Scope, x *G.Node) *G.Node { // (B, T, C) → (B, T, C)
	c := s.Dims(x, 3)[2]
	g := layers.Linear{Out: c, Act: kernel.Sigmoid}.Forward(s.In("gate"), x)
	return s.Try(ops.Mul(x, g))
}

// Your own layer is a struct with a Forward method, like the layers of this package.
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
		v.Zero() // zero weights open the gate halfway
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

// Pooling reduces each sequence to one vector. Here two sequences of lengths 2 and 1 are padded to 2 positions of 2 channels.
func ExampleMeanPool() {
	p, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Eval, func(s *graph.Scope) {
		x := s.Input("x", tensor.Float32, 2, 2, 2) // (B, T, C)
		seq := layers.Sequence{Lengths: s.Input("lengths", tensor.Int32, 2)}
		s.Output("mean", layers.MeanPool{}.Forward(s, x, seq))
		s.Output("last", layers.LastPool{}.Forward(s, x, seq))
		s.Output("first", layers.CLSPool{}.Forward(s, x, seq))
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = p.Run(graph.Feed{
		"x":       tensor.New(tensor.WithShape(2, 2, 2), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6, 99, 99})),
		"lengths": tensor.New(tensor.WithShape(2), tensor.WithBacking([]int32{2, 1})),
	})
	fmt.Println(err, p.Output("mean").Data(), p.Output("last").Data(), p.Output("first").Data())
	// Output: <nil> [2 3 5 6] [3 4 5 6] [1 2 5 6]
}
