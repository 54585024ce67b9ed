// Package layers declares the parts of Transformers. A layer is a plain struct of hyper-parameters with a method
//
//	Forward(s *graph.Scope, x *G.Node, …) *G.Node
//
// that declares its parameters under the path of s and returns the node of its result. It holds no tensors and is not changed
// by use: it can be compared, printed and encoded as JSON. Its zero value is the standard choice, and input sizes are read off
// the nodes. Whole models are in package models, decoding in package generate.
//
// A layer of one's own is such a struct too:
//
//	type Gate struct{}
//
//	func (Gate) Forward(s *graph.Scope, x *G.Node) *G.Node { // (B, T, C) → (B, T, C)
//		c := s.Dims(x, 3)[2]
//		g := layers.Linear{Out: c, Act: kernel.Sigmoid}.Forward(s.In("gate"), x)
//		return s.Try(ops.Mul(x, g))
//	}
//
// Errors go to the scope and come out of graph.Build with its path.
//
// Shape letters: B batch, T time, S time of what is attended to, C channels, H heads, D = C/H, V vocabulary.
package layers
