package tokenize

import (
	"strings"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
)

// Tokenize implements Model.
func (m *BPE) Tokenize(dst []Token, piece string) ([]Token, error) {
	s := m.scratch()
	defer m.release(s)
	m.expect(s, len(piece))
	for at := 0; at < len(piece); {
		end := len(piece)
		if m.joined != nil {
			_, end = m.joined.Next(piece, at)
		}
		ids, err := m.lookUp(s, piece, Span{at, end})
		if err != nil {
			return dst, err
		}
		part := Text{s: piece[at:end], at: at}
		if m.omit && !(len(ids) == 1 && m.raw[ids[0]] == part.s) {
			part = m.known(part)
		}
		dst = m.appendTokens(dst, ids, part)
		at = end
	}
	return dst, nil
}

// appendTokens appends ids as Tokens with their ranges in piece.
func (m *BPE) appendTokens(dst []Token, ids []int32, piece Text) []Token {
	at := 0
	for i, id := range ids {
		end := len(piece.s)
		if i < len(ids)-1 {
			end = min(at+m.lengthOf(id, piece.s, at), len(piece.s))
		}
		dst = append(dst, Token{id, piece.Span(at, end)})
		at = end
	}
	return dst
}

// lengthOf returns the number of bytes of piece, from at, that the token id covers.
func (m *BPE) lengthOf(id int32, piece string, at int) int {
	raw := m.raw[id]
	if strings.HasPrefix(piece[at:], raw) {
		return len(raw)
	}
	if id == m.unknown {
		return m.unknownLen(piece[at:])
	}
	if _, ok := readByteToken(raw); ok && m.config.ByteFallback {
		return 1
	}
	if at > 0 && strings.HasPrefix(raw, m.config.Prefix) {
		return len(raw) - len(m.config.Prefix)
	}
	return len(raw)
}

// unknownLen returns the length of the first character of rest, which has no token, and of the characters that are fused
// with it.
func (m *BPE) unknownLen(rest string) int {
	n := 0
	for n < len(rest) {
		id, width := m.start.find(&m.config, rest, n)
		if n > 0 && (id >= 0 || !m.config.FuseUnknown || len(m.fall(nil, rest, Span{n, n + width})) > 0) {
			break
		}
		n += width
	}
	return n
}

func (m *BPE) appendText(dst []int32, text string, sc scan.Scanner) ([]int32, error) {
	s := m.scratch()
	defer m.release(s)
	m.expect(s, len(text))
	for at := 0; at < len(text); {
		start, end := sc.Next(text, at)
		if start == end {
			break
		}
		ids, err := m.lookUp(s, text, Span{start, end})
		if err != nil {
			return dst, err
		}
		dst = append(dst, ids...)
		at = end
	}
	return dst, nil
}

// lookUp returns the ids of a piece, from the cache or in the memory of s.
func (m *BPE) lookUp(s *bpeScratch, text string, piece Span) ([]int32, error) {
	e, key, hit := s.cache.Find(text, piece.Start, piece.End)
	if hit {
		return e.IDs(), nil
	}
	ids, err := m.encode(s, text[piece.Start:piece.End])
	if err == nil {
		e.Keep(key, ids)
	}
	return ids, err
}

// encode returns the ids of a piece in the memory of s.
func (m *BPE) encode(s *bpeScratch, piece string) ([]int32, error) {
	if m.whole != nil && !m.drops() {
		if id, ok := m.whole.Find(piece); ok {
			s.ids = append(s.ids[:0], id)
			return s.ids, nil
		}
	}
	if len(piece) >= blocksFrom && m.start.plain && !m.drops() && m.mergeBlocks(s, piece) {
		return s.ids, nil
	}
	ids, err := m.begin(s.ids[:0], piece)
	if err != nil {
		return nil, err
	}
	s.ids = ids
	return m.mergeAll(s, ids), nil
}
