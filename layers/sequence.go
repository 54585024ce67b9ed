package layers

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// Sequence describes the sequences of a batch. The zero value means that all sequences begin at position 0 and have length T.
type Sequence struct {
	Lengths *G.Node // int32 (B): number of valid keys of each sequence; nil means all

	// Starts and Ends bound the keys of each token, int32 (B, T): the first that it sees, and one more than the last. Nil means 0 and
	// T. They keep packed texts apart.
	Starts, Ends *G.Node

	// Distance is a bias of the scores by distance that all layers of a stack share: see SelfAttention.Distance. If it is nil, each
	// layer declares its own bias if its Positions have one.
	Distance *G.Node

	Positions *G.Node // int32 (B, T): position of every vector; nil means 0 … T−1

	// In mode Decode the vectors continue sequences whose keys and values are cached.
	Past    *G.Node // int32 (B): number of cached positions
	Context int     // capacity of a cache in positions
}

// DecodeInputs declares the inputs "past", int32 (B), and "positions", int32 (B, T), of a Program in mode Decode whose caches
// hold context positions.
func DecodeInputs(s *graph.Scope, b, t, context int) Sequence {
	return Sequence{
		Past:      s.Input("past", tensor.Int32, b),
		Positions: s.Input("positions", tensor.Int32, b, t),
		Context:   context,
	}
}
