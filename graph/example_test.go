package graph_test

import (
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// line declares the mean squared distance of w·x + b from y.
func line(s *graph.Scope) {
	x, y := s.Input("x", tensor.Float32, 4), s.Input("y", tensor.Float32, 4)
	at := s.In("line")
	fit := at.Add(at.Try(ops.Mul(x, at.Param("w", graph.Zeros(), 1))), at.Param("b", graph.Zeros(), 1)) // (4)
	s.Output("fit", fit)
	s.Minimize(s.Try(G.Mean(s.Try(G.Square(s.Try(ops.Sub(fit, y)))))))
}

// One declaration gives a Program for training and another for evaluation over the same weights. A solver of Gorgonia trains them.
func Example() {
	params := graph.NewParams(tensor.Float32, 1)
	step, err := graph.Build(params, graph.Train, line)
	if err != nil {
		log.Fatal(err)
	}
	eval, err := graph.Build(params, graph.Eval, line)
	if err != nil {
		log.Fatal(err)
	}
	feed := graph.Feed{
		"x": tensor.New(tensor.WithBacking([]float32{0, 1, 2, 3})),
		"y": tensor.New(tensor.WithBacking([]float32{1, 3, 5, 7})), // 2·x + 1
	}
	solver := G.NewVanillaSolver(G.WithLearnRate(0.1))
	for range 200 {
		if err := step.Run(feed); err != nil {
			log.Fatal(err)
		}
		if err := solver.Step(step.ValueGrads()); err != nil {
			log.Fatal(err)
		}
	}
	if err := eval.Run(feed); err != nil {
		log.Fatal(err)
	}
	for name, v := range params.All() {
		fmt.Printf("%s %.2f\n", name, v.Float32s())
	}
	fmt.Printf("fit %.1f\n", eval.Output("fit").Float32s())
	// Output:
	// line.w [2.00]
	// line.b [1.00]
	// fit [1.0 3.0 5.0 7.0]
}

// Shapes that do not fit together are an error of Build, with the path of the declaration.
func ExampleBuild() {
	_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) {
		x := s.Input("x", tensor.Float32, 2, 8)
		fc := s.In("h").At(3).In("mlp")
		s.Output("y", fc.Try(ops.Linear(x, fc.Param("weight", graph.Normal(0.02), 32, 9), nil, ops.LinearOptions{})))
	})
	fmt.Println(err)
	// Output: graph: build: h.3.mlp: ops: Linear: input (2, 8) has 8 channels but weight (32, 9) takes 9
}

// Freeze by pattern: Programs built afterwards do not train these weights.
func ExampleParams_Freeze() {
	params := graph.NewParams(tensor.Float32, 1)
	if _, err := graph.Build(params, graph.Train, line); err != nil {
		log.Fatal(err)
	}
	fmt.Println(params.Freeze("*.w"), "frozen")
	step, err := graph.Build(params, graph.Train, line)
	if err != nil {
		log.Fatal(err)
	}
	for _, w := range step.Weights() {
		fmt.Println("trained:", w.Name())
	}
	fmt.Print(params.Summary())
	// Output:
	// 1 frozen
	// trained: line.b
	// parameter  shape                  elements
	// line.w     (1)                           1  frozen
	// line.b     (1)                           1
	// 2 tensors, 2 parameters (1 frozen), 0.00 MB of float32
}
