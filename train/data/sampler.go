package data

import (
	"math"
	"sort"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// shape is the size of batches of items.
type shape[I any] interface {
	check() error   // returns an error for the first dimension below 1
	rows() int      // rows of a batch
	positions() int // positions of a row, with padding
	filled(I) int   // positions of an item
	targets(I) int  // targets of an item
	fits(I) bool
}

// sampler chooses the items of each batch. Each item has one shape, and each batch holds items of one shape.
type sampler[I any, S shape[I]] struct {
	items []I
	sizes []S
	pass  bool // one pass instead of shuffled epochs

	buckets []bucket // one for each size; nil before plan
	limit   int      // limit of the targets in buckets
	misfits int      // number of items that fit no size
	misfit  int      // the first of them
	batch   []int    // items of the last batch
}

// bucket holds the items of one size.
type bucket struct {
	items []int // positions in the data
	b     int   // rows of a batch
	pass  bool
	name  string // name of the random order
}

// before returns the number of batches before an epoch. A batch that spans two epochs belongs to the second. A pass rounds up.
func (b bucket) before(epoch int) int {
	if b.pass {
		return epoch * ((len(b.items) + b.b - 1) / b.b)
	}
	return epoch * len(b.items) / b.b
}

// batches returns the number of batches of an epoch.
func (b bucket) batches(epoch int) int { return b.before(epoch+1) - b.before(epoch) }

// before returns the number of batches of all sizes before an epoch.
func (s *sampler[I, S]) before(epoch int) (n int) {
	for _, b := range s.buckets {
		n += b.before(epoch)
	}
	return n
}

// batches returns the number of batches that hold all items of a pass once, rounded up for each size.
func (s *sampler[I, S]) batches(limit int) (n int) {
	if s.plan(limit) != nil {
		return 0
	}
	for _, b := range s.buckets {
		n += (len(b.items) + b.b - 1) / b.b
	}
	if s.misfits > 0 {
		n = max(n, 1) // a loop over the batches then returns the error of Batch
	}
	return n
}

// mostRows limits the rows of all batches of shuffled epochs, so that products of numbers of epochs and items stay in range.
const mostRows = math.MaxInt / 8

// draw returns the index of the size and the items of batch i of the plan, valid until the next call. In a pass, the last batch of a
// size may have fewer items than rows.
func (s *sampler[I, S]) draw(i int, seed uint64) (size int, items []int, err error) {
	n, epoch := mostRows, 0
	for _, b := range s.buckets {
		n = min(n, mostRows/b.b)
	}
	if s.pass {
		n = s.before(1)
	}
	if err := checkBatch(i, n); err != nil {
		return 0, nil, err
	}
	if !s.pass {
		epoch = s.epoch(i)
	}
	k, j := s.slot(i, epoch, seed)
	b := s.buckets[k]
	s.batch = s.batch[:0]
	if s.pass {
		s.batch = append(s.batch, b.items[j*b.b:min((j+1)*b.b, len(b.items))]...)
		return k, s.batch, nil
	}
	o := order{n: len(b.items), key: kernel.Key(seed, b.name)}
	for row := j * b.b; row < (j+1)*b.b; row++ {
		at, _ := o.item(row)
		s.batch = append(s.batch, b.items[at])
	}
	return k, s.batch, nil
}

// epoch returns the epoch of batch i.
func (s *sampler[I, S]) epoch(i int) int {
	hi := 1
	for s.before(hi) <= i {
		hi *= 2
	}
	return sort.Search(hi, func(e int) bool { return s.before(e+1) > i })
}

// slot returns the bucket of batch i and the number of the batch in its bucket. An epoch shuffles the batches of all sizes together.
func (s *sampler[I, S]) slot(i, epoch int, seed uint64) (k, j int) {
	at, n := i-s.before(epoch), s.before(epoch+1)-s.before(epoch)
	if len(s.buckets) > 1 {
		if s.pass {
			seed = 0
		}
		at = order{n: n, key: kernel.Key(seed, "batches")}.permute(at, epoch)
	}
	for at >= s.buckets[k].batches(epoch) {
		at -= s.buckets[k].batches(epoch)
		k++
	}
	return k, s.buckets[k].before(epoch) + at
}

// filled returns the fraction of the computed positions that hold ids: of a pass, or of all epochs.
func (s *sampler[I, S]) filled() float64 {
	real, all := 0, 0.0
	for k, b := range s.buckets {
		rows := len(b.items)
		if s.pass {
			rows = b.batches(0) * b.b
		}
		all += float64(rows) * float64(s.sizes[k].positions())
		for _, i := range b.items {
			real += s.sizes[k].filled(s.items[i])
		}
	}
	return float64(real) / all
}
