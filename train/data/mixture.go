package data

import (
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// RowSource is a Source of rows for a Mixture: a *Windows or a *Packed, which have Seeds of their own.
type RowSource interface {
	Batch(i int) (graph.Feed, error)
	shape() (b, t int, packed bool)
	epoch() (rows int, err error) // of an epoch, or of a pass
	fill(row int, f packedFeed) error
}

// Part is a part of a Mixture.
type Part struct {
	Source RowSource
	Weight float64 // share of the rows, relative to the weights of the other parts
	Epochs int     // number of epochs after which the part ends and the others share its weight; 0 means no end
}

// Mixture is a Source whose rows come from several sources by weight. In every 1024 rows, each source has its share, up to one row, in
// random places. The next row of a source is always its next: each source is read in its own order, from its beginning, without gaps. So
// the source and the number of any row follow from the Seed and the number of the row.
type Mixture struct {
	Seed uint64 // seed of the places

	parts  []Part
	phases []phase
	b, t   int
	feed   packedFeed
	ends   int // number of rows; -1 means no end
}

// phase is rows with constant weights, from the row begin on. A part that has ended has weight 0.
type phase struct {
	begin   int
	weights []float64
	used    []int // rows of each part before the phase
	most    int   // part with the largest weight, which has all rows that the shares of the others leave
	last    []int // rows of each part in the last block of the phase, in which parts end; nil in the last phase
	blocks  int   // blocks before the last block
}

// mixBlock is the number of rows of a block.
const mixBlock = 1024

// mostParts bounds the number of parts, so that a block has rows for all.
const mostParts = 30

// Mix returns a Mixture. All parts have the same B and T, and are all Windows or all Packed.
func Mix(parts ...Part) *Mixture { return &Mixture{parts: slices.Clone(parts)} }

// Batch returns micro-batch i.
func (m *Mixture) Batch(i int) (graph.Feed, error) {
	feed, err := m.batch(i)
	return feed, errors.WithMessage(err, "data: mixture")
}

func (m *Mixture) batch(i int) (graph.Feed, error) {
	if err := m.prepare(); err != nil {
		return nil, err
	}
	last := -1
	if m.ends >= 0 {
		last = m.ends / m.b
	}
	if err := checkBatch(i, last); err != nil {
		return nil, err
	}
	for r := range m.b {
		part, row := m.row(i*m.b + r)
		if err := m.parts[part].Source.fill(row, m.feed.row(r, m.t)); err != nil {
			return nil, errors.WithMessagef(err, "part %d", part+1)
		}
	}
	return m.feed.feed, nil
}

// Len returns the number of batches until all parts have ended, or -1 if a part has no end.
func (m *Mixture) Len() (int, error) {
	if err := m.prepare(); err != nil {
		return 0, errors.WithMessage(err, "data: mixture")
	}
	if m.ends < 0 {
		return -1, nil
	}
	return m.ends / m.b, nil
}

// row returns the part of a row of the mixture, and the number of the row in the part.
func (m *Mixture) row(i int) (part, row int) {
	k := len(m.phases) - 1
	for m.phases[k].begin > i {
		k--
	}
	p := m.phases[k]
	block, at := (i-p.begin)/mixBlock, (i-p.begin)%mixBlock
	counts, before := p.block(block)
	total := 0
	for _, n := range counts {
		total += n
	}
	at = order{n: total, key: kernel.Key(m.Seed, "mixture")}.permute(at, (p.begin+block*mixBlock)/mixBlock)
	for at >= counts[part] {
		at -= counts[part]
		part++
	}
	return part, p.used[part] + before[part] + at
}

// block returns the rows of each part in a block of the phase, and before it.
func (p phase) block(k int) (counts, before []int) {
	before, after := p.shares(k), p.shares(k+1)
	counts = make([]int, len(before))
	for i := range counts {
		counts[i] = after[i] - before[i]
	}
	if p.last != nil && k >= p.blocks {
		counts = p.last
	}
	return counts, before
}

// shares returns the rows of each part in the first k blocks of the phase.
func (p phase) shares(k int) []int {
	rows, rest := make([]int, len(p.weights)), k*mixBlock
	for i, w := range p.weights {
		if i != p.most {
			rows[i] = int(math.Floor(w * float64(k*mixBlock)))
			rest -= rows[i]
		}
	}
	rows[p.most] = rest
	return rows
}
