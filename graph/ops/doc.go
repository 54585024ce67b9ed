// Package ops holds the differentiable operations that Transformers are made of, as functions from Gorgonia nodes to a Gorgonia
// node. They are Gorgonia operations in full: they work in any Gorgonia graph under its own machines, where they
// allocate their results; graph.Program gives them planned memory instead.
//
// An operation is a [Def]: shapes, a forward kernel and a backward kernel on slices. [New] applies one to nodes, ours and those of
// users alike. One with several results (what the backward pass wants kept, or the gradients of several operands) is
// one node that holds them all, with a [View] for each; graph.Program places each where it likes and leaves out those that nothing
// reads.
//
// Gorgonia merges nodes whose 32-bit hashes agree. Every operation here is numbered and its number hashed, so that none is
// ever merged, and New checks it.
//
// Errors: wrong shapes, types and options are errors when the node is made; ids and lengths out of range are errors when it runs.
// Sources are named at each operation; where one is PyTorch's too, its values are PyTorch's.
package ops

import _ "go4.org/unsafe/assume-no-moving-gc" // go.mod must ask for one that knows today's Go, or Gorgonia panics at start-up
