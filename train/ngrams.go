package train

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/pkg/errors"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// units is a text cut into tokens or characters.
type units struct {
	text     string
	from, to []int // of each unit in the text
}

// wordsOf returns tokens that contain no spaces as units.
func wordsOf(tokens []string) units {
	u := units{text: strings.Join(tokens, " ")}
	at := 0
	for _, t := range tokens {
		u.from, u.to = append(u.from, at), append(u.to, at+len(t))
		at += len(t) + 1
	}
	return u
}

// charactersOf returns the characters of a text.
func charactersOf(text string) units {
	u := units{text: text}
	for i := range text {
		u.from = append(u.from, i)
	}
	if text != "" {
		u.to = append(append(u.to, u.from[1:]...), len(text))
	}
	return u
}

func (u units) len() int { return len(u.from) }

// grams counts the sequences of n units.
func (u units) grams(n int) map[string]int {
	counts := make(map[string]int, max(u.len()-n+1, 0))
	for i := 0; i+n <= u.len(); i++ {
		counts[u.text[u.from[i]:u.to[i+n-1]]]++
	}
	return counts
}

// isSpace reports whether Python's split cuts at r.
func isSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }

// lower returns a text in lower case, as Python does: with the final form of sigma.
func lower(text string) string { return cases.Lower(language.Und).String(text) }

// referenceCount returns the number of references of each output, or "var" if it varies. It is an error if there are no outputs, or
// outputs without a reference.
func referenceCount(outputs []string, references [][]string) (string, error) {
	if len(outputs) == 0 || len(outputs) != len(references) {
		return "", errors.Errorf("%d outputs and references of %d, want at least one output, and references of each", len(outputs), len(references))
	}
	n := len(references[0])
	count := fmt.Sprint(n)
	for i, r := range references {
		if len(r) == 0 {
			return "", errors.Errorf("output %d has no reference, want at least one", i)
		}
		if len(r) != n {
			count = "var"
		}
	}
	return count, nil
}

func caseName(lower bool) string {
	if lower {
		return "lc"
	}
	return "mixed"
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
