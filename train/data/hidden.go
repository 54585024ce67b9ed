package data

import (
	"slices"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// HiddenBatches is a Source of Rows in which a token hides some of the others, for a classifier that shall not depend on single words. The
// choice is a function of the Seed of the rows, the number of the batch, the row and the position.
type HiddenBatches struct {
	Rows *RowBatches
	Mask int32   // the token that hides another
	Keep []int32 // tokens that are never hidden, such as [CLS]
	P    float64 // probability that a token is hidden
}

// Batch returns micro-batch i.
func (s *HiddenBatches) Batch(i int) (graph.Feed, error) {
	feed, err := s.Rows.Batch(i)
	if err != nil {
		return nil, err
	}
	tokens, lengths := feed["tokens"].Int32s(), feed["lengths"].Int32s()
	t := len(tokens) / len(lengths)
	for r, length := range lengths {
		random := kernel.Seed{Key: kernel.Key(s.Rows.Seed, "token dropout"), Stream: uint64(i)<<32 | uint64(r)}
		for at, id := range tokens[r*t:][:length] {
			if random.Uniform(uint64(at)) < s.P && !slices.Contains(s.Keep, id) {
				tokens[r*t+at] = s.Mask
			}
		}
	}
	return feed, nil
}
