package data

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/pkg/errors"

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
	spread  int      // the limit of targets in buckets
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

// plan assigns each item to the cheapest size that holds it. A pass is limited to items with about spread targets; 0 means no limit.
// If the plan is up to date, plan does nothing.
func (s *sampler[I, S]) plan(spread int) error {
	if s.buckets != nil && s.spread == spread {
		return nil
	}
	if len(s.items) == 0 {
		return errors.New("the set is empty")
	}
	if len(s.sizes) == 0 {
		return errors.New("no size of batches, want at least 1")
	}
	for _, size := range s.sizes {
		if err := size.check(); err != nil {
			return err
		}
	}
	s.buckets, s.spread, s.misfits = make([]bucket, len(s.sizes)), spread, 0
	for k, size := range s.sizes {
		s.buckets[k] = bucket{b: size.rows(), pass: s.pass, name: fmt.Sprint("items ", k)}
	}
	s.buckets[0].name = "items"
	order := s.byCost()
	s.assign(order)
	if s.pass {
		s.fillBatches(order)
	}
	return nil
}

// byCost returns the indexes of the sizes, the cheapest first.
func (s *sampler[I, S]) byCost() []int {
	order := make([]int, len(s.sizes))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(x, y int) int { return s.sizes[x].positions() - s.sizes[y].positions() })
	return order
}

// assign puts items into the first bucket, in this order, whose size holds them.
func (s *sampler[I, S]) assign(order []int) {
	n := s.count()
	for at := range n {
		i := spread(at, n, len(s.items))
		first := slices.IndexFunc(order, func(k int) bool { return s.sizes[k].fits(s.items[i]) })
		if first < 0 {
			if s.misfits++; s.misfits == 1 {
				s.misfit = i
			}
			continue
		}
		b := &s.buckets[order[first]]
		b.items = append(b.items, i)
	}
}

// count returns the number of items of a pass.
func (s *sampler[I, S]) count() int {
	n := len(s.items)
	if !s.pass || s.spread <= 0 {
		return n
	}
	targets := 0
	for _, item := range s.items {
		targets += s.sizes[0].targets(item)
	}
	if s.spread >= targets {
		return n
	}
	return (s.spread*n + targets - 1) / targets
}

// fillBatches empties batches that are not full: it moves their items to free rows of larger sizes, if all find one.
func (s *sampler[I, S]) fillBatches(order []int) {
	for at, k := range order {
		from := &s.buckets[k]
		whole := len(from.items) / from.b * from.b
		if to, ok := s.places(from.items[whole:], order[at+1:]); ok {
			for r, i := range from.items[whole:] {
				s.buckets[to[r]].items = append(s.buckets[to[r]].items, i)
			}
			from.items = from.items[:whole]
		}
	}
	for _, b := range s.buckets {
		slices.Sort(b.items)
	}
}

// places returns a bucket with a free row for each item, the first in this order. ok is false if an item finds none.
func (s *sampler[I, S]) places(items, order []int) (buckets []int, ok bool) {
	free := make([]int, len(s.buckets))
	for k, b := range s.buckets {
		free[k] = b.batches(0)*b.b - len(b.items)
	}
	for _, i := range items {
		at := slices.IndexFunc(order, func(k int) bool { return free[k] > 0 && s.sizes[k].fits(s.items[i]) })
		if at < 0 {
			return nil, false
		}
		free[order[at]]--
		buckets = append(buckets, order[at])
	}
	return buckets, true
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
func (s *sampler[I, S]) batches(spread int) (n int) {
	if s.plan(spread) != nil {
		return 0
	}
	for _, b := range s.buckets {
		n += (len(b.items) + b.b - 1) / b.b
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

// spread returns item k of some items that are spread evenly over n.
func spread(k, some, n int) int {
	if some == n {
		return k
	}
	return int(float64(k) / float64(some) * float64(n))
}
