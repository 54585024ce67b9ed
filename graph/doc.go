// Package graph declares Transformer models as Gorgonia expression graphs and runs them.
//
// A model is a function that a Scope walks through: layers make parameters under their path, apply operations and name
// outputs. [Build] runs that function, lets Gorgonia differentiate the loss symbolically, plans the memory and returns a
// [Program]. The same function is built as often as needed over the same [Params], for training, for evaluation and
// for cached decoding: they share their weights, and there is no mode to switch.
//
//	params := graph.NewParams(tensor.Float32, 1)
//	step, err := graph.Build(params, graph.Train, func(s *graph.Scope) {
//		x := s.Input("x", tensor.Float32, 8, 3)          // (B, C)
//		w := s.Param("weight", graph.Normal(0.02), 1, 3) // (1, C)
//		…
//		s.Minimize(loss)
//	})
//
// Operations are those of package ops, Gorgonia's own (except those that Build refuses by name because they are wrong), or
// made with ops.New; Scope.Try adapts them.
//
// # Errors
//
// While a graph is declared the first error stays and Build returns it, with the scope's path: there is nothing to check in
// between, and nothing to forget. Run returns an error for a wrong input, which it names, and for what an operation finds wrong
// at run time, such as a token id out of range, with the operation's path. No exported function panics on what a
// user passes in.
//
// # Shape letters
//
// B batch, T time (queries), S time (keys), C channels, H heads, D width of a head, V vocabulary.
package graph
