package tokenize

import (
	"unicode"
	"unicode/utf8"
)

// Lowercase writes every character in lower case, independent of language and of the place in a word.
type Lowercase struct{}

// Normalize implements Normalizer.
func (Lowercase) Normalize(t Text) Text {
	b := t.builder()
	done := 0
	for i, r := range t.s {
		low := lower(r)
		if low == r {
			continue
		}
		_, w := utf8.DecodeRuneInString(t.s[i:])
		b.WriteText(t.Slice(done, i))
		done = i + w
		if r == 'İ' {
			b.Write("i̇", t.Span(i, done)) // the only character whose lower case is two characters (SpecialCasing.txt)
			continue
		}
		b.Write(string(low), t.Span(i, done))
	}
	if done == 0 {
		return t
	}
	b.WriteText(t.Slice(done, len(t.s)))
	return b.Text()
}

// lower returns r in lower case, according to Unicode 17.0.
func lower(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	if low := unicode.ToLower(r); low != r || r < lateLower[0].first {
		return low
	}
	for _, l := range lateLower {
		if l.first <= r && r <= l.last {
			return r + l.shift
		}
	}
	return r
}

// lateLower lists the capitals that Unicode 16.0 and 17.0 added (UnicodeData.txt).
var lateLower = []struct{ first, last, shift rune }{
	{0x1c89, 0x1c89, 1}, {0xa7cb, 0xa7cb, 0x264 - 0xa7cb}, {0xa7cc, 0xa7cc, 1}, {0xa7ce, 0xa7ce, 1}, {0xa7d2, 0xa7d2, 1},
	{0xa7d4, 0xa7d4, 1}, {0xa7da, 0xa7da, 1}, {0xa7dc, 0xa7dc, 0x19b - 0xa7dc}, {0x10d50, 0x10d65, 0x20}, {0x16ea0, 0x16eb8, 0x1b},
}

// MarshalJSON returns the Normalizer in the form of tokenizer.json.
func (Lowercase) MarshalJSON() ([]byte, error) { return named("Lowercase") }
