package table

import "hash/maphash"

// Bytes finds tokens by their bytes. It is a hash table of ids with open addressing and linear probing, at most half full.
// For large vocabularies it is built several times faster than a map of strings.
type Bytes struct {
	tokens []string // by id
	slots  []byteSlot
	shift  uint
	seed   maphash.Seed // random, so that no file can make all its tokens collide
}

type byteSlot struct {
	tag uint32 // lower bits of the hash; other tags are not compared byte by byte
	id  int32  // plus one; 0: the slot is free
}

// NewBytes returns an empty table with room for all of tokens. It keeps tokens.
func NewBytes(tokens []string) *Bytes {
	bits := uint(1)
	for 1<<bits < 2*len(tokens) {
		bits++
	}
	return &Bytes{tokens, make([]byteSlot, 1<<bits), 64 - bits, maphash.MakeSeed()}
}

// slot returns the slot of a token, or the free slot for it.
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

// Add adds the token of id. If another token has the same bytes, Add returns this token and changes nothing.
func (t *Bytes) Add(id int32) (other int32, twice bool) {
	s, tag := t.slot(t.tokens[id])
	if s.id != 0 {
		return s.id - 1, true
	}
	*s = byteSlot{tag, id + 1}
	return 0, false
}

// Find returns the id of the token with these bytes. ok is false if there is none.
func (t *Bytes) Find(token string) (id int32, ok bool) {
	s, _ := t.slot(token)
	return s.id - 1, s.id != 0
}
