package tokenize

import (
	"unicode"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
)

// Strip is the Normalizer that removes the spaces at the ends of a text.
type Strip struct {
	Left  bool `json:"strip_left"`
	Right bool `json:"strip_right"`
}

// Normalize implements Normalizer.
func (s Strip) Normalize(t Text) Text {
	start, end := 0, len(t.s)
	if s.Left {
		start = scan.RunOf(t.s, 0, char.Space)
	}
	if s.Right {
		end = max(start, spaceStart(t.s, end))
	}
	return t.Slice(start, end)
}

// filter returns t with only the characters for which keep returns true.
func filter(t Text, keep func(rune) bool) Text {
	b := t.builder()
	done := 0
	for i, r := range t.s {
		if keep(r) {
			continue
		}
		_, w := utf8.DecodeRuneInString(t.s[i:])
		b.WriteText(t.Slice(done, i))
		done = i + w
	}
	if done == 0 {
		return t
	}
	b.WriteText(t.Slice(done, len(t.s)))
	return b.Text()
}

// StripAccents is the Normalizer that removes combining marks. It does not decompose letters; put NFD or NFKD before it.
type StripAccents struct{}

// Normalize implements Normalizer.
func (StripAccents) Normalize(t Text) Text {
	return filter(t, func(r rune) bool { return r < 0x300 || !combining(r) })
}

// combining reports whether r is a mark in Unicode 9.0, the version of the reference implementation's table.
func combining(r rune) bool {
	return (unicode.Is(unicode.M, r) && r != 0x111c9 || r == 0x1cf2 || r == 0x1cf3) && unicode.Is(char.Unicode9, r)
}

// MarshalJSON returns the Normalizer in the form of tokenizer.json.
func (StripAccents) MarshalJSON() ([]byte, error) { return named("StripAccents") }

// MarshalJSON returns the Normalizer in the form of tokenizer.json.
func (s Strip) MarshalJSON() ([]byte, error) {
	type fields Strip
	return typed("Strip", fields(s))
}
