package table

import "math"

// Golden is 2⁶⁴ divided by the golden ratio, which spreads consecutive keys (Knuth, The Art of Computer Programming, 6.4).
const Golden = 0x9e3779b97f4a7c15

// filterBits is the number of bits of the hash that the filter of Merges uses in addition to those of the table.
const filterBits = 2

// Merge holds the rank of a merge in its upper half and the id of the new token in its lower half. The lower Merge comes
// first.
type Merge uint64

// NoMerge means that two tokens do not merge.
const NoMerge Merge = math.MaxUint64

// NewMerge returns the merge with this rank that makes the token id.
func NewMerge(rank, id int32) Merge { return Merge(rank)<<32 | Merge(uint32(id)) }

// ID returns the token that m makes.
func (m Merge) ID() int32 { return int32(uint32(m)) }

// Merges maps two adjacent tokens to their merge. It is a hash table with open addressing and linear probing, at most
// half full. Most pairs do not merge. A filter with one bit per hash finds most of them without an access to the table,
// which is too large for the processor's cache.
type Merges struct {
	Slots  []MergeSlot
	shift  uint
	filter []uint64
}

// MergeSlot is an entry of Merges.
type MergeSlot struct {
	Pair  uint64
	Merge Merge // NoMerge if the slot is free
}

// PairOf returns the key of two adjacent tokens.
func PairOf(left, right int32) uint64 { return uint64(uint32(left))<<32 | uint64(uint32(right)) }

// NewMerges returns an empty table with room for n merges.
func NewMerges(n int) *Merges {
	bits := uint(1)
	for 1<<bits < 2*n {
		bits++
	}
	t := &Merges{Slots: make([]MergeSlot, 1<<bits), shift: 64 - bits, filter: make([]uint64, (1<<(bits+filterBits)+63)/64)}
	for i := range t.Slots {
		t.Slots[i].Merge = NoMerge
	}
	return t
}

// slot returns the slot of a pair, or the free slot for it.
func (t *Merges) slot(pair uint64) *MergeSlot {
	i := pair * Golden >> t.shift
	for {
		s := &t.Slots[i]
		if s.Pair == pair || s.Merge == NoMerge {
			return s
		}
		if i++; i == uint64(len(t.Slots)) {
			i = 0
		}
	}
}

// Put sets the merge of a pair.
func (t *Merges) Put(pair uint64, m Merge) {
	*t.slot(pair) = MergeSlot{pair, m}
	bit := pair * Golden >> (t.shift - filterBits)
	t.filter[bit/64] |= 1 << (bit % 64)
}

// Find returns the merge of left and right, or NoMerge.
func (t *Merges) Find(left, right int32) Merge {
	pair := PairOf(left, right)
	if bit := pair * Golden >> (t.shift - filterBits); t.filter[bit/64]>>(bit%64)&1 == 0 {
		return NoMerge
	}
	return t.slot(pair).Merge
}
