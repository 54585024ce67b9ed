package data

import (
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// deal says which items stand in a batch, for sets of items of different lengths.
type deal struct {
	n, b   int
	passes bool            // in order and once, instead of shuffled by epoch
	some   int             // items of a pass, spread evenly over all; 0 for all
	length func(i int) int // of item i
	items  []int           // of the batch, or of the pool that it lies in
	pool   int             // number of the pool in items, from 1; 0 for none
}

// hand lists the items of batch i, valid until the next call. Those of a batch that passes may be fewer than b.
func (d *deal) hand(i int, seed uint64, pool int) ([]int, error) {
	batches := -1
	if d.passes {
		batches = d.batches()
	}
	if d.n == 0 {
		return nil, errors.New("the set is empty")
	}
	if pool < 0 {
		return nil, errors.Errorf("Pool is %d, want at least 0", pool)
	}
	if err := checkBatch(i, batches); err != nil {
		return nil, err
	}
	if d.passes {
		d.items = d.items[:0]
		for k := i * d.b; k < min((i+1)*d.b, d.count()); k++ {
			d.items = append(d.items, spread(k, d.count(), d.n))
		}
		return d.items, nil
	}
	pool = max(pool, 1)
	if number := i/pool + 1; number != d.pool || len(d.items) != pool*d.b {
		d.fill(number-1, seed, pool)
		d.pool = number
	}
	k := i % pool
	if pool > 1 {
		k = order{n: pool, key: kernel.Key(seed, "batches")}.permute(k, i/pool)
	}
	return d.items[k*d.b : (k+1)*d.b], nil
}

// fill deals a pool of batches and sorts it by length, so that each batch holds items of like length.
func (d *deal) fill(number int, seed uint64, pool int) {
	o := order{n: d.n, key: kernel.Key(seed, "items")}
	d.items = d.items[:0]
	for row := number * pool * d.b; row < (number+1)*pool*d.b; row++ {
		item, _ := o.item(row)
		d.items = append(d.items, item)
	}
	if pool > 1 {
		slices.SortStableFunc(d.items, func(x, y int) int { return d.length(x) - d.length(y) })
	}
}

// count is the number of items of a pass.
func (d *deal) count() int {
	if d.passes && d.some > 0 {
		return min(d.some, d.n)
	}
	return d.n
}

// batches is the number of batches that hold all items of a pass once, rounded up.
func (d *deal) batches() int {
	if d.b < 1 {
		return 0
	}
	return (d.count() + d.b - 1) / d.b
}

// spread is item k of some items that are spread evenly over n.
func spread(k, some, n int) int {
	if some == n {
		return k
	}
	return int(float64(k) / float64(some) * float64(n))
}
