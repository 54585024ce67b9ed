package data

import (
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// sampler chooses the items of each batch. The items have different lengths.
type sampler struct {
	n, b   int
	passes bool            // one pass in order instead of shuffled epochs
	some   int             // number of items of a pass, spread evenly over all; 0 means all
	length func(i int) int // length of item i
	items  []int           // items of the batch, or of the pool that holds the batch
	pool   int             // number of the pool in items, from 1; 0 if items is empty
}

// batch returns the items of batch i, valid until the next call. The last batch of a pass may have fewer than b.
func (s *sampler) batch(i int, seed uint64, pool int) ([]int, error) {
	batches := -1
	if s.passes {
		batches = s.batches()
	}
	if s.n == 0 {
		return nil, errors.New("the set is empty")
	}
	if pool < 0 {
		return nil, errors.Errorf("Pool is %d, want at least 0", pool)
	}
	if err := checkBatch(i, batches); err != nil {
		return nil, err
	}
	if s.passes {
		s.items = s.items[:0]
		for k := i * s.b; k < min((i+1)*s.b, s.count()); k++ {
			s.items = append(s.items, spread(k, s.count(), s.n))
		}
		return s.items, nil
	}
	pool = max(pool, 1)
	if number := i/pool + 1; number != s.pool || len(s.items) != pool*s.b {
		s.fill(number-1, seed, pool)
		s.pool = number
	}
	k := i % pool
	if pool > 1 {
		k = order{n: pool, key: kernel.Key(seed, "batches")}.permute(k, i/pool)
	}
	return s.items[k*s.b : (k+1)*s.b], nil
}

// fill draws a pool of batches and sorts it by length, so that each batch holds items of similar length.
func (s *sampler) fill(number int, seed uint64, pool int) {
	o := order{n: s.n, key: kernel.Key(seed, "items")}
	s.items = s.items[:0]
	for row := number * pool * s.b; row < (number+1)*pool*s.b; row++ {
		item, _ := o.item(row)
		s.items = append(s.items, item)
	}
	if pool > 1 {
		slices.SortStableFunc(s.items, func(x, y int) int { return s.length(x) - s.length(y) })
	}
}

// count returns the number of items of a pass.
func (s *sampler) count() int {
	if s.passes && s.some > 0 {
		return min(s.some, s.n)
	}
	return s.n
}

// batches returns the number of batches that hold all items of a pass once, rounded up.
func (s *sampler) batches() int {
	if s.b < 1 {
		return 0
	}
	return (s.count() + s.b - 1) / s.b
}

// spread returns item k of some items that are spread evenly over n.
func spread(k, some, n int) int {
	if some == n {
		return k
	}
	return int(float64(k) / float64(some) * float64(n))
}
