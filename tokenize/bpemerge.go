package tokenize

import (
	"math/bits"
)

const (
	shortPiece  = 32      // tokens up to which a scan for the lowest rank beats a heap
	maxScratch  = 16      // scratch memories kept: more goroutines at once allocate
	keepSymbols = 1 << 16 // longest piece whose memory is kept
	cacheBits   = 14      // 16,384 entries of 64 bytes: a megabyte for each goroutine
	cacheFrom   = 1 << 14 // bytes of text before the cache is made
	cachedBytes = 31      // longest piece that is cached
	cachedIDs   = 7       // most tokens of a cached piece
)

// bpeScratch is the memory of one goroutine while it encodes: buffers, and a cache of the pieces seen lately.
type bpeScratch struct {
	ids   []int32
	ranks []int32      // the rank of each token's merge with the next one
	next  []int32      // long pieces: the next token that is left, by position
	prev  []int32      // long pieces: the one before
	heap  []uint64     // long pieces: rank<<32 | position, lowest first
	cache []cacheEntry // nil until enough text has come by
	seen  int          // bytes of text so far, while there is no cache
}

func (m *BPE) scratch() *bpeScratch {
	select {
	case s := <-m.free:
		return s
	default:
		return &bpeScratch{ranks: make([]int32, shortPiece)}
	}
}

// expect makes the cache when it begins to pay: n bytes of text follow.
func (s *bpeScratch) expect(n int) {
	if s.cache != nil {
		return
	}
	if s.seen += n; s.seen >= cacheFrom {
		s.cache = make([]cacheEntry, 1<<cacheBits)
	}
}

func (m *BPE) release(s *bpeScratch) {
	if cap(s.ids) > keepSymbols {
		s.ids, s.next, s.prev, s.heap = nil, nil, nil, nil
		s.ranks = make([]int32, shortPiece)
	}
	select {
	case m.free <- s:
	default:
	}
}

// pieceKey is a piece of up to 31 bytes, its length in the last byte.
type pieceKey [4]uint64

// cacheEntry remembers the tokens of a piece in one cache line.
type cacheEntry struct {
	key pieceKey
	n   int32
	ids [cachedIDs]int32
}

func (c *cacheEntry) store(key pieceKey, ids []int32) {
	c.key, c.n = key, int32(len(ids))
	copy(c.ids[:], ids)
}

// keyOf returns the key of text[start:end] and its place in the cache; short is false for pieces that are too long.
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
	hash = key[0]*0x9e3779b97f4a7c15 ^ bits.RotateLeft64(key[1]*0xc2b2ae3d27d4eb4f, 21)
	hash ^= bits.RotateLeft64(key[2]*0x165667b19e3779f9, 42) ^ key[3]*0xd6e8feb86659fd93
	hash ^= hash >> 32
	return key, hash * 0x9e3779b97f4a7c15 >> (64 - cacheBits), true
}

// word reads 8 bytes of s, little endian.
func word(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// mergeShort merges ids by looking for the lowest rank each time. It works in place.
func (m *BPE) mergeShort(s *bpeScratch, ids []int32) []int32 {
	n := len(ids)
	ranks := s.ranks[:shortPiece]
	for i := 0; i+1 < n; i++ {
		ranks[i] = m.table.rank(ids[i], ids[i+1])
	}
	for n > 1 {
		best := 0
		for i := 1; i < n-1; i++ {
			if ranks[i] < ranks[best] {
				best = i
			}
		}
		if ranks[best] == noRank {
			break
		}
		ids[best] = m.merged[ranks[best]]
		copy(ids[best+1:n-1], ids[best+2:n])
		copy(ranks[best:n-2], ranks[best+1:n-1])
		n--
		if best > 0 {
			ranks[best-1] = m.table.rank(ids[best-1], ids[best])
		}
		if best < n-1 {
			ranks[best] = m.table.rank(ids[best], ids[best+1])
		}
	}
	return ids[:n]
}

// mergeLong merges ids with a heap of candidates, n log n for n tokens. It works in place.
func (m *BPE) mergeLong(s *bpeScratch, ids []int32) []int32 {
	s.link(len(ids))
	for i := range len(ids) - 1 {
		s.ranks[i] = m.table.rank(ids[i], ids[i+1])
		if s.ranks[i] != noRank {
			s.heap = append(s.heap, uint64(s.ranks[i])<<32|uint64(i))
		}
	}
	for i := len(s.heap)/2 - 1; i >= 0; i-- {
		siftDown(s.heap, i)
	}
	for len(s.heap) > 0 {
		rank, i := int32(s.heap[0]>>32), int32(uint32(s.heap[0]))
		s.pop()
		if s.ranks[i] != rank {
			continue // merged away, or with another neighbour by now
		}
		gone := s.next[i]
		ids[i] = m.merged[rank]
		s.ranks[gone] = noRank
		s.next[i] = s.next[gone]
		if s.next[i] >= 0 {
			s.prev[s.next[i]] = i
		}
		m.rerank(s, ids, i)
		if s.prev[i] >= 0 {
			m.rerank(s, ids, s.prev[i])
		}
	}
	n := 0
	for i := int32(0); i >= 0; i = s.next[i] {
		ids[n] = ids[i]
		n++
	}
	return ids[:n]
}

// rerank looks up the merge of the token at i with the next one again.
func (m *BPE) rerank(s *bpeScratch, ids []int32, i int32) {
	s.ranks[i] = noRank
	if s.next[i] < 0 {
		return
	}
	if rank := m.table.rank(ids[i], ids[s.next[i]]); rank != noRank {
		s.ranks[i] = rank
		s.heap = append(s.heap, uint64(rank)<<32|uint64(i))
		siftUp(s.heap, len(s.heap)-1)
	}
}

// link makes n tokens a list.
func (s *bpeScratch) link(n int) {
	if cap(s.next) < n {
		s.next, s.prev = make([]int32, n), make([]int32, n)
	}
	if cap(s.ranks) < n {
		s.ranks = make([]int32, n)
	}
	s.next, s.prev, s.ranks, s.heap = s.next[:n], s.prev[:n], s.ranks[:n], s.heap[:0]
	for i := range s.next {
		s.next[i], s.prev[i] = int32(i+1), int32(i-1)
	}
	s.next[n-1], s.ranks[n-1] = -1, noRank
}

func (s *bpeScratch) pop() {
	last := len(s.heap) - 1
	s.heap[0] = s.heap[last]
	s.heap = s.heap[:last]
	siftDown(s.heap, 0)
}

// siftDown and siftUp restore a binary heap, lowest first, around position i.
func siftDown(h []uint64, i int) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1] < h[child] {
			child++
		}
		if h[i] <= h[child] {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

func siftUp(h []uint64, i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if h[parent] <= h[i] {
			return
		}
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
}
