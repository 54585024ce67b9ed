package data

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Row is a sequence and its class.
type Row struct {
	IDs   []int32
	Class int32 // ops.IgnoreTarget if the class is unknown; the row then does not count
}

// Rows are data for a classifier of sequences.
type Rows []Row

// Fit returns the rows of 1 … t ids and the number of other rows. Batch returns an error for a row that does not fit.
func (r Rows) Fit(t int) (kept Rows, dropped int) {
	for _, row := range r {
		if len(row.IDs) >= 1 && len(row.IDs) <= t {
			kept = append(kept, row)
		}
	}
	return kept, len(r) - len(kept)
}

// Truncate returns the rows, each cut to its first t ids, and the number of rows that were longer. The ids are shared, not copied.
func (r Rows) Truncate(t int) (rows Rows, cut int) {
	rows = append(rows, r...)
	for i := range rows {
		if len(rows[i].IDs) > t {
			rows[i].IDs = rows[i].IDs[:max(t, 0)]
			cut++
		}
	}
	return rows, cut
}

// RowSize is the shape of a batch of rows: B rows of T positions, padded with Pad.
type RowSize struct {
	B, T int
	Pad  int32
}

// RowBatches is a Source of Rows: tokens (B, T), lengths (B), and targets (B), which are the classes. Seed and Pool may be set
// before the first Batch. A RowBatches is not safe for concurrent use.
type RowBatches struct {
	Seed uint64
	Pool int // number of batches whose rows are sorted by length together, so that a batch holds rows of similar length; 0 turns it off

	rows    Rows
	size    RowSize
	sampler sampler

	feed                     graph.Feed
	tokens, lengths, targets []int32
}

// Batches returns a Source that draws every row once in each epoch, in a new order. A batch may span two epochs.
func (r Rows) Batches(size RowSize) *RowBatches {
	return &RowBatches{rows: r, size: size, sampler: sampler{n: len(r), b: size.B, length: func(i int) int { return len(r[i].IDs) }}}
}

// Sequential returns a Source of all rows once, in order, for evaluation. It has Len batches; any other number is an error. Rows of
// one Pad whose class is ops.IgnoreTarget fill the last batch.
func (r Rows) Sequential(size RowSize) *RowBatches {
	s := r.Batches(size)
	s.sampler.passes = true
	return s
}

// Spread limits a Sequential to this many rows, spread evenly over the data. 0 keeps all rows. It returns s.
func (s *RowBatches) Spread(rows int) *RowBatches {
	s.sampler.some = max(rows, 0)
	return s
}

// Len returns the number of batches that hold every row once, rounded up.
func (s *RowBatches) Len() int { return s.sampler.batches() }

// Batch returns micro-batch i. A row that is empty or too long, or has a negative class, is an error. Rows.Fit drops rows of wrong
// length, Rows.Truncate cuts long rows.
func (s *RowBatches) Batch(i int) (graph.Feed, error) {
	if err := s.prepare(); err != nil {
		return nil, errors.WithMessage(err, "data: rows")
	}
	items, err := s.sampler.batch(i, s.Seed, s.Pool)
	if err != nil {
		return nil, errors.WithMessage(err, "data: rows")
	}
	fillIDs(s.tokens, s.size.Pad)
	fillIDs(s.lengths, 1)
	fillIDs(s.targets, ops.IgnoreTarget)
	for r, item := range items {
		row := s.rows[item]
		if n := len(row.IDs); n < 1 || n > s.size.T {
			return nil, errors.Errorf("data: rows: row %d has %d ids, want 1 … %d: Rows.Fit drops such rows, Rows.Truncate cuts long ones",
				item, n, s.size.T)
		}
		if row.Class < 0 && row.Class != ops.IgnoreTarget {
			return nil, errors.Errorf("data: rows: row %d has class %d, want at least 0", item, row.Class)
		}
		copy(s.tokens[r*s.size.T:], row.IDs)
		s.lengths[r], s.targets[r] = int32(len(row.IDs)), row.Class
	}
	return s.feed, nil
}

func (s *RowBatches) prepare() error {
	if s.feed != nil {
		return nil
	}
	if err := checkSizes("B", s.size.B, "T", s.size.T); err != nil {
		return err
	}
	s.feed = graph.Feed{}
	s.tokens = addIDs(s.feed, "tokens", s.size.B, s.size.T)
	s.lengths, s.targets = addIDs(s.feed, "lengths", s.size.B), addIDs(s.feed, "targets", s.size.B)
	return nil
}
