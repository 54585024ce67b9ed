package data

import (
	"encoding/binary"

	"github.com/pkg/errors"
)

// hashSet is a set of hashes of 16 bytes in a table of fixed size with open addressing, which is at most three quarters full.
type hashSet struct {
	table [][16]byte // all zeros mean an empty place
	n     int
}

// newHashSet returns an empty set of at most this many bytes. Memory is used as it fills.
func newHashSet(bytes int) *hashSet {
	n := 4
	for 2*n*16 <= bytes {
		n *= 2
	}
	return &hashSet{table: make([][16]byte, n)}
}

// add adds a hash. It reports whether the set did not have it.
func (s *hashSet) add(h [16]byte) (isNew bool, err error) {
	if h == ([16]byte{}) {
		h[0] = 1
	}
	at := s.find(h)
	if s.table[at] == h {
		return false, nil
	}
	if 4*(s.n+1) > 3*len(s.table) {
		return false, errors.Errorf("the hashes of %d documents fill the %d bytes for finding duplicates: allow more and run again, which resumes", s.n, 16*len(s.table))
	}
	s.table[at] = h
	s.n++
	return true, nil
}

// find returns the place of a hash, or the empty place for it.
func (s *hashSet) find(h [16]byte) int {
	mask := len(s.table) - 1
	at := int(binary.LittleEndian.Uint64(h[:])) & mask
	for s.table[at] != h && s.table[at] != ([16]byte{}) {
		at = (at + 1) & mask
	}
	return at
}
