package tokenize

import (
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
)

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
