package scan

import (
	"strings"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
)

// More patterns that have a hand-written scanner: Falcon's, CLIP's, and the pattern of CLIP's normalizer.
const (
	PatternThree  = `[0-9][0-9][0-9]`
	PatternCLIP   = `<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`
	PatternSpaces = `\s+`
)

// Runs yields runs of the characters for which is returns true, and runs of other characters.
type Runs struct {
	Is      func(rune) bool
	Single  bool // each of the characters is a piece
	spelled bool // is gets the spelling of each byte
}

// Spelled returns the form of sc for text after a ByteLevel, whose bytes are spelled. It returns nil if sc has none.
func Spelled(sc Scanner) Scanner {
	switch sc := sc.(type) {
	case Three:
		return sc // the spelling of an ASCII digit is the digit
	case Runs:
		sc.spelled = true
		return sc
	}
	return nil
}

func (s Runs) Next(text string, at int) (start, end int) {
	first := false
	for end = at; end < len(text); {
		r, w := utf8.DecodeRuneInString(text[end:])
		if s.spelled {
			r, w = char.ByteRunes[text[end]], 1
		}
		is := s.Is(r)
		switch {
		case end == at:
			first = is
		case is != first, s.Single && first:
			return at, end
		}
		end += w
	}
	return at, end
}

func (Runs) Cut(text string, _ int) int { return len(text) }

// Literal yields the occurrences of a string, and the text between them.
type Literal string

func (l Literal) Next(text string, at int) (start, end int) {
	n := strings.Index(text[at:], string(l))
	switch {
	case n < 0:
		return at, len(text)
	case n == 0:
		return at, at + len(l)
	}
	return at, at + n
}

func (Literal) Cut(text string, _ int) int { return len(text) }

// Three yields the matches of PatternThree and the text between them.
type Three struct{}

func (Three) Next(text string, at int) (start, end int) {
	digits := 0
	for end = at; end < len(text); {
		c := text[end]
		if end++; c < '0' || c > '9' {
			digits = 0
			continue
		}
		if digits++; digits == 3 {
			if end-3 > at {
				end -= 3
			}
			return at, end
		}
	}
	return at, end
}

func (Three) Cut(text string, _ int) int { return len(text) }

// CLIP is the scanner of PatternCLIP.
type CLIP struct{}

func (CLIP) Next(text string, at int) (start, end int) {
	if at = RunOf(text, at, char.Space); at == len(text) {
		return at, at
	}
	switch text[at] {
	case '<':
		for _, token := range []string{"<|startoftext|>", "<|endoftext|>"} {
			if strings.HasPrefix(text[at:], token) {
				return at, at + len(token)
			}
		}
	case '\'':
		if n := contraction(text, at, false); n > 0 {
			return at, at + n
		}
	}
	k, w := char.At(text, at)
	switch {
	case k&char.Letter != 0:
		return at, RunOf(text, at+w, char.Letter)
	case k&char.Number != 0:
		return at, at + w
	}
	return at, RunNot(text, at+w, char.Space|char.Letter|char.Number)
}

func (CLIP) Cut(text string, at int) int { return CutAtNewline(text, at, 0) }
