package kernel

import (
	"fmt"
	"math"
)

// Dropout computes y = x·mask/(1-p): each element is zero with probability p (Srivastava et al. 2014). The mask depends
// only on s and on the index of the element, so the same call on dy gives the gradient. p = 0 copies x, p = 1 gives
// zeros. y may be x.
func Dropout[T Float](y, x []T, p float64, s Seed) {
	checkLen("dropout", "y", len(y), len(x))
	parallel(len(x), minWork/4, dropout[T]{y, x, newMask(p, s)})
}

type dropout[T Float] struct {
	y, x []T
	mask mask
}

func (d *dropout[T]) Range(lo, hi int) {
	y, x := d.y[lo:hi], d.x[lo:hi]
	if len(y) > 0 && &y[0] != &x[0] {
		copy(y, x)
	}
	maskRow(d.mask, y, uint64(lo))
}

// mask decides for each index whether the element is dropped.
type mask struct {
	seed  Seed
	limit uint32 // words below limit drop their element
	scale float64
	all   bool
}

// newMask panics unless 0 ≤ p ≤ 1.
func newMask(p float64, s Seed) mask {
	if !(p >= 0 && p <= 1) {
		panic(fmt.Sprintf("kernel: dropout: probability %g is outside [0, 1]", p))
	}
	limit := min(math.Round(p*(1<<32)), math.MaxUint32)
	return mask{seed: s, limit: uint32(limit), scale: 1 / (1 - p), all: p == 1}
}

// maskRow multiplies x by the mask from index start on.
func maskRow[T Float](m mask, x []T, start uint64) {
	switch {
	case m.all:
		clear(x)
		return
	case m.limit == 0:
		return
	}
	scale := T(m.scale)
	for len(x) > 0 {
		if n := m.blocks(len(x), start); n > 0 && fast[T]() {
			m.multiply(first(x), n, start)
			x, start = x[n:], start+uint64(n)
			continue
		}
		words := m.seed.philox(start / 4)
		first := int(start % 4)
		n := min(4-first, len(x))
		for i := range n {
			if words[first+i] < m.limit {
				x[i] = 0
			} else {
				x[i] *= scale
			}
		}
		x, start = x[n:], start+uint64(n)
	}
}

// blocks returns the number of elements from index start on that the assembly computes: a multiple of eight blocks whose
// numbers do not carry into their upper half.
func (m *mask) blocks(n int, start uint64) int {
	n &^= 31
	if start%4 != 0 || start/4>>32 != (start+uint64(n))/4>>32 {
		return 0
	}
	return n
}

func (m *mask) multiply(x *float32, n int, start uint64) {
	block := start / 4
	counter := [4]uint32{uint32(block), uint32(block >> 32), uint32(m.seed.Stream), uint32(m.seed.Stream >> 32)}
	keys := m.seed.keys()
	dropoutRowAsm(n, x, &counter, &keys, m.limit, float32(m.scale))
}
