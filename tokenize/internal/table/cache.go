package table

import "math/bits"

const (
	cacheBits   = 15      // 32,768 entries of 64 bytes: two megabytes for each goroutine
	cacheFrom   = 1 << 14 // bytes of text before the cache is allocated
	cachedBytes = 31      // longest piece that is cached
	cachedIDs   = 7       // most tokens of a cached piece
)

// Cache holds the ids of recent pieces, for one goroutine. The zero value is ready for use.
type Cache struct {
	entries []Entry // nil until enough text has been encoded
	seen    int     // bytes of text encoded before entries exists
}

// Key is a piece of up to 31 bytes, its length in the last byte.
type Key [4]uint64

// Entry holds the ids of a piece in one cache line.
type Entry struct {
	key Key
	n   int32
	ids [cachedIDs]int32
}

// Expect announces n bytes of text. It allocates the cache once enough text has been encoded.
func (c *Cache) Expect(n int) {
	if c.entries != nil {
		return
	}
	if c.seen += n; c.seen >= cacheFrom {
		c.entries = make([]Entry, 1<<cacheBits)
	}
}

// Find returns the entry for the piece text[start:end], or nil if the piece is not cached. If hit is true, the entry holds
// the ids of this piece.
func (c *Cache) Find(text string, start, end int) (e *Entry, key Key, hit bool) {
	n := end - start
	if n > cachedBytes || c.entries == nil {
		return nil, key, false
	}
	if start+8*len(key) <= len(text) {
		for i := 0; i < n; i += 8 {
			key[i/8] = word(text, start+i)
		}
		if tail := n % 8; tail != 0 {
			key[n/8] &= 1<<(8*tail) - 1
		}
	} else {
		for i := range n {
			key[i/8] |= uint64(text[start+i]) << (8 * (i % 8))
		}
	}
	key[3] |= uint64(n) << 56
	e = &c.entries[key.hash()]
	return e, key, e.key == key
}

// hash returns the index of the entry for k.
func (k *Key) hash() uint64 {
	hash := k[0]*Golden ^ bits.RotateLeft64(k[1]*0xc2b2ae3d27d4eb4f, 21)
	hash ^= bits.RotateLeft64(k[2]*0x165667b19e3779f9, 42) ^ k[3]*0xd6e8feb86659fd93
	hash ^= hash >> 32
	return hash * Golden >> (64 - cacheBits)
}

// IDs returns the ids of a piece that was found.
func (e *Entry) IDs() []int32 { return e.ids[:e.n] }

// Keep stores the ids of the piece with this key, if there are few enough. A nil entry keeps nothing.
func (e *Entry) Keep(key Key, ids []int32) {
	if e != nil && len(ids) <= cachedIDs {
		e.key, e.n = key, int32(len(ids))
		copy(e.ids[:], ids)
	}
}

// word reads 8 bytes of s at i, in little-endian order.
func word(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
