package tokenize

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/rangetable"
)

// BertNormalizer is the Normalizer of BERT (Devlin et al. 2018, tokenization.py, BasicTokenizer). Its classes of characters
// are those of Unicode 8.0, as in Hugging Face's implementation.
type BertNormalizer struct {
	Clean        bool  `json:"clean_text"`           // leave out control characters, write every white space as a space
	Chinese      bool  `json:"handle_chinese_chars"` // put spaces around CJK ideographs
	StripAccents *bool `json:"strip_accents"`        // decompose and leave out accents; nil: as Lowercase says
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
		// Marks that stay change places, which takes the whole text.
		t = BertNormalizer{Clean: n.Clean, Chinese: n.Chinese, StripAccents: new(bool)}.Normalize(t)
		t = filter(NFD.Normalize(t), func(r rune) bool { return bertClassOf(r)&bertMark == 0 })
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

// asciiEnd returns the end of the printable ASCII from s[i] on that stays as it is.
func (n BertNormalizer) asciiEnd(s string, i int) int {
	for i < len(s) && ' ' <= s[i] && s[i] < 0x7f && !(n.Lowercase && 'A' <= s[i] && s[i] <= 'Z') {
		i++
	}
	return i
}

// write writes what becomes of one character.
func (n BertNormalizer) write(b *TextBuilder, r rune, s string, from Span, strip bool) {
	class := bertClassOf(r)
	if n.Clean {
		switch {
		case class&bertControl != 0:
			return
		case class&bertSpace != 0:
			b.Write(" ", from)
			return
		}
	}
	if n.Chinese && class&bertChinese != 0 {
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
	case unicode.Is(unicode9, r):
		s = norm.NFD.String(s)
	}
	for _, r := range s {
		switch {
		case strip && bertClassOf(r)&bertMark != 0:
		case n.Lowercase && r == 'İ':
			b.Write("i̇", from)
		case n.Lowercase:
			b.Write(string(lower(r)), from)
		default:
			b.Write(string(r), from)
		}
	}
}

// isHangul tells whether r is a syllable of Hangul that comes apart to letters.
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

// hasOrderedMark tells whether s has a mark with a combining class that no stripping of accents takes away.
func hasOrderedMark(s string) bool {
	for i, r := range s {
		if r >= 0x300 && bertClassOf(r)&bertMark == 0 && norm.NFD.PropertiesString(s[i:]).CCC() != 0 {
			return true
		}
	}
	return false
}

// Classes of characters that BERT's stages ask for.
const (
	bertControl = 1 << iota // left out by Clean
	bertSpace               // a space to Clean
	bertChinese             // a CJK ideograph
	bertMark                // Mn: an accent
	bertPunct               // punctuation: ASCII that is no letter, digit or space, and P
)

func bertClassOf(r rune) uint8 { return bertClasses().class(r) }

// bertClasses holds the classes in Unicode 8.0, with the characters whose class has changed since then as it was.
var bertClasses = sync.OnceValue(func() *runeTable {
	all := make([]uint8, unicode.MaxRune+1)
	pinned := rangetable.Assigned("8.0.0")
	mark := func(class uint8, tables ...*unicode.RangeTable) {
		for _, t := range tables {
			rangetable.Visit(t, func(r rune) {
				if unicode.Is(pinned, r) {
					all[r] |= class
				}
			})
		}
	}
	mark(bertControl, unicode.Cc, unicode.Cf, unicode.Co)
	mark(bertSpace, unicode.White_Space)
	mark(bertMark, unicode.Mn)
	mark(bertPunct, unicode.P)
	for _, r := range "\t\n\r" {
		all[r] &^= bertControl
	}
	all[0], all[utf8.RuneError] = bertControl, bertControl
	for r := '!'; r <= '~'; r++ {
		if asciiClasses[r]&(classLetter|classNumber) == 0 {
			all[r] |= bertPunct
		}
	}
	all[0x1734], all[0x111c9], all[0x166d] = bertMark, bertPunct, bertPunct
	all[0x1885], all[0x1886], all[0xa9bd] = 0, 0, 0
	for _, block := range chinese {
		for r := block[0]; r <= block[1]; r++ {
			all[r] |= bertChinese
		}
	}
	return packRunes(all)
})

// chinese lists the blocks of CJK ideographs that BERT knows. (Extension E begins at U+2B820; the reference has U+2B920.)
var chinese = [][2]rune{{0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xf900, 0xfaff}, {0x20000, 0x2a6df}, {0x2a700, 0x2b73f},
	{0x2b740, 0x2b81f}, {0x2b920, 0x2ceaf}, {0x2f800, 0x2fa1f}}

type bertScanner struct{}

func (bertScanner) next(text string, at int) (start, end int) {
	at = runOf(text, at, classSpace)
	for i := at; i < len(text); {
		r, w := utf8.DecodeRuneInString(text[i:])
		switch class := bertClassOf(r); {
		case class&bertPunct != 0 && i == at:
			return at, i + w
		case class&bertPunct != 0, runeClasses.class(r)&classSpace != 0:
			return at, i
		}
		i += w
	}
	return at, len(text)
}

func (bertScanner) cut(text string, at int) int { return cutAtNewline(text, at, 0) }

// MarshalJSON writes the Normalizer as files hold it.
func (b BertNormalizer) MarshalJSON() ([]byte, error) {
	type fields BertNormalizer
	return typed("BertNormalizer", fields(b))
}
