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

// Prepend is the Normalizer that puts a string in front of a text that is not empty. The origin of the string is the
// first character of the text.
type Prepend struct {
	Text string `json:"prepend"`
}

// Normalize implements Normalizer.
func (p Prepend) Normalize(t Text) Text { return prepend(t, p.Text) }

func prepend(t Text, s string) Text {
	switch {
	case t.s == "" || s == "":
		return t
	case t.idsOnly:
		return Text{s: s + t.s, idsOnly: true}
	}
	b := t.builder()
	_, w := utf8.DecodeRuneInString(t.s)
	b.Write(s, t.Span(0, w))
	b.WriteText(t)
	return b.Text()
}

// ByteLevelNormalizer is the Normalizer that spells every byte as a printable character, like the tokens of byte-level
// BPE. The model then sees characters, not bytes.
type ByteLevelNormalizer struct{}

// Normalize implements Normalizer.
func (ByteLevelNormalizer) Normalize(t Text) Text { return spell(t) }

// spell returns t with its bytes spelled in GPT-2's alphabet.
func spell(t Text) Text {
	b := t.builder()
	for i, r := range t.s {
		w := utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, w = utf8.DecodeRuneInString(t.s[i:])
		}
		for _, c := range []byte(t.s[i : i+w]) {
			b.Write(string(char.ByteRunes[c]), t.Span(i, i+w))
		}
	}
	return b.Text()
}

// unspell returns t with the characters of GPT-2's alphabet turned into bytes. Other characters stay unchanged.
func unspell(t Text) Text {
	b := t.builder()
	var buf []byte
	for i := 0; i < len(t.s); {
		_, w := utf8.DecodeRuneInString(t.s[i:])
		s := t.s[i : i+w]
		if buf, _ = char.ReadBytes(buf[:0], s); len(buf) > 0 {
			s = string(buf)
		}
		b.Write(s, t.Span(i, i+w))
		i += w
	}
	return b.Text()
}

// MarshalJSON returns the Normalizer in the form of tokenizer.json.
func (ByteLevelNormalizer) MarshalJSON() ([]byte, error) { return named("ByteLevel") }

// MarshalJSON returns the Normalizer in the form of tokenizer.json.
func (StripAccents) MarshalJSON() ([]byte, error) { return named("StripAccents") }

// MarshalJSON returns the Normalizer in the form of tokenizer.json.
func (Nmt) MarshalJSON() ([]byte, error) { return named("Nmt") }

// MarshalJSON returns the Normalizer in the form of tokenizer.json.
func (s Strip) MarshalJSON() ([]byte, error) {
	type fields Strip
	return typed("Strip", fields(s))
}

// MarshalJSON returns the Normalizer in the form of tokenizer.json.
func (p Prepend) MarshalJSON() ([]byte, error) {
	type fields Prepend
	return typed("Prepend", fields(p))
}
