package data

import (
	"math"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Pair is a source sequence and its target, without marks of beginning and end.
type Pair struct {
	Source, Target []int32
}

// Pairs is data for an encoder and a decoder.
type Pairs []Pair

// Marks are the ids of padding and of the beginning and end of a target.
type Marks struct {
	Pad int32 // fills rows up
	BOS int32 // begins the decoder's input
	EOS int32 // ends the decoder's output
}

// PairSize is the shape of a batch of pairs: B rows of S source and T target positions; a target takes one more than it has ids.
type PairSize struct {
	B, S, T int
}

// fits reports whether a pair has a source and lies within the shape.
func (s PairSize) fits(p Pair) bool {
	return len(p.Source) >= 1 && len(p.Source) <= s.S && len(p.Target)+1 <= s.T
}

// Fit keeps the pairs that batches of this size can hold, those with 1 … S source ids and at most T-1 target ids, and counts the
// others. Batch returns an error for the others.
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
//	source_lengths  (B)    its length
//	tokens          (B, T) BOS, the target, then Pad
//	lengths         (B)    the target's length and one
//	targets         (B, T) the target, EOS, then ops.IgnoreTarget
//
// Seed and Pool may be set before the first Batch. A PairBatches is for one goroutine at a time.
type PairBatches struct {
	Seed uint64
	Pool int // batches among which pairs are sorted by length, so that a batch holds pairs of like length; 0 for none

	pairs   Pairs
	size    PairSize
	marks   Marks
	sampler sampler

	feed                    graph.Feed
	source, tokens, targets []int32
	sourceLengths, lengths  []int32
}

// Batches draws all pairs once in each epoch, in a new order. A batch may end one epoch and begin the next.
func (p Pairs) Batches(size PairSize, marks Marks) *PairBatches {
	return &PairBatches{pairs: p, size: size, marks: marks, sampler: sampler{n: len(p), b: size.B, length: p.length}}
}

// Sequential takes all pairs once and in order, for evaluation, in Len batches; any other is an error. The last batch is filled
// up with rows of one Pad and no target.
func (p Pairs) Sequential(size PairSize, marks Marks) *PairBatches {
	s := p.Batches(size, marks)
	s.sampler.passes = true
	return s
}

// Spread bounds a Sequential to as many pairs as have about this many targets, spread evenly over all; 0 keeps them all. It returns
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

// Len is the number of batches that hold all pairs once, rounded up.
func (s *PairBatches) Len() int { return s.sampler.batches() }

// Batch is micro-batch i. A pair that does not fit is an error; Pairs.Fit keeps them out.
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
