package tokenize

import (
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/pkg/errors"
)

// matchRunes returns the places of the characters for which is returns true.
func matchRunes(text string, is func(rune) bool) []Span {
	var found []Span
	for i := 0; i < len(text); {
		r, w := utf8.DecodeRuneInString(text[i:])
		if is(r) {
			found = append(found, Span{i, i + w})
		}
		i += w
	}
	return found
}

// Punctuation is the Splitter that cuts at punctuation marks: all ASCII characters except letters, digits and spaces, and
// category P in Unicode 8.0, as in Hugging Face's implementation.
type Punctuation struct {
	Behavior Behavior `json:"behavior"` // "" means Isolated
}

func isPunct(r rune) bool { return char.Bert(r)&char.BertPunct != 0 }

func (p Punctuation) behavior() Behavior { return Split{Behavior: p.Behavior}.behavior() }
func (p Punctuation) check() error       { return p.behavior().check() }

func (p Punctuation) scanner() scan.Scanner {
	switch p.behavior() {
	case Isolated, Contiguous:
		return scan.Runs{Is: isPunct, Single: p.behavior() == Isolated}
	}
	return nil
}

// Split implements Splitter.
func (p Punctuation) Split(dst []Text, t Text) []Text {
	return cutAt(dst, t, matchRunes(t.s, isPunct), p.behavior(), false)
}

// Digits is the Splitter that separates numbers from other text. A number is a run of characters of category N, or a
// single one.
type Digits struct {
	Individual bool `json:"individual_digits"`
}

// Split implements Splitter.
func (d Digits) Split(dst []Text, t Text) []Text {
	b := Contiguous
	if d.Individual {
		b = Isolated
	}
	return cutAt(dst, t, matchRunes(t.s, isNumber), b, false)
}

func (d Digits) scanner() scan.Scanner { return scan.Runs{Is: isNumber, Single: d.Individual} }

// isNumber reports whether r has category N in Unicode 17.0.
func isNumber(r rune) bool {
	if r < utf8.RuneSelf {
		return '0' <= r && r <= '9'
	}
	return char.Classes.Class(r)&char.Number != 0 || 0x11de0 <= r && r <= 0x11de9 || 0x16ff4 <= r && r <= 0x16ff6
}

// CharDelimiterSplit is the Splitter that cuts at one character, which it drops.
type CharDelimiterSplit struct {
	Delimiter string `json:"delimiter"`
}

func (c CharDelimiterSplit) check() error { return oneRune("delimiter", c.Delimiter) }

func oneRune(name, s string) error {
	if utf8.RuneCountInString(s) != 1 {
		return errors.Errorf("%s: %q: one character is needed", name, s)
	}
	return nil
}

// Split implements Splitter.
func (c CharDelimiterSplit) Split(dst []Text, t Text) []Text {
	return cutAt(dst, t, findText(t.s, c.Delimiter), Removed, false)
}

// FixedLength is the Splitter that cuts a text every Length characters.
type FixedLength struct {
	Length int `json:"length"`
}

func (f FixedLength) check() error {
	if f.Length < 0 {
		return errors.Errorf("length: got %d, want at least 0", f.Length)
	}
	return nil
}

// Split implements Splitter. If Length is 0, there are no pieces.
func (f FixedLength) Split(dst []Text, t Text) []Text {
	if f.Length <= 0 {
		return dst
	}
	start, n := 0, 0
	for i := range t.s {
		if n == f.Length {
			dst = append(dst, t.Slice(start, i))
			start, n = i, 0
		}
		n++
	}
	if start < len(t.s) {
		dst = append(dst, t.Slice(start, len(t.s)))
	}
	return dst
}

// MarshalJSON returns the Splitter in the form of tokenizer.json.
func (p Punctuation) MarshalJSON() ([]byte, error) {
	type fields Punctuation
	return typed("Punctuation", fields{p.behavior()})
}

// MarshalJSON returns the Splitter in the form of tokenizer.json.
func (d Digits) MarshalJSON() ([]byte, error) {
	type fields Digits
	return typed("Digits", fields(d))
}

// MarshalJSON returns the Splitter in the form of tokenizer.json.
func (c CharDelimiterSplit) MarshalJSON() ([]byte, error) {
	type fields CharDelimiterSplit
	return typed("CharDelimiterSplit", fields(c))
}

// MarshalJSON returns the Splitter in the form of tokenizer.json.
func (f FixedLength) MarshalJSON() ([]byte, error) {
	type fields FixedLength
	return typed("FixedLength", fields(f))
}
