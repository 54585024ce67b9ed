package data

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Framed is a Source of windows of a Corpus, each between two tokens, as an encoder reads texts: tokens (B, T), lengths (B), and targets
// (B), which are ops.IgnoreTarget. It serves MaskedBatches. A window has T−2 tokens of the corpus. A Framed is not safe for concurrent use.
type Framed struct {
	Seed   uint64 // seed of the order
	Spread int    // limits a sequential Framed to this many rows, spread evenly over the corpus; 0 keeps all rows

	corpus      *Corpus
	size        RowSize
	first, last int32
	passes      bool

	feed  rowFeed
	items []int
}

// Framed returns a Source of windows between the tokens first and last, such as [CLS] and [SEP]. It draws every window once in each epoch.
func (c *Corpus) Framed(size RowSize, first, last int32) *Framed {
	return &Framed{corpus: c, size: size, first: first, last: last}
}

// FramedSequential returns a Source of all windows once, in order, for evaluation. It has Len batches; any other number is an error.
func (c *Corpus) FramedSequential(size RowSize, first, last int32) *Framed {
	f := c.Framed(size, first, last)
	f.passes = true
	return f
}

// Len returns the number of batches of one pass over the corpus, rounded up.
func (f *Framed) Len() int {
	if f.size.B < 1 || f.size.T < 3 {
		return 0
	}
	rows, _ := f.rows()
	return (rows + f.size.B - 1) / f.size.B
}

// rows returns the number of windows of a pass, and of the corpus. The last one may be short.
func (f *Framed) rows() (some, all int) {
	n := f.size.T - 2
	if all = (f.corpus.Len() + n - 1) / n; !f.passes {
		all = max(f.corpus.Len()/n, 1)
	}
	if f.passes && f.Spread > 0 {
		return min(f.Spread, all), all
	}
	return all, all
}

// Batch returns micro-batch i. It is an error if the corpus has fewer than T−2 tokens, or none for FramedSequential.
func (f *Framed) Batch(i int) (graph.Feed, error) {
	if err := f.draw(i); err != nil {
		return nil, errors.WithMessagef(err, "data: framed windows of %s", f.corpus.name)
	}
	fillIDs(f.feed.tokens, f.size.Pad)
	fillIDs(f.feed.lengths, 1)
	n := f.size.T - 2
	for r, item := range f.items {
		row := f.feed.tokens[r*f.size.T:][:f.size.T]
		k := min(n, f.corpus.Len()-item*n)
		if err := f.corpus.Tokens(row[1:k+1], item*n); err != nil {
			return nil, err
		}
		row[0], row[k+1], f.feed.lengths[r] = f.first, f.last, int32(k+2)
	}
	return f.feed.feed, nil
}

// draw sets the windows of batch i. The last batch of a pass may have fewer than B.
func (f *Framed) draw(i int) error {
	if err := f.prepare(); err != nil {
		return err
	}
	batches := -1
	if f.passes {
		batches = f.Len()
	}
	if err := checkBatch(i, batches); err != nil {
		return err
	}
	some, all := f.rows()
	f.items = f.items[:0]
	for row := i * f.size.B; row < (i+1)*f.size.B; row++ {
		switch {
		case !f.passes:
			item, _ := order{n: all, key: kernel.Key(f.Seed, "framed")}.item(row)
			f.items = append(f.items, item)
		case row < some:
			f.items = append(f.items, spread(row, some, all))
		}
	}
	return nil
}

// prepare checks the sizes and makes the feed.
func (f *Framed) prepare() error {
	if err := checkSizes("B", f.size.B, "T−2", f.size.T-2); err != nil {
		return err
	}
	if n := f.corpus.Len(); n < f.size.T-2 && !f.passes || n == 0 {
		return errors.Errorf("%d tokens are fewer than the %d of a window: take shorter windows or more text", n, f.size.T-2)
	}
	if f.feed.feed == nil {
		f.feed.feed = graph.Feed{}
		f.feed.tokens = addIDs(f.feed.feed, "tokens", f.size.B, f.size.T)
		f.feed.lengths, f.feed.targets = addIDs(f.feed.feed, "lengths", f.size.B), addIDs(f.feed.feed, "targets", f.size.B)
		fillIDs(f.feed.targets, ops.IgnoreTarget)
	}
	return nil
}

func (f *Framed) masked(i int) (seed uint64, items []int, pass bool, err error) {
	err = f.draw(i)
	return f.Seed, f.items, f.passes, err
}
