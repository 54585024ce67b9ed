package kernel

import "github.com/pkg/errors"

// CheckLengths returns an error that names the first length outside [0, t].
func CheckLengths(lengths []int32, t int) error {
	for i, n := range lengths {
		if n < 0 || int(n) > t {
			return errors.Errorf("kernel: length %d of sequence %d is outside 0 … %d, the positions of a batch", n, i, t)
		}
	}
	return nil
}

// Sequences is the shape of a batch of vectors: B sequences of T positions of C channels. The first Lengths positions of
// a sequence count.
type Sequences struct {
	B, T, C int
	Lengths []int32 // (B), checked by CheckLengths; nil means T
}

func (s Sequences) length(b int) int {
	if s.Lengths == nil {
		return s.T
	}
	return int(s.Lengths[b])
}

func (s Sequences) check(kernel string, sequences, vectors int) {
	checkLen(kernel, "sequences", sequences, s.B*s.T*s.C)
	checkLen(kernel, "vectors", vectors, s.B*s.C)
	if s.Lengths != nil {
		checkLen(kernel, "lengths", len(s.Lengths), s.B)
	}
}

// MeanPool computes y = Σₜ x[t]/n over the n positions of each sequence that count: (B, T, C) → (B, C). y is 0 if n is
// 0.
func MeanPool[T Float](y, x []T, s Sequences) {
	s.check("mean pool", len(x), len(y))
	blocks := (s.C + sumBlock - 1) / sumBlock
	parallel(s.B*blocks, rowGrain(s.T*min(s.C, sumBlock)), meanPool[T]{y, x, s, blocks})
}

type meanPool[T Float] struct {
	y, x   []T
	s      Sequences
	blocks int // of sumBlock channels
}

func (p *meanPool[T]) Range(lo, hi int) {
	var sums [sumBlock]float64
	for i := lo; i < hi; i++ {
		b, c := i/p.blocks, i%p.blocks*sumBlock
		n, y := p.s.length(b), p.y[b*p.s.C : (b+1)*p.s.C][c:min(c+sumBlock, p.s.C)]
		block := sums[:len(y)]
		clear(block)
		for t := range n {
			addRow64(block, p.x[(b*p.s.T+t)*p.s.C+c:][:len(y)])
		}
		for j, v := range block {
			y[j] = T(v / float64(max(n, 1)))
		}
	}
}

// MeanPoolGrad is the gradient of MeanPool: dx is dy[b]/n at each position that counts and 0 at the other positions.
func MeanPoolGrad[T Float](dx, dy []T, s Sequences) {
	s.check("mean pool grad", len(dx), len(dy))
	parallel(s.B, rowGrain(s.T*s.C), meanPoolGrad[T]{dx, dy, s})
}

type meanPoolGrad[T Float] struct {
	dx, dy []T
	s      Sequences
}

func (p *meanPoolGrad[T]) Range(lo, hi int) {
	c := p.s.C
	for b := lo; b < hi; b++ {
		n, dx, dy := p.s.length(b), p.dx[b*p.s.T*c:(b+1)*p.s.T*c], p.dy[b*c:(b+1)*c]
		clear(dx)
		if n == 0 {
			continue
		}
		for i, d := range dy {
			dx[i] = d / T(n)
		}
		for t := 1; t < n; t++ {
			copy(dx[t*c:(t+1)*c], dx[:c])
		}
	}
}

// LastPool copies the last vector of each sequence that counts: (B, T, C) → (B, C). y is 0 if no position counts.
func LastPool[T Float](y, x []T, s Sequences) {
	s.check("last pool", len(x), len(y))
	clear(y)
	for b := range s.B {
		if n := s.length(b); n > 0 {
			copy(y[b*s.C:(b+1)*s.C], x[(b*s.T+n-1)*s.C:])
		}
	}
}

// LastPoolGrad is the gradient of LastPool: dx is dy[b] at the last position that counts and 0 at the other positions.
func LastPoolGrad[T Float](dx, dy []T, s Sequences) {
	s.check("last pool grad", len(dx), len(dy))
	clear(dx)
	for b := range s.B {
		if n := s.length(b); n > 0 {
			copy(dx[(b*s.T+n-1)*s.C:], dy[b*s.C:(b+1)*s.C])
		}
	}
}
