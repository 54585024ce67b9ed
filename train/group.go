package train

import (
	"unsafe"

	"github.com/pkg/errors"
)

// Group is the ranks of a run: processes, on one machine or many, that train one model together. A Trainer with a Group divides the
// micro-batches of every step among the ranks. Package train/mpi implements Group.
//
// All ranks call the same methods in the same order, except that a Send of one rank meets a Receive of another. The data of both have the
// same length. One goroutine at a time calls them. An error on any rank ends the run: the Group is then of no use.
type Group interface {
	Rank() int // number of this process, from 0
	Size() int // number of processes
	// Send sends data to a rank. The data may change as soon as Send returns.
	Send(to int, data []byte) error
	// Receive fills data with the next message of a rank.
	Receive(from int, data []byte) error
	// Broadcast copies the data of one rank to all others.
	Broadcast(from int, data []byte) error
}

// ranks returns the number of ranks, 1 without a Group.
func ranks(g Group) int {
	if g == nil {
		return 1
	}
	return g.Size()
}

func rankOf(g Group) int {
	if g == nil {
		return 0
	}
	return g.Rank()
}

// divide returns the items lo … hi-1 of n that a rank computes. The shares differ by at most one.
func divide(n, rank, size int) (lo, hi int) { return rank * n / size, (rank + 1) * n / size }

// Share replaces v on every rank by the sum of v over the ranks, without rounding if at most one rank has a nonzero value at each
// index. A nil Group is one rank.
func Share(g Group, v []float64) error {
	size, rank := ranks(g), rankOf(g)
	if size == 1 {
		return nil
	}
	other := make([]float64, len(v))
	for gap := 1; gap < size; gap *= 2 {
		if rank%(2*gap) != 0 {
			if err := g.Send(rank-gap, bytesOf(v)); err != nil {
				return err
			}
			break
		}
		if rank+gap >= size {
			continue
		}
		if err := g.Receive(rank+gap, bytesOf(other)); err != nil {
			return err
		}
		for i, x := range other {
			v[i] += x
		}
	}
	return g.Broadcast(0, bytesOf(v))
}

// AnyOf reports whether some rank calls it with true. All ranks call it.
func AnyOf(g Group, here bool) (bool, error) {
	v := []float64{0}
	if here {
		v[0] = 1
	}
	err := Share(g, v)
	return v[0] > 0, err
}

// checkGroup returns an error if a step has too few micro-batches for the ranks.
func checkGroup(g Group, microBatches int) error {
	if n := max(microBatches, 1); n < ranks(g) {
		return errors.Errorf("a step has %d micro-batches for %d ranks, want at least one for each: set MicroBatches to a multiple of %[2]d", n, g.Size())
	}
	return nil
}

// bytesOf returns the memory of v.
func bytesOf[T any](v []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(*new(T))))
}
