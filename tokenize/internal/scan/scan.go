// Package scan cuts text into pieces. The split patterns of known models have hand-written scanners; other patterns are
// compiled.
package scan

import (
	"strings"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
)

// Scanner cuts a text into pieces, from left to right and without a state. It is the fast form of a Splitter that does not
// change the text.
type Scanner interface {
	// Next returns the first piece that begins at text[at] or later, or an empty piece at the end of the text.
	Next(text string, at int) (start, end int)
	// Cut returns a place after at where a cut changes no piece, or len(text).
	Cut(text string, at int) int
}

// RunOf returns the end of the run of characters at text[i] that have one of the classes.
func RunOf(text string, i int, classes uint8) int {
	for i < len(text) {
		k, w := char.At(text, i)
		if k&classes == 0 {
			break
		}
		i += w
	}
	return i
}

// RunNot returns the end of the run of characters at text[i] that have none of the classes.
func RunNot(text string, i int, classes uint8) int {
	for i < len(text) {
		k, w := char.At(text, i)
		if k&classes != 0 {
			break
		}
		i += w
	}
	return i
}

// spaceEnd returns the end of \s+(?!\S)|\s+ at a space. If text follows a run of two spaces or more, the match excludes the
// last space.
func spaceEnd(text string, at int) int {
	last, i := at, at
	for i < len(text) {
		k, w := char.At(text, i)
		if k&char.Space == 0 {
			if last > at {
				return last
			}
			return i
		}
		last = i
		i += w
	}
	return i
}

// newlineEnd returns the end of \s*[\r\n]+ at a space: the end of the last newline in the run of spaces, or -1.
func newlineEnd(text string, i int) int {
	end := -1
	for i < len(text) {
		k, w := char.At(text, i)
		if k&char.Space == 0 {
			break
		}
		i += w
		if k&char.Newline != 0 {
			end = i
		}
	}
	return end
}

// atMost is RunOf for at most n characters.
func atMost(text string, i, n int, classes uint8) int {
	for ; n > 0 && i < len(text); n-- {
		k, w := char.At(text, i)
		if k&classes == 0 {
			break
		}
		i += w
	}
	return i
}

// contraction returns the length of 's 't 're 've 'm 'll 'd at text[i], an apostrophe, or 0. With anyCase the letters
// may also be capitals, and s may be U+017F, as in Unicode's case folding.
func contraction(text string, i int, anyCase bool) int {
	rest := text[i+1:]
	if len(rest) == 0 {
		return 0
	}
	fold := byte(0)
	if anyCase {
		fold = 0x20
		if strings.HasPrefix(rest, "ſ") {
			return 1 + len("ſ")
		}
	}
	second := byte(0)
	switch rest[0] | fold {
	case 's', 't', 'm', 'd':
		return 2
	case 'r', 'v':
		second = 'e'
	case 'l':
		second = 'l'
	}
	if second != 0 && len(rest) > 1 && rest[1]|fold == second {
		return 3
	}
	return 0
}

// CutAtNewline returns the place of the first "\n" after at that precedes an ASCII letter or digit, plus skip. No split
// pattern with a hand-written scanner matches such a newline together with the text after it.
func CutAtNewline(text string, at, skip int) int {
	for at++; at < len(text); at++ {
		n := strings.IndexByte(text[at:], '\n')
		if n < 0 || at+n+1 >= len(text) {
			break
		}
		at += n
		if c := text[at+1]; c < utf8.RuneSelf && char.ASCII[c]&(char.Letter|char.Number) != 0 {
			return at + skip
		}
	}
	return len(text)
}

// Whole leaves a text in one piece.
type Whole struct{}

func (Whole) Next(text string, at int) (start, end int) { return at, len(text) }
func (Whole) Cut(text string, _ int) int                { return len(text) }

// Chars yields every character, and every byte that is not part of a character.
type Chars struct{}

func (Chars) Next(text string, at int) (start, end int) {
	if at >= len(text) {
		return len(text), len(text)
	}
	_, w := utf8.DecodeRuneInString(text[at:])
	return at, at + w
}

func (Chars) Cut(text string, at int) int { return CutAtNewline(text, at, 0) }
