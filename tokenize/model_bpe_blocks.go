package tokenize

import "slices"

const (
	blockBytes  = 128            // merged at a time, so that the data stays in the first-level cache
	blocksFrom  = 4 * blockBytes // shorter pieces are merged as a whole
	repairLimit = 64             // tokens on each side of a joint that are merged again before giving up
)

// mergeBlocks merges a long piece of bytes in blocks, because a heap of the whole piece does not fit the cache. ok is
// false if the blocks do not fit together.
//
// The result is exact. Let x be the last token of one text and y the first token of the next. The merges inside x depend
// only on x, and those inside y only on y, because nothing has merged across their ends. So a merge across the joint
// happens in the concatenation of the texts if and only if it happens in xy alone. If xy merges to x and y, the tokens of
// both texts are the tokens of their concatenation.
func (m *BPE) mergeBlocks(s *bpeScratch, piece string) (ok bool) {
	s.out, s.apart = s.out[:0], [2]int32{-1, -1}
	for at := 0; at < len(piece); at += blockBytes {
		joint := len(s.out)
		s.text = append(s.text[:0], piece[at:min(at+blockBytes, len(piece))]...)
		s.out = append(s.out, m.mergeBytes(s)...)
		if joint > 0 && !m.apart(s, s.out[joint-1], s.out[joint]) && !m.repair(s, joint) {
			return false
		}
	}
	s.ids, s.out = s.out, s.ids
	return true
}

// mergeBytes merges s.text.
func (m *BPE) mergeBytes(s *bpeScratch) []int32 {
	s.ids = s.ids[:0]
	for _, b := range s.text {
		s.ids = append(s.ids, m.start.bytes[0][b])
	}
	return m.mergeAll(s, s.ids)
}

// apart reports whether two tokens stay separate if their bytes are merged as one text.
func (m *BPE) apart(s *bpeScratch, left, right int32) bool {
	if s.apart == [2]int32{left, right} {
		return true
	}
	s.text = append(append(s.text[:0], m.raw[left]...), m.raw[right]...)
	ids := m.mergeBytes(s)
	if len(ids) != 2 || ids[0] != left || ids[1] != right {
		return false
	}
	s.apart = [2]int32{left, right}
	return true
}

// repair merges the tokens around a joint of s.out again. It takes in more tokens until they fit their neighbours.
func (m *BPE) repair(s *bpeScratch, joint int) bool {
	for n := 1; n <= repairLimit; n *= 2 {
		lo, hi := max(0, joint-n), min(len(s.out), joint+n)
		s.text = s.text[:0]
		for _, id := range s.out[lo:hi] {
			s.text = append(s.text, m.raw[id]...)
		}
		s.middle = append(s.middle[:0], m.mergeBytes(s)...)
		if (lo == 0 || m.apart(s, s.out[lo-1], s.middle[0])) &&
			(hi == len(s.out) || m.apart(s, s.middle[len(s.middle)-1], s.out[hi])) {
			s.out = slices.Replace(s.out, lo, hi, s.middle...)
			return true
		}
	}
	return false
}
