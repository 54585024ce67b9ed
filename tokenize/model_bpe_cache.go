package tokenize

import (
	"math/bits"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
)

const (
	keepSymbols = 1 << 16 // longest piece whose memory is kept
	cacheBits   = 15      // 32,768 entries of 64 bytes: two megabytes for each goroutine
	cacheFrom   = 1 << 14 // bytes of text before the cache is allocated
	cachedBytes = 31      // longest piece that is cached
	cachedIDs   = 7       // most tokens of a cached piece
)

// bpeScratch is the memory of one goroutine while it encodes: buffers, and a cache of recent pieces.
type bpeScratch struct {
	ids     []int32
	merges  []table.Merge // of each token with the next one
	next    []int32       // long pieces: the position of the next token, by position
	prev    []int32       // long pieces: the position of the previous token
	heap    []uint64      // long pieces: rank<<32 | position, lowest first
	dropped []uint64      // dropout: entries of heap that are skipped until the next merge
	out     []int32       // long pieces: the tokens of the blocks so far
	middle  []int32       // long pieces: tokens around a joint
	text    []byte        // long pieces: the text of middle
	apart   [2]int32      // long pieces: the last two tokens that were found to stay separate
	cache   []cacheEntry  // nil until enough text has been encoded
	seen    int           // bytes of text encoded before the cache exists
}

func (m *BPE) scratch() *bpeScratch {
	s := m.free.Get()
	if s.merges == nil {
		s.merges = make([]table.Merge, shortPiece)
	}
	return s
}

// expect announces n bytes of text. It allocates the cache once enough text has been encoded.
func (m *BPE) expect(s *bpeScratch, n int) {
	if s.cache != nil || m.drops() {
		return
	}
	if s.seen += n; s.seen >= cacheFrom {
		s.cache = make([]cacheEntry, 1<<cacheBits)
	}
}

func (m *BPE) release(s *bpeScratch) {
	if max(cap(s.ids), cap(s.out)) > keepSymbols {
		s.ids, s.out, s.next, s.prev, s.heap, s.dropped = nil, nil, nil, nil, nil, nil
		s.merges = make([]table.Merge, shortPiece)
	}
	m.free.Put(s)
}

// pieceKey is a piece of up to 31 bytes, its length in the last byte.
type pieceKey [4]uint64

// cacheEntry holds the tokens of a piece in one cache line.
type cacheEntry struct {
	key pieceKey
	n   int32
	ids [cachedIDs]int32
}

func (c *cacheEntry) store(key pieceKey, ids []int32) {
	c.key, c.n = key, int32(len(ids))
	copy(c.ids[:], ids)
}

// keyOf returns the key of text[start:end] and its index in the cache. short is false if the piece is too long to cache.
func keyOf(text string, start, end int) (key pieceKey, hash uint64, short bool) {
	n := end - start
	if n > cachedBytes {
		return key, 0, false
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
	hash = key[0]*table.Golden ^ bits.RotateLeft64(key[1]*0xc2b2ae3d27d4eb4f, 21)
	hash ^= bits.RotateLeft64(key[2]*0x165667b19e3779f9, 42) ^ key[3]*0xd6e8feb86659fd93
	hash ^= hash >> 32
	return key, hash * table.Golden >> (64 - cacheBits), true
}

// word reads 8 bytes of s at i, in little-endian order.
func word(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
