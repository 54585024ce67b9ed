package tokenize

import (
	"slices"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
)

// shortPiece is the number of tokens up to which a linear scan for the lowest rank is faster than a heap.
const shortPiece = 32

// mergeAll merges ids in place until no two neighbours merge.
func (m *BPE) mergeAll(s *bpeScratch, ids []int32) []int32 {
	if len(ids) <= shortPiece && !m.drops() {
		return m.mergeShort(s, ids)
	}
	return m.mergeLong(s, ids)
}

// mergeShort merges ids by a linear scan for the lowest rank.
func (m *BPE) mergeShort(s *bpeScratch, ids []int32) []int32 {
	n := len(ids)
	merges := s.merges[:shortPiece]
	for i := 0; i+1 < n; i++ {
		merges[i] = m.table.Find(ids[i], ids[i+1])
	}
	for n > 1 {
		at, best := 0, merges[0]
		for i := 1; i < n-1; i++ {
			if merges[i] < best {
				at, best = i, merges[i]
			}
		}
		if best == table.NoMerge {
			break
		}
		ids[at] = best.ID()
		copy(ids[at+1:n-1], ids[at+2:n])
		copy(merges[at:n-2], merges[at+1:n-1])
		n--
		if at > 0 {
			merges[at-1] = m.table.Find(ids[at-1], ids[at])
		}
		if at < n-1 {
			merges[at] = m.table.Find(ids[at], ids[at+1])
		}
	}
	return ids[:n]
}

// mergeLong merges ids with a heap of candidates, in O(n log n) for n tokens.
func (m *BPE) mergeLong(s *bpeScratch, ids []int32) []int32 {
	if len(ids) == 0 {
		return ids
	}
	s.link(len(ids))
	for i := range len(ids) - 1 {
		s.merges[i] = m.table.Find(ids[i], ids[i+1])
		if s.merges[i] != table.NoMerge {
			s.heap = append(s.heap, heapEntry(s.merges[i], int32(i)))
		}
	}
	s.heap.MakeHeap()
	var coin coin
	if m.drops() {
		coin = m.toss()
	}
	for len(s.heap) > 0 {
		top := s.heap.Pop()
		if coin.drop() {
			s.dropped = append(s.dropped, top)
			continue
		}
		s.pushDropped()
		i := int32(uint32(top))
		if heapEntry(s.merges[i], i) != top {
			continue // stale: the token has merged or has another neighbour
		}
		m.mergeAt(s, ids, i)
	}
	n := 0
	for i := int32(0); i >= 0; i = s.next[i] {
		ids[n] = ids[i]
		n++
	}
	return ids[:n]
}

// heapEntry returns the heap entry of a merge: its rank and position.
func heapEntry(m table.Merge, at int32) uint64 { return uint64(m)>>32<<32 | uint64(uint32(at)) }

// mergeAt merges the token at i with the next one.
func (m *BPE) mergeAt(s *bpeScratch, ids []int32, i int32) {
	gone := s.next[i]
	ids[i] = s.merges[i].ID()
	s.merges[gone] = table.NoMerge
	s.next[i] = s.next[gone]
	if s.next[i] >= 0 {
		s.prev[s.next[i]] = i
	}
	m.rerank(s, ids, i)
	if s.prev[i] >= 0 {
		m.rerank(s, ids, s.prev[i])
	}
}

// rerank updates the merge of the token at i with the next one.
func (m *BPE) rerank(s *bpeScratch, ids []int32, i int32) {
	s.merges[i] = table.NoMerge
	if s.next[i] < 0 {
		return
	}
	if found := m.table.Find(ids[i], ids[s.next[i]]); found != table.NoMerge {
		s.merges[i] = found
		s.heap.Push(heapEntry(found, i))
	}
}

// link makes a linked list of n tokens.
func (s *bpeScratch) link(n int) {
	s.next, s.prev = slices.Grow(s.next[:0], n)[:n], slices.Grow(s.prev[:0], n)[:n]
	s.merges = slices.Grow(s.merges[:0], max(n, shortPiece))[:max(n, shortPiece)]
	s.heap, s.dropped = s.heap[:0], s.dropped[:0]
	for i := range s.next {
		s.next[i], s.prev[i] = int32(i+1), int32(i-1)
	}
	s.next[n-1], s.merges[n-1] = -1, table.NoMerge
}
