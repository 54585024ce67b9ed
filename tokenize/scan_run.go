package tokenize

import (
	"strings"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
)

// More patterns with a scanner of their own: Falcon's, CLIP's, and that of CLIP's normalizer.
const (
	patternThree  = `[0-9][0-9][0-9]`
	patternCLIP   = `<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`
	patternSpaces = `\s+`
)

// runScanner yields runs of the characters that is says yes to, and runs of the others.
type runScanner struct {
	is      func(rune) bool
	single  bool // every one of the characters by itself
	spelled bool // what is sees is the spelling of each byte
}

// spelledScanner returns the form of a scanner for the bytes that a ByteLevel spells, nil when there is none.
func spelledScanner(sc scanner) scanner {
	switch sc := sc.(type) {
	case threeScanner:
		return sc // digits of ASCII are spelled as they are
	case runScanner:
		sc.spelled = true
		return sc
	}
	return nil
}

func (s runScanner) next(text string, at int) (start, end int) {
	first := false
	for end = at; end < len(text); {
		r, w := utf8.DecodeRuneInString(text[end:])
		if s.spelled {
			r, w = char.ByteRunes[text[end]], 1
		}
		is := s.is(r)
		switch {
		case end == at:
			first = is
		case is != first, s.single && first:
			return at, end
		}
		end += w
	}
	return at, end
}

func (runScanner) cut(text string, _ int) int { return len(text) }

// literalScanner yields every place of a text as a piece, and what lies between them.
type literalScanner string

func (l literalScanner) next(text string, at int) (start, end int) {
	n := strings.Index(text[at:], string(l))
	switch {
	case n < 0:
		return at, len(text)
	case n == 0:
		return at, at + len(l)
	}
	return at, at + n
}

func (literalScanner) cut(text string, _ int) int { return len(text) }

// threeScanner is patternThree and what lies between its matches.
type threeScanner struct{}

func (threeScanner) next(text string, at int) (start, end int) {
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

func (threeScanner) cut(text string, _ int) int { return len(text) }

// clipScanner is patternCLIP.
type clipScanner struct{}

func (clipScanner) next(text string, at int) (start, end int) {
	if at = runOf(text, at, char.Space); at == len(text) {
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
		return at, runOf(text, at+w, char.Letter)
	case k&char.Number != 0:
		return at, at + w
	}
	return at, runNot(text, at+w, char.Space|char.Letter|char.Number)
}

func (clipScanner) cut(text string, at int) int { return cutAtNewline(text, at, 0) }
