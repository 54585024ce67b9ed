package tokenize

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
)

// Span is the half-open range [Start, End) of a text, in bytes unless said otherwise.
type Span struct{ Start, End int }

// Text is a part of a text in the stages. It knows the origin of each of its bytes in the original text. It is a value:
// stages make new Texts and never change one. The zero value is the empty text.
type Text struct {
	s       string
	at      int    // where s begins in the original, if align is nil
	align   []Span // the origin of each byte of s; nil: s is an unchanged part of the original
	idsOnly bool   // keep no origins
}

// NewText returns s as an original text.
func NewText(s string) Text { return Text{s: s} }

// String returns the text as rewritten by the stages so far.
func (t Text) String() string { return t.s }

// Slice returns bytes i to j of the text. The range must be valid.
func (t Text) Slice(i, j int) Text {
	if t.align == nil {
		return Text{s: t.s[i:j], at: t.at + i, idsOnly: t.idsOnly}
	}
	return Text{s: t.s[i:j], at: t.at, align: t.align[i:j]}
}

// Span returns the range of the original text from which bytes i to j of t come. For i = j it is empty, at the start of
// byte i or at the end of the text.
func (t Text) Span(i, j int) Span {
	switch {
	case t.align == nil:
		return Span{t.at + i, t.at + j}
	case i < j:
		return Span{t.align[i].Start, max(t.align[i].End, t.align[j-1].End)}
	case i < len(t.align):
		return Span{t.align[i].Start, t.align[i].Start}
	case len(t.align) > 0:
		end := t.align[len(t.align)-1].End
		return Span{end, end}
	}
	return Span{t.at, t.at}
}

// TextBuilder builds a new Text piece by piece. The zero value is ready for use.
type TextBuilder struct {
	s       strings.Builder
	align   []Span
	idsOnly bool
}

// builder returns a TextBuilder for a rewritten form of t.
func (t Text) builder() *TextBuilder {
	b := &TextBuilder{idsOnly: t.idsOnly}
	b.s.Grow(len(t.s) + len(t.s)/8)
	if !t.idsOnly {
		b.align = make([]Span, 0, len(t.s)+len(t.s)/8)
	}
	return b
}

// Write appends s. The origin of each of its bytes is from, a range of the original text.
func (b *TextBuilder) Write(s string, from Span) {
	b.s.WriteString(s)
	if b.idsOnly {
		return
	}
	for range len(s) {
		b.align = append(b.align, from)
	}
}

// WriteText appends t with its origins.
func (b *TextBuilder) WriteText(t Text) {
	b.s.WriteString(t.s)
	if b.idsOnly {
		return
	}
	if t.align != nil {
		b.align = append(b.align, t.align...)
		return
	}
	for i := range len(t.s) {
		b.align = append(b.align, Span{t.at + i, t.at + i + 1})
	}
}

// Text returns the text that was written. The builder must not be used afterwards.
func (b *TextBuilder) Text() Text {
	if b.idsOnly || len(b.align) == 0 {
		return Text{s: b.s.String(), idsOnly: b.idsOnly}
	}
	return Text{s: b.s.String(), align: b.align}
}

// wholeRunes extends s to the whole characters of text that it touches. A byte that is not part of a character stays
// alone.
func wholeRunes(text string, s Span) Span {
	if s.Start < s.End {
		s.Start, _ = runeAround(text, s.Start)
		_, s.End = runeAround(text, s.End-1)
	}
	return s
}

// runeAround returns the range of the character that contains byte i of text.
func runeAround(text string, i int) (start, end int) {
	if text[i] < utf8.RuneSelf {
		return i, i + 1
	}
	for p := i; p >= 0 && p > i-utf8.UTFMax; p-- {
		if !utf8.RuneStart(text[p]) {
			continue
		}
		if _, w := utf8.DecodeRuneInString(text[p:]); p+w > i {
			return p, p + w
		}
		break
	}
	return i, i + 1
}

// spaceStart returns the start of the spaces that end at text[i].
func spaceStart(text string, i int) int {
	for i > 0 {
		start, _ := runeAround(text, i-1)
		if k, _ := char.At(text, start); k&char.Space == 0 {
			break
		}
		i = start
	}
	return i
}

// validText returns s with every byte that is not part of a character replaced by U+FFFD.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// withoutMark returns data without a UTF-8 byte order mark.
func withoutMark(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) }
