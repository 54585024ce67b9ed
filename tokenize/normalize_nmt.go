package tokenize

import "unicode/utf8"

// Nmt is the Normalizer of sentencepiece's rule set nmt. Control characters are removed; tabs, newlines and other
// characters that act as spaces become a space (sentencepiece, builder.cc, BuildNmtNFKCMap).
type Nmt struct{}

// Normalize implements Normalizer.
func (Nmt) Normalize(t Text) Text {
	t = filter(t, func(r rune) bool {
		return !(1 <= r && r <= 8 || r == 0xb || 0xe <= r && r <= 0x1f || r == 0x7f || r == 0x8f || r == 0x9f)
	})
	b := t.builder()
	for i, r := range t.s {
		_, w := utf8.DecodeRuneInString(t.s[i:])
		switch {
		case r == 9, r == 0xa, r == 0xc, r == 0xd, r == 0x1680, 0x200b <= r && r <= 0x200f, r == 0x2028, r == 0x2029,
			r == 0x2581, r == 0xfeff, r == utf8.RuneError:
			b.Write(" ", t.Span(i, i+w))
		default:
			b.WriteText(t.Slice(i, i+w))
		}
	}
	return b.Text()
}

// MarshalJSON returns the Normalizer in the form of tokenizer.json.
func (Nmt) MarshalJSON() ([]byte, error) { return named("Nmt") }
