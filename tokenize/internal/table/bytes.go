package table

import "hash/maphash"

// Bytes finds tokens by their bytes. It is a hash table with open addressing and linear probing, at most half full,
// that holds ids only: for the large vocabularies it is several times faster to make than a map of strings.
type Bytes struct {
	tokens []string // by id
	slots  []byteSlot
	shift  uint
	seed   maphash.Seed // chosen anew each time, so that no file can be made to fill one place
}

type byteSlot struct {
	tag uint32 // lower bits of the hash, so that few tokens are compared in vain
	id  int32  // plus one; 0: the slot is free
}

// NewBytes returns a table with room for all of tokens, which it keeps, and none of them in it.
func NewBytes(tokens []string) *Bytes {
	bits := uint(1)
	for 1<<bits < 2*len(tokens) {
		bits++
	}
	return &Bytes{tokens, make([]byteSlot, 1<<bits), 64 - bits, maphash.MakeSeed()}
}

// slot returns the slot of a token, or the free one where it would go.
func (t *Bytes) slot(token string) (s *byteSlot, tag uint32) {
	h := maphash.String(t.seed, token)
	tag = uint32(h)
	for i := h >> t.shift; ; i++ {
		if i == uint64(len(t.slots)) {
			i = 0
		}
		s = &t.slots[i]
		if s.id == 0 || s.tag == tag && t.tokens[s.id-1] == token {
			return s, tag
		}
	}
}

// Add puts a token in. When its bytes belong to another one already, that one is returned and stays.
func (t *Bytes) Add(id int32) (other int32, twice bool) {
	s, tag := t.slot(t.tokens[id])
	if s.id != 0 {
		return s.id - 1, true
	}
	*s = byteSlot{tag, id + 1}
	return 0, false
}

// Find returns the token of some bytes.
func (t *Bytes) Find(token string) (id int32, ok bool) {
	s, _ := t.slot(token)
	return s.id - 1, s.id != 0
}
