package data

import (
	"fmt"
	"slices"

	"github.com/pkg/errors"
)

// plan assigns each item to the cheapest size that holds it. A pass is limited to items with about limit targets; 0 means all.
// If the plan is up to date, plan does nothing.
func (s *sampler[I, S]) plan(limit int) error {
	if s.buckets != nil && s.limit == limit {
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
	s.buckets, s.limit, s.misfits = make([]bucket, len(s.sizes)), limit, 0
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
	if !s.pass || s.limit <= 0 {
		return n
	}
	targets := 0
	for _, item := range s.items {
		targets += s.sizes[0].targets(item)
	}
	if s.limit >= targets {
		return n
	}
	return (s.limit*n + targets - 1) / targets
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

// spread returns item k of some items that are spread evenly over n.
func spread(k, some, n int) int {
	if some == n {
		return k
	}
	return int(float64(k) / float64(some) * float64(n))
}
