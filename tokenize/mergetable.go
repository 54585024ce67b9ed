package tokenize

import "math"

// golden is 2⁶⁴ divided by the golden ratio, which spreads consecutive keys (Knuth, The Art of Computer Programming, 6.4).
const golden = 0x9e3779b97f4a7c15

// filterBits is how many bits more of the hash the filter of a mergeTable has than the table.
const filterBits = 2

// bpeMerge is the rank of a merge in the upper half and the token that it makes in the lower half: the smaller one comes first.
type bpeMerge uint64

// noMerge stands for two tokens that do not merge.
const noMerge bpeMerge = math.MaxUint64

func newMerge(rank, id int32) bpeMerge { return bpeMerge(rank)<<32 | bpeMerge(uint32(id)) }
func (m bpeMerge) id() int32           { return int32(uint32(m)) }

// mergeTable maps two adjacent tokens to their merge. It is a hash table with open addressing and linear probing, at most
// half full. Before it stands a small table of bits, one for each hash: most pairs do not merge, and to learn that from a
// table that is too large for the cache takes far longer.
type mergeTable struct {
	slots  []mergeSlot
	shift  uint
	filter []uint64
}

type mergeSlot struct {
	pair  uint64
	merge bpeMerge // noMerge: the slot is free
}

func pairOf(left, right int32) uint64 { return uint64(uint32(left))<<32 | uint64(uint32(right)) }

func newMergeTable(n int) *mergeTable {
	bits := uint(1)
	for 1<<bits < 2*n {
		bits++
	}
	t := &mergeTable{slots: make([]mergeSlot, 1<<bits), shift: 64 - bits, filter: make([]uint64, (1<<(bits+filterBits)+63)/64)}
	for i := range t.slots {
		t.slots[i].merge = noMerge
	}
	return t
}

// slot returns the slot of a pair, or the free one where it would go.
func (t *mergeTable) slot(pair uint64) *mergeSlot {
	i := pair * golden >> t.shift
	for {
		s := &t.slots[i]
		if s.pair == pair || s.merge == noMerge {
			return s
		}
		if i++; i == uint64(len(t.slots)) {
			i = 0
		}
	}
}

// put sets the merge of a pair.
func (t *mergeTable) put(pair uint64, m bpeMerge) {
	*t.slot(pair) = mergeSlot{pair, m}
	bit := pair * golden >> (t.shift - filterBits)
	t.filter[bit/64] |= 1 << (bit % 64)
}

// find returns the merge of left and right, or noMerge.
func (t *mergeTable) find(left, right int32) bpeMerge {
	pair := pairOf(left, right)
	if bit := pair * golden >> (t.shift - filterBits); t.filter[bit/64]>>(bit%64)&1 == 0 {
		return noMerge
	}
	return t.slot(pair).merge
}
