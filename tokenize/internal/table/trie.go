// Package table holds the data structures of models: a trie, the merges of BPE, a table of tokens, a heap, a cache of pieces
// and a pool of memory.
package table

import (
	"slices"

	"github.com/pkg/errors"
)

// Trie maps strings of bytes to values. It is a double array (Aoe 1989, IEEE TSE 15(9)): the index of a child is the base of
// its parent, exclusive-or its byte, as in Darts-clone. No two nodes share a base, so a unit holds its byte and not its
// parent. The zero value is empty and must not be walked.
type Trie struct {
	Units []trieUnit // a multiple of 256
}

// trieUnit is one node. It has 8 bytes, so that a step is one access to memory.
type trieUnit struct {
	Link  uint32 // base<<9 | TrieUsed if the node exists | its byte
	Value int32  // of the string that ends here; -1: none
}

const (
	trieBlock    = 256
	TrieUsed     = 1 << 8
	maxTrieUnits = 1 << 23 // bounded by the bits of a base
	openBlocks   = 16      // number of blocks at the end that are searched for room; more make a smaller trie and take longer
	baseTries    = 512     // number of free units that are tried for a node, so that building stays fast for all strings
	noKids       = 0       // the base of all nodes without children, and of no other node
)

// Root returns the base from which a walk begins.
func (t *Trie) Root() uint32 { return t.Units[0].Link >> 9 }

// Step follows b from the node with this base. value is -1 if no string ends at the next node. ok is false if there is no
// next node.
func (t *Trie) Step(base uint32, b byte) (next uint32, value int32, ok bool) {
	u := t.Units[base^uint32(b)]
	return u.Link >> 9, u.Value, u.Link&0x1ff == TrieUsed|uint32(b)
}

// Walk follows s from the root and returns the base of the last node. ok is false if no string begins with s.
func (t *Trie) Walk(s string) (base uint32, ok bool) {
	base, ok = t.Root(), true
	for i := range len(s) {
		if base, _, ok = t.Step(base, s[i]); !ok {
			return noKids, false
		}
	}
	return base, true
}

// Longest returns the length and the value of the longest string at the start of s. It walks from the node with this base.
// Without such a string it returns 0 and -1.
func (t *Trie) Longest(base uint32, s string) (length int, value int32) {
	value = -1
	for i := range len(s) {
		u := t.Units[base^uint32(s[i])]
		if u.Link&0x1ff != TrieUsed|uint32(s[i]) {
			break
		}
		if u.Value >= 0 {
			length, value = i+1, u.Value
		}
		base = u.Link >> 9
	}
	return length, value
}

// NewTrie returns a Trie of values. No string may be empty and no value negative.
func NewTrie(values map[string]int32) (Trie, error) {
	b := trieBuilder{keys: make([]string, 0, len(values)), values: values}
	for key := range values {
		b.keys = append(b.keys, key)
	}
	slices.Sort(b.keys)
	b.grow()
	b.take(0)
	b.baseUsed[noKids] = true
	todo := []trieRange{{0, 0, int32(len(b.keys)), 0}}
	for len(todo) > 0 {
		r := todo[len(todo)-1]
		todo = b.place(r, todo[:len(todo)-1])
		if len(b.units) > maxTrieUnits {
			return Trie{}, errors.Errorf("the vocabulary is too large: a trie of it has more than %d nodes", maxTrieUnits)
		}
	}
	return Trie{b.units}, nil
}

// trieRange is a node without children so far. The keys lo to hi share their first depth bytes.
type trieRange struct{ node, lo, hi, depth int32 }

// trieBuilder finds places for the nodes of a trie. next and prev link the free units into a ring. Units of old blocks are
// not in the ring.
type trieBuilder struct {
	keys       []string
	values     map[string]int32
	units      []trieUnit
	baseUsed   []bool
	next, prev []int32
	free       int32 // the first free unit, -1: none
	labels     []byte
	starts     []int32 // where the keys of each label begin
}

// place sets the value of a node, finds places for its children and appends them to todo.
func (b *trieBuilder) place(r trieRange, todo []trieRange) []trieRange {
	if r.lo < r.hi && len(b.keys[r.lo]) == int(r.depth) {
		b.units[r.node].Value = b.values[b.keys[r.lo]]
		r.lo++
	}
	b.labels, b.starts = b.labels[:0], b.starts[:0]
	for i := r.lo; i < r.hi; i++ {
		if c := b.keys[i][r.depth]; i == r.lo || c != b.labels[len(b.labels)-1] {
			b.labels, b.starts = append(b.labels, c), append(b.starts, i)
		}
	}
	if len(b.labels) == 0 {
		return todo // its base is noKids
	}
	base := b.findBase()
	b.baseUsed[base] = true
	b.units[r.node].Link |= base << 9
	b.starts = append(b.starts, r.hi)
	for i, c := range b.labels {
		kid := int32(base ^ uint32(c))
		b.take(kid)
		b.units[kid] = trieUnit{Link: TrieUsed | uint32(c), Value: -1}
		todo = append(todo, trieRange{kid, b.starts[i], b.starts[i+1], r.depth + 1})
	}
	return todo
}

// findBase returns an unused base from which all labels lead to free units.
func (b *trieBuilder) findBase() uint32 {
	if b.free >= 0 {
		for u, tries := b.free, 0; tries < baseTries; tries++ {
			base := uint32(u) ^ uint32(b.labels[0])
			if !b.baseUsed[base] && b.fits(base) {
				return base
			}
			if u = b.next[u]; u == b.free {
				break
			}
		}
	}
	base := uint32(len(b.units))
	b.grow()
	return base
}

func (b *trieBuilder) fits(base uint32) bool {
	for _, c := range b.labels {
		if b.next[base^uint32(c)] < 0 {
			return false
		}
	}
	return true
}

// take removes a unit from the ring of free units.
func (b *trieBuilder) take(u int32) {
	if b.next[u] == u {
		b.free = -1
	} else {
		b.next[b.prev[u]], b.prev[b.next[u]] = b.next[u], b.prev[u]
		if b.free == u {
			b.free = b.next[u]
		}
	}
	b.next[u] = -1
}

// grow adds a block of free units. It removes the free units of the block that is now too old.
func (b *trieBuilder) grow() {
	from := int32(len(b.units))
	if len(b.units) == 0 {
		b.free = -1
	}
	if old := from - openBlocks*trieBlock; old >= 0 {
		for u := old; u < old+trieBlock; u++ {
			if b.next[u] >= 0 {
				b.take(u)
			}
		}
	}
	for u := from; u < from+trieBlock; u++ {
		b.units = append(b.units, trieUnit{Value: -1})
		b.baseUsed = append(b.baseUsed, false)
		b.next, b.prev = append(b.next, u+1), append(b.prev, u-1)
	}
	last := from + trieBlock - 1
	if b.free < 0 {
		b.free, b.next[last], b.prev[from] = from, from, last
		return
	}
	end := b.prev[b.free]
	b.next[end], b.prev[from] = from, end
	b.next[last], b.prev[b.free] = b.free, last
}
