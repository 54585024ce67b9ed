package tokenize

import (
	"unicode"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"golang.org/x/text/unicode/norm"
)

// BertNormalizer is the Normalizer of BERT (Devlin et al. 2018, tokenization.py, BasicTokenizer). Its classes of
// characters are those of Unicode 8.0, as in Hugging Face's implementation.
type BertNormalizer struct {
	Clean        bool  `json:"clean_text"`           // remove control characters, replace every white space by a space
	Chinese      bool  `json:"handle_chinese_chars"` // put spaces around CJK ideographs
	StripAccents *bool `json:"strip_accents"`        // decompose and remove accents; nil: same as Lowercase
	Lowercase    bool  `json:"lowercase"`
}

// BertUncased is the BertNormalizer of bert-base-uncased.
var BertUncased = BertNormalizer{Clean: true, Chinese: true, Lowercase: true}

// Normalize implements Normalizer.
func (n BertNormalizer) Normalize(t Text) Text {
	b := t.builder()
	strip := n.Lowercase
	if n.StripAccents != nil {
		strip = *n.StripAccents
	}
	if strip && hasOrderedMark(t.s) {
		// Marks that are kept are reordered, which needs the whole text.
		t = BertNormalizer{Clean: n.Clean, Chinese: n.Chinese, StripAccents: new(bool)}.Normalize(t)
		t = filter(NFD.Normalize(t), func(r rune) bool { return char.Bert(r)&char.BertMark == 0 })
		return BertNormalizer{StripAccents: new(bool), Lowercase: n.Lowercase}.Normalize(t)
	}
	for i := 0; i < len(t.s); {
		if c := t.s[i]; ' ' <= c && c < 0x7f {
			end := n.asciiEnd(t.s, i)
			b.WriteText(t.Slice(i, end))
			if end > i {
				i = end
				continue
			}
		}
		r, w := utf8.DecodeRuneInString(t.s[i:])
		n.write(b, r, t.s[i:i+w], t.Span(i, i+w), strip)
		i += w
	}
	return b.Text()
}

// asciiEnd returns the end of the printable ASCII from s[i] that stays unchanged.
func (n BertNormalizer) asciiEnd(s string, i int) int {
	for i < len(s) && ' ' <= s[i] && s[i] < 0x7f && !(n.Lowercase && 'A' <= s[i] && s[i] <= 'Z') {
		i++
	}
	return i
}

// write writes the normalized form of one character.
func (n BertNormalizer) write(b *TextBuilder, r rune, s string, from Span, strip bool) {
	class := char.Bert(r)
	if n.Clean {
		switch {
		case class&char.BertControl != 0:
			return
		case class&char.BertSpace != 0:
			b.Write(" ", from)
			return
		}
	}
	if n.Chinese && class&char.BertChinese != 0 {
		b.Write(" ", from)
		defer b.Write(" ", from)
	}
	if r < utf8.RuneSelf {
		if n.Lowercase {
			s = asciiLower[r : r+1]
		}
		b.Write(s, from)
		return
	}
	switch {
	case !strip:
	case isHangul(r):
		writeJamo(b, r, from)
		return
	case unicode.Is(char.Unicode9, r):
		s = norm.NFD.String(s)
	}
	for _, r := range s {
		switch {
		case strip && char.Bert(r)&char.BertMark != 0:
		case n.Lowercase && r == 'İ':
			b.Write("i̇", from)
		case n.Lowercase:
			b.Write(string(lower(r)), from)
		default:
			b.Write(string(r), from)
		}
	}
}

// isHangul reports whether r is a Hangul syllable that decomposes to letters.
func isHangul(r rune) bool { return 0xac00 <= r && r <= 0xd7a3 }

// writeJamo writes the letters of a syllable (Unicode Standard, section 3.12), as NFD does.
func writeJamo(b *TextBuilder, r rune, from Span) {
	const vowels, finals = 21, 28
	r -= 0xac00
	b.Write(string(0x1100+r/(vowels*finals)), from)
	b.Write(string(0x1161+r/finals%vowels), from)
	if last := r % finals; last > 0 {
		b.Write(string(0x11a7+last), from)
	}
}

var asciiLower = func() string {
	var b [utf8.RuneSelf]byte
	for i := range b {
		b[i] = byte(lower(rune(i)))
	}
	return string(b[:])
}()

// hasOrderedMark reports whether s has a mark with a combining class that stripping accents does not remove.
func hasOrderedMark(s string) bool {
	for i, r := range s {
		if r >= 0x300 && char.Bert(r)&char.BertMark == 0 && norm.NFD.PropertiesString(s[i:]).CCC() != 0 {
			return true
		}
	}
	return false
}

type bertScanner struct{}

func (bertScanner) Next(text string, at int) (start, end int) {
	at = scan.RunOf(text, at, char.Space)
	for i := at; i < len(text); {
		r, w := utf8.DecodeRuneInString(text[i:])
		switch class := char.Bert(r); {
		case class&char.BertPunct != 0 && i == at:
			return at, i + w
		case class&char.BertPunct != 0, char.Classes.Class(r)&char.Space != 0:
			return at, i
		}
		i += w
	}
	return at, len(text)
}

func (bertScanner) Cut(text string, at int) int { return scan.CutAtNewline(text, at, 0) }

// MarshalJSON returns the Normalizer in the form of tokenizer.json.
func (n BertNormalizer) MarshalJSON() ([]byte, error) {
	type fields BertNormalizer
	return typed("BertNormalizer", fields(n))
}
