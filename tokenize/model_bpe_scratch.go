package tokenize

import (
	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
)

// keepSymbols is the length of the longest piece whose memory is kept.
const keepSymbols = 1 << 16

// bpeScratch is the memory of one goroutine while it encodes: buffers, and a cache of recent pieces.
type bpeScratch struct {
	ids     []int32
	merges  []table.Merge // of each token with the next one
	next    []int32       // long pieces: the position of the next token, by position
	prev    []int32       // long pieces: the position of the previous token
	heap    table.Heap    // long pieces: rank<<32 | position, lowest first
	dropped []uint64      // dropout: entries of heap that are skipped until the next merge
	out     []int32       // long pieces: the tokens of the blocks so far
	middle  []int32       // long pieces: tokens around a joint
	text    []byte        // long pieces: the text of middle
	apart   [2]int32      // long pieces: the last two tokens that were found to stay separate
	cache   table.Cache   // unused with dropout
}

func (m *BPE) scratch() *bpeScratch {
	s := m.free.Get()
	if s.merges == nil {
		s.merges = make([]table.Merge, shortPiece)
	}
	return s
}

// expect announces n bytes of text to the cache, which dropout must not use.
func (m *BPE) expect(s *bpeScratch, n int) {
	if !m.drops() {
		s.cache.Expect(n)
	}
}

func (m *BPE) release(s *bpeScratch) {
	if max(cap(s.ids), cap(s.out)) > keepSymbols {
		s.ids, s.out, s.next, s.prev, s.heap, s.dropped = nil, nil, nil, nil, nil, nil
		s.merges = make([]table.Merge, shortPiece)
	}
	m.free.Put(s)
}
