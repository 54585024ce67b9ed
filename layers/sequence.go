package layers

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// Sequence is what layers know about the sequences of a batch besides their vectors. The zero value is a batch of
// sequences that all begin at position 0 and fill all of T.
type Sequence struct {
	Lengths *G.Node // int32 (B): how many keys of each count; nil means all

	// In mode Decode the vectors continue sequences whose keys and values are in caches.
	Past      *G.Node // int32 (B): how many positions came before
	Positions *G.Node // int32 (B, T): the position of every vector
	Context   int     // how many positions a cache holds
}

// DecodeInputs declares the inputs "past" (B) and "positions" (B, T) of a Program in mode Decode, with caches of context
// positions.
func DecodeInputs(s *graph.Scope, b, t, context int) Sequence {
	return Sequence{
		Past:      s.Input("past", tensor.Int32, b),
		Positions: s.Input("positions", tensor.Int32, b, t),
		Context:   context,
	}
}
