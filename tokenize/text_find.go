package tokenize

import (
	"strings"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/onig"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/pkg/errors"
)

// findAll returns the matches of a pattern in text, from left to right. An empty match does not directly follow another
// match. An error names the pattern.
func findAll(text, pattern string, regex bool) ([]Span, error) {
	if regex && pattern == scan.PatternSpaces {
		return spaceRuns(text), nil
	}
	if regex {
		re, err := onig.Compile(pattern)
		if err != nil {
			return nil, errors.WithMessagef(err, "pattern %q", pattern)
		}
		matches, err := re.FindAll(text)
		found := make([]Span, len(matches))
		for i, m := range matches {
			found[i] = Span(m)
		}
		return found, errors.WithMessagef(err, "pattern %q", pattern)
	}
	return findText(text, pattern), nil
}

// findText returns the places of a string in text, from left to right.
func findText(text, pattern string) []Span {
	var found []Span
	for at := 0; at <= len(text); {
		i := strings.Index(text[at:], pattern)
		if i < 0 {
			break
		}
		found = append(found, Span{at + i, at + i + len(pattern)})
		at += i + len(pattern)
		if pattern == "" {
			_, w := utf8.DecodeRuneInString(text[at:])
			at += max(w, 1)
		}
	}
	return found
}

// spaceRuns returns the matches of patternSpaces.
func spaceRuns(text string) (found []Span) {
	for at := 0; at < len(text); {
		start := scan.RunNot(text, at, char.Space)
		at = scan.RunOf(text, start, char.Space)
		if start < at {
			found = append(found, Span{start, at})
		}
	}
	return found
}
