package data

import (
	"slices"

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

// Fit returns the rows of 1 … t ids and the number of other rows. Batch returns an error for data with a row that does not fit.
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

func (s RowSize) check() error   { return checkSizes("B", s.B, "T", s.T) }
func (s RowSize) rows() int      { return s.B }
func (s RowSize) positions() int { return s.T }

func (s RowSize) filled(r Row) int { return len(r.IDs) }
func (s RowSize) targets(Row) int  { return 1 }

// fits reports whether a row has ids and fits into the shape, and has a valid class.
func (s RowSize) fits(r Row) bool {
	return len(r.IDs) >= 1 && len(r.IDs) <= s.T && (r.Class >= 0 || r.Class == ops.IgnoreTarget)
}

// RowBatches is a Source of Rows: tokens (B, T), lengths (B), and targets (B), which are the classes. With several sizes, each row
// belongs to the shortest that holds it, and a batch holds rows of one size. A RowBatches is not safe for concurrent use.
type RowBatches struct {
	Seed   uint64 // seed of the order
	Spread int    // limits a Sequential to this many rows, spread evenly over the data; 0 keeps all rows

	sampler sampler[Row, RowSize]
	feeds   []rowFeed
}

// rowFeed is a Feed for batches of one size, and its elements.
type rowFeed struct {
	feed                     graph.Feed
	tokens, lengths, targets []int32
}

// Batches returns a Source that draws every row once in each epoch. Each epoch has a new order of the rows of a size, and of the
// batches of all sizes. A batch may span two epochs.
func (r Rows) Batches(sizes ...RowSize) *RowBatches {
	return &RowBatches{sampler: sampler[Row, RowSize]{items: r, sizes: slices.Clone(sizes)}}
}

// Sequential returns a Source of all rows once, for evaluation. It has Len batches; any other number is an error. The rows of a size
// are in order; Items returns their positions. With several sizes, the batches have a fixed random order, so that the first batches
// represent the whole. Rows of one Pad whose class is ops.IgnoreTarget fill the last batch of a size. If this saves positions, the
// rows of a last batch move to a larger size.
func (r Rows) Sequential(sizes ...RowSize) *RowBatches {
	s := r.Batches(sizes...)
	s.sampler.pass = true
	return s
}

// Len returns the number of batches that hold every row once, rounded up for each size.
func (s *RowBatches) Len() int { return s.sampler.batches(s.Spread) }

// Batch returns micro-batch i. A row that is empty or longer than all sizes, or has a negative class, is an error. Rows.Fit drops rows
// of wrong length, Rows.Truncate cuts long rows.
func (s *RowBatches) Batch(i int) (graph.Feed, error) {
	k, items, err := s.draw(i)
	if err != nil {
		return nil, errors.WithMessage(err, "data: rows")
	}
	f, size := s.feeds[k], s.sampler.sizes[k]
	fillIDs(f.tokens, size.Pad)
	fillIDs(f.lengths, 1)
	fillIDs(f.targets, ops.IgnoreTarget)
	for r, item := range items {
		row := s.sampler.items[item]
		copy(f.tokens[r*size.T:], row.IDs)
		f.lengths[r], f.targets[r] = int32(len(row.IDs)), row.Class
	}
	return f.feed, nil
}

// Items returns the positions in the data of the rows of batch i, row by row. They are valid until the next call of Items or Batch.
// Rows that only fill the batch have no position.
func (s *RowBatches) Items(i int) ([]int, error) {
	_, items, err := s.draw(i)
	return items, errors.WithMessage(err, "data: rows")
}

// Filled returns the fraction of the positions of all batches that hold ids. The others are padding.
func (s *RowBatches) Filled() (float64, error) {
	if err := s.prepare(); err != nil {
		return 0, errors.WithMessage(err, "data: rows")
	}
	return s.sampler.filled(), nil
}

func (s *RowBatches) draw(i int) (size int, items []int, err error) {
	if err := s.prepare(); err != nil {
		return 0, nil, err
	}
	return s.sampler.draw(i, s.Seed)
}

func (s *RowBatches) masked(i int) (seed uint64, items []int, pass bool, err error) {
	_, items, err = s.draw(i)
	return s.Seed, items, s.sampler.pass, err
}

// prepare plans the batches and makes the feeds.
func (s *RowBatches) prepare() error {
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
		f := rowFeed{feed: graph.Feed{}}
		f.tokens = addIDs(f.feed, "tokens", size.B, size.T)
		f.lengths, f.targets = addIDs(f.feed, "lengths", size.B), addIDs(f.feed, "targets", size.B)
		s.feeds = append(s.feeds, f)
	}
	return nil
}

// misfit returns the error for rows that fit no size.
func (s *RowBatches) misfit() error {
	row, most := s.sampler.items[s.sampler.misfit], 0
	for _, size := range s.sampler.sizes {
		most = max(most, size.T)
	}
	if n := len(row.IDs); n < 1 || n > most {
		return errors.Errorf("row %d has %d ids, want 1 … %d: %d of %d rows do not fit: Rows.Fit drops them, Rows.Truncate cuts long ones",
			s.sampler.misfit, n, most, s.sampler.misfits, len(s.sampler.items))
	}
	return errors.Errorf("row %d has class %d, want at least 0", s.sampler.misfit, row.Class)
}
