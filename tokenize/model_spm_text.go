package tokenize

import (
	"strings"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
)

// appendText implements textModel.
func (m *SentencePiece) appendText(dst []int32, text string, sc scan.Scanner) ([]int32, error) {
	text = validText(text)
	s := m.free.Get()
	defer m.release(s)
	s.cache.Expect(len(text))
	for at := 0; at < len(text); {
		start, end := sc.Next(text, at)
		if start == end {
			break
		}
		dst = m.appendIDs(s, dst, text[start:end])
		at = end
	}
	return dst, nil
}

// appendIDs is Tokenize without offsets.
func (m *SentencePiece) appendIDs(s *spmScratch, dst []int32, text string) []int32 {
	n := len(dst)
	for at := 0; at < len(text); {
		end := m.search.wordEnd(text, at)
		e, key, hit := s.cache.Find(text, at, end)
		if hit {
			dst = m.join(dst, n, e.IDs())
		} else {
			s.ids = m.appendWord(s, s.ids[:0], text[at:end])
			e.Keep(key, s.ids)
			dst = m.join(dst, n, s.ids)
		}
		at = end
	}
	return dst
}

// join appends ids to dst. Adjacent unknown characters in dst[n:] are one token.
func (m *SentencePiece) join(dst []int32, n int, ids []int32) []int32 {
	if last := len(dst) - 1; last >= n && dst[last] == m.unknown && len(ids) > 0 && ids[0] == m.unknown {
		ids = ids[1:]
	}
	return append(dst, ids...)
}

// appendWord appends the ids of a part that can be cut independently.
func (m *SentencePiece) appendWord(s *spmScratch, dst []int32, part string) []int32 {
	for _, token := range m.search.cut(s, part) {
		switch {
		case token.ID != m.unknown:
			dst = append(dst, token.ID)
		case m.file.trainer.byteFallback:
			for i := token.Start; i < token.End; i++ {
				dst = append(dst, m.bytes[part[i]])
			}
		case len(dst) == 0 || dst[len(dst)-1] != m.unknown:
			dst = append(dst, m.unknown)
		}
	}
	return dst
}

// withSpaces returns token with every "▁" replaced by a space.
func withSpaces(token string) string { return strings.ReplaceAll(token, "▁", " ") }
