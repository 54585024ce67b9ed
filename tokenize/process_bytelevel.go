package tokenize

import (
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
)

// Process implements PostProcessor. It adds no tokens. With TrimOffsets it excludes spaces from the offsets.
func (s ByteLevel) Process(parts []*Encoding) ([]*Encoding, error) {
	if s.TrimOffsets {
		for _, e := range parts {
			s.trim(e)
		}
	}
	return parts, nil
}

func (s ByteLevel) frame() (before, after []int32, ok bool) { return nil, nil, true }

// trim excludes the spaces at both ends of each token from its offsets. The space that PrefixSpace added has no place in
// the text, so nothing is trimmed for it.
func (s ByteLevel) trim(e *Encoding) {
	for i, token := range e.Tokens {
		o := &e.Offsets[i]
		lead, trail := spacesAround(token, e.runes)
		if lead > 0 && s.PrefixSpace && (i == 0 || o.Start == 0) {
			lead--
		}
		o.Start = min(o.Start+lead, o.End)
		if o.End >= trail {
			o.End = max(o.End-trail, o.Start)
		}
	}
	for _, o := range e.Overflow {
		s.trim(o)
	}
}

// spacesAround returns the length of the spaces at each end of a token's text, in bytes or runes. GPT-2 spells a space Ġ.
func spacesAround(token string, runes bool) (lead, trail int) {
	width := func(r rune) int {
		switch {
		case r != 'Ġ' && char.Classes.Class(r)&char.Space == 0:
			return 0
		case r == 'Ġ' || runes:
			return 1
		}
		return utf8.RuneLen(r)
	}
	for _, r := range token {
		n := width(r)
		if n == 0 {
			break
		}
		lead += n
	}
	for token != "" {
		r, w := utf8.DecodeLastRuneInString(token)
		n := width(r)
		if n == 0 {
			break
		}
		trail += n
		token = token[:len(token)-w]
	}
	return lead, trail
}
