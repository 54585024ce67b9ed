package scan

import (
	"strings"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
)

// Words is the scanner of patternWords: words, which may contain apostrophes, newlines, and single other marks.
type Words struct{}

const wordChars = char.Letter | char.Mark | char.Number

func (Words) Next(text string, at int) (start, end int) {
	for at < len(text) {
		k, w := char.At(text, at)
		switch {
		case text[at] == '\n':
			return at, at + 1
		case k&wordChars != 0 || text[at] == '_':
			return at, wordEnd(text, at+w)
		case k&char.Space == 0:
			return at, at + w
		}
		at += w
	}
	return len(text), len(text)
}

func (Words) Cut(text string, at int) int { return CutAtNewline(text, at, 0) }

// wordEnd returns the end of the word that begins before text[i].
func wordEnd(text string, i int) int {
	for i < len(text) {
		k, w := char.At(text, i)
		if k&wordChars == 0 && text[i] != '_' {
			joint := 0
			if text[i] == '\'' {
				joint = 1
			} else if strings.HasPrefix(text[i:], "’") {
				joint = len("’")
			}
			if joint == 0 || i+joint >= len(text) {
				return i
			}
			i += joint
			if k, w = char.At(text, i); k&wordChars == 0 && text[i] != '_' {
				return i - joint
			}
		}
		i += w
	}
	return i
}

// Whitespace is the scanner of \w+|[^\w\s]+, Hugging Face's Whitespace.
type Whitespace struct{}

func (Whitespace) Next(text string, at int) (start, end int) {
	at = RunOf(text, at, char.Space)
	if at == len(text) {
		return at, at
	}
	if k, _ := char.At(text, at); k&char.Word != 0 {
		return at, RunOf(text, at, char.Word)
	}
	return at, RunNot(text, at, char.Word|char.Space)
}

func (Whitespace) Cut(text string, at int) int { return CutAtNewline(text, at, 0) }

// Fields is the scanner of \S+, Hugging Face's WhitespaceSplit.
type Fields struct{}

func (Fields) Next(text string, at int) (start, end int) {
	at = RunOf(text, at, char.Space)
	return at, RunNot(text, at, char.Space)
}

func (Fields) Cut(text string, at int) int { return CutAtNewline(text, at, 0) }
