// Package layers declares the parts of Transformers, and GRU and LSTM, which they replaced. A layer is a plain struct of
// hyper-parameters with a method
//
//	Forward(s *graph.Scope, x *G.Node, …) *G.Node
//
// that declares its parameters under the path of s and returns the node of its result. It holds no tensors, and Forward does not
// change it: it can be compared, printed and encoded as JSON. Its zero value is the standard choice. Input sizes come from
// the nodes. Package models has whole models, and package generate decodes them.
//
// Your own layer is such a struct too:
//
//	type Gate struct{}
//
//	func (Gate) Forward(s *graph.Scope, x *G.Node) *G.Node { // (B, T, C) → (B, T, C)
//		c := s.Dims(x, 3)[2]
//		g := layers.Linear{Out: c, Act: kernel.Sigmoid}.Forward(s.In("gate"), x)
//		return s.Try(ops.Mul(x, g))
//	}
//
// Errors go to the scope. graph.Build returns the first, with its path.
//
// Shape letters: B batch, T time, S time of the memory, C channels, H heads, D = C/H, V vocabulary.
package layers
