package tokenize

import "math"

// noRank is the rank of two tokens that do not merge.
const noRank = math.MaxInt32

// mergeTable maps two adjacent tokens to the rank of their merge. It is a hash table with open addressing and linear
// probing, at most half full.
type mergeTable struct {
	slots []mergeSlot
	shift uint
}

type mergeSlot struct {
	pair uint64
	rank int32 // noRank: the slot is free
}

func pairOf(left, right int32) uint64 { return uint64(uint32(left))<<32 | uint64(uint32(right)) }

func newMergeTable(n int) *mergeTable {
	bits := uint(1)
	for 1<<bits < 2*n {
		bits++
	}
	t := &mergeTable{slots: make([]mergeSlot, 1<<bits), shift: 64 - bits}
	for i := range t.slots {
		t.slots[i].rank = noRank
	}
	return t
}

// slot returns the slot of a pair, or the free one where it would go.
func (t *mergeTable) slot(pair uint64) *mergeSlot {
	// 2⁶⁴ divided by the golden ratio spreads consecutive keys (Knuth, The Art of Computer Programming, 6.4).
	i := pair * 0x9e3779b97f4a7c15 >> t.shift
	for {
		s := &t.slots[i]
		if s.pair == pair || s.rank == noRank {
			return s
		}
		if i++; i == uint64(len(t.slots)) {
			i = 0
		}
	}
}

func (t *mergeTable) put(left, right, rank int32) {
	s := t.slot(pairOf(left, right))
	s.pair, s.rank = pairOf(left, right), rank
}

// rank returns the rank of the merge of left and right, or noRank.
func (t *mergeTable) rank(left, right int32) int32 {
	return t.slot(pairOf(left, right)).rank
}
