package generate

import (
	"cmp"
	"math"
	"slices"
)

// candidate is a token with its score or weight.
type candidate struct {
	id int32
	p  float64
}

// byRank orders by descending score, then by ascending id, so that no two candidates are equal.
func byRank(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.p, a.p), cmp.Compare(a.id, b.id))
}

func before(a, b candidate) bool { return a.p > b.p || a.p == b.p && a.id < b.id }

// sortMax is the largest number of candidates for which sorting is faster than partitioning.
const sortMax = 24

// appendBest appends the n best scores to c, in any order, and omits scores of -Inf. With capacity for 2·n candidates, or for all
// tokens, it allocates nothing.
func appendBest(c []candidate, scores []float64, n int) []candidate {
	bound := math.Inf(-1)
	for id, p := range scores {
		if p <= bound { // an equal score has a higher id
			continue
		}
		if len(c) == 2*n {
			c = keepBest(c, n)
			bound = c[0].p
			for _, x := range c {
				bound = min(bound, x.p)
			}
			if p <= bound {
				continue
			}
		}
		c = append(c, candidate{int32(id), p})
	}
	return keepBest(c, n)
}

// keepBest returns the n best candidates, in any order.
func keepBest(c []candidate, n int) []candidate {
	if len(c) <= n {
		return c
	}
	for lo, hi := 0, len(c); ; {
		if hi-lo <= sortMax {
			slices.SortFunc(c[lo:hi], byRank)
			return c[:n]
		}
		switch at := lo + partition(c[lo:hi]); {
		case n <= at:
			hi = at
		case n > at+1:
			lo = at + 1
		default:
			return c[:n]
		}
	}
}

// heaviest moves the best candidates to the front: the fewest whose weights sum to at least mass, the worst last. It returns their
// number, at least 1, and their sum. All weights must be positive.
func heaviest(c []candidate, mass float64) (n int, sum float64) {
	lo, hi := 0, len(c)
	for hi-lo > sortMax {
		at := lo + partition(c[lo:hi])
		front := sum
		for _, x := range c[lo:at] {
			front += x.p
		}
		switch {
		case at > lo && front >= mass:
			hi = at
		case front+c[at].p >= mass:
			return at + 1, front + c[at].p
		default:
			lo, sum = at+1, front+c[at].p
		}
	}
	slices.SortFunc(c[lo:hi], byRank)
	for lo < hi {
		sum += c[lo].p
		if lo++; sum >= mass {
			break
		}
	}
	return lo, sum
}

// partition moves a pivot to its sorted index, better candidates before it and worse ones after it, and returns the index. It needs
// at least three candidates.
func partition(c []candidate) int {
	last := len(c) - 1
	if middle := len(c) / 2; len(c) > 1000 { // the median of three medians
		step := len(c) / 8
		medianTo(c, step, 0, 2*step)
		medianTo(c, middle, middle-step, middle+step)
		medianTo(c, last-step, last-2*step, last)
		medianTo(c, middle, step, last-step)
		c[middle], c[last] = c[last], c[middle]
	} else {
		medianTo(c, middle, 0, last)
		c[middle], c[last] = c[last], c[middle]
	}
	pivot, at := c[last], 0
	for i, x := range c[:last] {
		if before(x, pivot) {
			c[i] = c[at]
			c[at] = x
			at++
		}
	}
	c[at], c[last] = c[last], c[at]
	return at
}

// medianTo moves the median of the candidates at a, b and d to index a.
func medianTo(c []candidate, a, b, d int) {
	if before(c[b], c[d]) != before(c[b], c[a]) { // b is the median
		c[a], c[b] = c[b], c[a]
	} else if before(c[d], c[b]) != before(c[d], c[a]) {
		c[a], c[d] = c[d], c[a]
	}
}
