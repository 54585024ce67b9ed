package tokenize

import "unicode/utf8"

// tokenizeValid calls m.Tokenize for a piece that is not valid UTF-8. m gets U+FFFD for each byte that is not part of a
// character.
func tokenizeValid(m Model, dst []Token, piece string) ([]Token, error) {
	n := len(dst)
	dst, err := m.Tokenize(dst, validText(piece))
	if err != nil {
		return dst, err
	}
	origin := make([]int, 0, len(piece)+1) // the position in piece of each byte of the valid text
	for i := 0; i < len(piece); {
		r, w := utf8.DecodeRuneInString(piece[i:])
		for j := range utf8.RuneLen(r) {
			origin = append(origin, i+min(j, w))
		}
		i += w
	}
	origin = append(origin, len(piece))
	for i := range dst[n:] {
		s := &dst[n+i].Span
		s.Start, s.End = origin[s.Start], origin[s.End]
	}
	return dst, nil
}
