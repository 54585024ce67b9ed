package graph

import (
	"cmp"
	"slices"
)

// alignment of buffers in the arena, in elements: 64 bytes of float32, a cache line.
const alignment = 16

// plan gives every arena buffer an offset such that buffers in use at the same time do not overlap, and returns the memory's size.
// It places the largest buffer first, each at the lowest offset that is free during its life (Pisarchyk and Lee 2020, arXiv
// 2001.03288, greedy by size). placed are buffers that have their offsets, in order.
func plan(buffers []*buffer, placed ...*buffer) int {
	order := make([]*buffer, 0, len(buffers))
	for _, b := range buffers {
		if b.place == inArena {
			order = append(order, b)
		}
	}
	slices.SortStableFunc(order, func(a, b *buffer) int { return cmp.Compare(b.size, a.size) })
	size := 0
	for _, p := range placed {
		size = max(size, p.offset+p.size)
	}
	for _, b := range order {
		at := 0
		for _, p := range placed {
			if p.last < b.first || b.last < p.first {
				continue
			}
			if p.offset-at >= b.size {
				break
			}
			at = max(at, aligned(p.offset+p.size))
		}
		b.offset = at
		size = max(size, at+b.size)
		i, _ := slices.BinarySearchFunc(placed, b, func(p, b *buffer) int { return cmp.Compare(p.offset, b.offset) })
		placed = slices.Insert(placed, i, b)
	}
	return size
}

func aligned(n int) int { return (n + alignment - 1) / alignment * alignment }

// peak returns the largest sum of the sizes of buffers and gradients in use at the same time, a lower bound for every plan.
func peak(buffers []*buffer, steps int) int {
	change := make([]int, steps+2)
	for _, b := range buffers {
		if b.place == inArena || b.place == inGrad {
			change[b.first] += b.size
			change[b.last+1] -= b.size
		}
	}
	most, now := 0, 0
	for _, d := range change {
		now += d
		most = max(most, now)
	}
	return most
}
