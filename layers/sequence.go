package layers

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// Sequence describes the sequences of a batch. The zero value means that all sequences begin at position 0 and have length T.
type Sequence struct {
	Lengths *G.Node // int32 (B): number of valid keys of each sequence; nil means all

	// In mode Decode the vectors continue sequences whose keys and values are cached.
	Past      *G.Node // int32 (B): number of cached positions
	Positions *G.Node // int32 (B, T): position of every vector
	Context   int     // capacity of a cache in positions
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
