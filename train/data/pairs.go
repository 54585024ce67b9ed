package data

import (
	"math"

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

// fits reports whether a pair has a source and fits into the shape.
func (s PairSize) fits(p Pair) bool {
	return len(p.Source) >= 1 && len(p.Source) <= s.S && len(p.Target)+1 <= s.T
}

// Fit returns the pairs that batches of this size can hold, with 1 … S source ids and at most T-1 target ids, and the number of other
// pairs. Batch returns an error for a pair that does not fit.
func (p Pairs) Fit(size PairSize) (kept Pairs, dropped int) {
	for _, pair := range p {
		if size.fits(pair) {
			kept = append(kept, pair)
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
// Seed and Pool may be set before the first Batch. A PairBatches is not safe for concurrent use.
type PairBatches struct {
	Seed uint64
	Pool int // number of batches whose pairs are sorted by length together, so that a batch holds pairs of similar length; 0 turns it off

	pairs   Pairs
	size    PairSize
	marks   Marks
	sampler sampler

	feed                    graph.Feed
	source, tokens, targets []int32
	sourceLengths, lengths  []int32
}

// Batches returns a Source that draws every pair once in each epoch, in a new order. A batch may span two epochs.
func (p Pairs) Batches(size PairSize, marks Marks) *PairBatches {
	return &PairBatches{pairs: p, size: size, marks: marks, sampler: sampler{n: len(p), b: size.B, length: p.length}}
}

// Sequential returns a Source of all pairs once, in order, for evaluation. It has Len batches; any other number is an error. Rows of
// one Pad and no target fill the last batch.
func (p Pairs) Sequential(size PairSize, marks Marks) *PairBatches {
	s := p.Batches(size, marks)
	s.sampler.passes = true
	return s
}

// Spread limits a Sequential to pairs with about this many targets in all, spread evenly over the data. 0 keeps all pairs. It returns
// s.
func (s *PairBatches) Spread(targets int) *PairBatches {
	all := 0
	for _, p := range s.pairs {
		all += len(p.Target) + 1
	}
	s.sampler.some = 0
	if targets > 0 && targets < all {
		s.sampler.some = int(math.Ceil(float64(targets) / float64(all) * float64(len(s.pairs))))
	}
	return s
}

func (p Pairs) length(i int) int { return len(p[i].Source) + len(p[i].Target) }

// Len returns the number of batches that hold every pair once, rounded up.
func (s *PairBatches) Len() int { return s.sampler.batches() }

// Batch returns micro-batch i. A pair that does not fit is an error; Pairs.Fit drops such pairs.
func (s *PairBatches) Batch(i int) (graph.Feed, error) {
	if err := s.prepare(); err != nil {
		return nil, errors.WithMessage(err, "data: pairs")
	}
	items, err := s.sampler.batch(i, s.Seed, s.Pool)
	if err != nil {
		return nil, errors.WithMessage(err, "data: pairs")
	}
	fillIDs(s.source, s.marks.Pad)
	fillIDs(s.tokens, s.marks.Pad)
	fillIDs(s.targets, ops.IgnoreTarget)
	fillIDs(s.sourceLengths, 1)
	fillIDs(s.lengths, 1)
	for r, item := range items {
		p := s.pairs[item]
		if !s.size.fits(p) {
			return nil, errors.Errorf("data: pairs: pair %d has %d source and %d target ids, want 1 … %d and 0 … %d: Pairs.Fit drops such pairs",
				item, len(p.Source), len(p.Target), s.size.S, s.size.T-1)
		}
		s.put(r, p)
	}
	return s.feed, nil
}

func (s *PairBatches) put(r int, p Pair) {
	tokens, targets := s.tokens[r*s.size.T:(r+1)*s.size.T], s.targets[r*s.size.T:(r+1)*s.size.T]
	copy(s.source[r*s.size.S:], p.Source)
	s.sourceLengths[r] = int32(len(p.Source))
	tokens[0] = s.marks.BOS
	copy(tokens[1:], p.Target)
	targets[copy(targets, p.Target)] = s.marks.EOS
	s.lengths[r] = int32(len(p.Target) + 1)
}

func (s *PairBatches) prepare() error {
	if s.feed != nil {
		return nil
	}
	b, srcT, t := s.size.B, s.size.S, s.size.T
	if err := checkSizes("B", b, "S", srcT, "T", t); err != nil {
		return err
	}
	s.feed = graph.Feed{}
	s.source, s.sourceLengths = addIDs(s.feed, "source", b, srcT), addIDs(s.feed, "source_lengths", b)
	s.tokens, s.lengths = addIDs(s.feed, "tokens", b, t), addIDs(s.feed, "lengths", b)
	s.targets = addIDs(s.feed, "targets", b, t)
	return nil
}
