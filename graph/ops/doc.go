// Package ops holds the differentiable operations of Transformers, as functions from Gorgonia nodes to a Gorgonia node. They are
// full Gorgonia operations. They work in any Gorgonia graph under Gorgonia's own machines, where they allocate their results.
// graph.Program gives them planned memory instead.
//
// An operation is a [Def]: shapes, a forward kernel and a backward kernel on slices. [New] applies it to nodes. Our own operations
// and users' operations use it alike. An operation may have several results: values kept for the backward pass, or the gradients of
// several operands. It is then one node that holds all results, with a [View] for each. graph.Program allocates each result
// separately and skips results that nothing reads.
//
// Gorgonia merges nodes whose 32-bit hashes are equal. Every operation here has a unique number as its hash, so that it is never
// merged. New checks this.
//
// Errors: wrong shapes, types and options are errors when the node is made. Ids and lengths out of range are errors when it runs.
// Each operation names its source. Operations that PyTorch has too give PyTorch's values.
package ops

import _ "go4.org/unsafe/assume-no-moving-gc" // go.mod must require a version that knows today's Go, or Gorgonia panics at start-up
