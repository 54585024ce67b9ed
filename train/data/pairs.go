package data

import (
	"fmt"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Pair is a source sequence and its target, without BOS and EOS.
type Pair struct {
	Source, Target []int32
}

// Pairs are data for an encoder and a decoder.
type Pairs []Pair

// Marks holds the ids for padding and for the beginning and the end of a target.
type Marks struct {
	Pad int32 // pads rows
	BOS int32 // begins the decoder's input
	EOS int32 // ends the decoder's output
}

// PairSize is the shape of a batch of pairs: B rows of S source and T target positions. A target of n ids takes n+1 positions.
type PairSize struct {
	B, S, T int
}

func (s PairSize) check() error   { return checkSizes("B", s.B, "S", s.S, "T", s.T) }
func (s PairSize) rows() int      { return s.B }
func (s PairSize) positions() int { return s.S + s.T }

func (s PairSize) filled(p Pair) int  { return len(p.Source) + len(p.Target) + 1 }
func (s PairSize) targets(p Pair) int { return len(p.Target) + 1 }

// fits reports whether a pair has a source and fits into the shape.
func (s PairSize) fits(p Pair) bool {
	return len(p.Source) >= 1 && len(p.Source) <= s.S && len(p.Target)+1 <= s.T
}

// Fit returns the pairs that batches of one of the sizes can hold, with 1 … S source ids and at most T-1 target ids, and the number of
// other pairs. Batch returns an error for data with a pair that does not fit.
func (p Pairs) Fit(sizes ...PairSize) (kept Pairs, dropped int) {
	for _, pair := range p {
		for _, size := range sizes {
			if size.fits(pair) {
				kept = append(kept, pair)
				break
			}
		}
	}
	return kept, len(p) - len(kept)
}

// PairBatches is a Source of Pairs:
//
//	source          (B, S) the source, then Pad
//	source_lengths  (B)    the length of the source
//	tokens          (B, T) BOS, the target, then Pad
//	lengths         (B)    the length of the target plus one
//	targets         (B, T) the target, EOS, then ops.IgnoreTarget
//
// With several sizes, each pair belongs to the size with the fewest positions that holds it, and a batch holds pairs of one size. A
// PairBatches is not safe for concurrent use.
type PairBatches struct {
	Seed   uint64 // seed of the order
	Spread int    // limits a Sequential to pairs with about this many targets in all, spread evenly over the data; 0 keeps all pairs

	marks   Marks
	sampler sampler[Pair, PairSize]
	feeds   []pairFeed
}

// pairFeed is a Feed for batches of one size, and its elements.
type pairFeed struct {
	feed                    graph.Feed
	source, tokens, targets []int32
	sourceLengths, lengths  []int32
}

// Batches returns a Source that draws every pair once in each epoch. Each epoch has a new order of the pairs of a size, and of the
// batches of all sizes. A batch may span two epochs.
func (p Pairs) Batches(marks Marks, sizes ...PairSize) *PairBatches {
	return &PairBatches{marks: marks, sampler: sampler[Pair, PairSize]{items: p, sizes: slices.Clone(sizes)}}
}

// Sequential returns a Source of all pairs once, for evaluation. It has Len batches; any other number is an error. The pairs of a size
// are in order; Items returns their positions. With several sizes, the batches have a fixed random order, so that the first batches
// represent the whole. Rows of one Pad and no target fill the last batch of a size. If this saves positions, the pairs of a last batch
// move to a larger size.
func (p Pairs) Sequential(marks Marks, sizes ...PairSize) *PairBatches {
	s := p.Batches(marks, sizes...)
	s.sampler.pass = true
	return s
}

// Len returns the number of batches that hold every pair once, rounded up for each size.
func (s *PairBatches) Len() int { return s.sampler.batches(s.Spread) }

// Batch returns micro-batch i. A pair that fits no size is an error; Pairs.Fit drops such pairs.
func (s *PairBatches) Batch(i int) (graph.Feed, error) {
	k, items, err := s.draw(i)
	if err != nil {
		return nil, errors.WithMessage(err, "data: pairs")
	}
	f, size := s.feeds[k], s.sampler.sizes[k]
	fillIDs(f.source, s.marks.Pad)
	fillIDs(f.tokens, s.marks.Pad)
	fillIDs(f.targets, ops.IgnoreTarget)
	fillIDs(f.sourceLengths, 1)
	fillIDs(f.lengths, 1)
	for r, item := range items {
		p := s.sampler.items[item]
		tokens, targets := f.tokens[r*size.T:(r+1)*size.T], f.targets[r*size.T:(r+1)*size.T]
		copy(f.source[r*size.S:], p.Source)
		f.sourceLengths[r] = int32(len(p.Source))
		tokens[0] = s.marks.BOS
		copy(tokens[1:], p.Target)
		targets[copy(targets, p.Target)] = s.marks.EOS
		f.lengths[r] = int32(len(p.Target) + 1)
	}
	return f.feed, nil
}

// Items returns the positions in the data of the pairs of batch i, row by row. They are valid until the next call of Items or Batch.
// Rows that only fill the batch have no position.
func (s *PairBatches) Items(i int) ([]int, error) {
	_, items, err := s.draw(i)
	return items, errors.WithMessage(err, "data: pairs")
}

// Filled returns the fraction of the positions of all batches that hold ids, BOS and EOS included. The others are padding.
func (s *PairBatches) Filled() (float64, error) {
	if err := s.prepare(); err != nil {
		return 0, errors.WithMessage(err, "data: pairs")
	}
	return s.sampler.filled(), nil
}

func (s *PairBatches) draw(i int) (size int, items []int, err error) {
	if err := s.prepare(); err != nil {
		return 0, nil, err
	}
	return s.sampler.draw(i, s.Seed)
}

// prepare plans the batches and makes the feeds.
func (s *PairBatches) prepare() error {
	if err := s.sampler.plan(s.Spread); err != nil {
		return err
	}
	if s.sampler.misfits > 0 {
		return s.misfit()
	}
	if s.feeds != nil {
		return nil
	}
	for _, size := range s.sampler.sizes {
		f := pairFeed{feed: graph.Feed{}}
		f.source, f.sourceLengths = addIDs(f.feed, "source", size.B, size.S), addIDs(f.feed, "source_lengths", size.B)
		f.tokens, f.lengths = addIDs(f.feed, "tokens", size.B, size.T), addIDs(f.feed, "lengths", size.B)
		f.targets = addIDs(f.feed, "targets", size.B, size.T)
		s.feeds = append(s.feeds, f)
	}
	return nil
}

// misfit returns the error for pairs that fit no size.
func (s *PairBatches) misfit() error {
	p := s.sampler.items[s.sampler.misfit]
	var most PairSize
	for _, size := range s.sampler.sizes {
		most.S, most.T = max(most.S, size.S), max(most.T, size.T)
	}
	limits := ""
	if n := len(s.sampler.sizes); n > 1 {
		limits = fmt.Sprintf(", together in one of %d sizes", n)
	}
	return errors.Errorf("pair %d has %d source and %d target ids, want 1 … %d and 0 … %d%s: %d of %d pairs do not fit: Pairs.Fit drops them",
		s.sampler.misfit, len(p.Source), len(p.Target), most.S, most.T-1, limits, s.sampler.misfits, len(s.sampler.items))
}
