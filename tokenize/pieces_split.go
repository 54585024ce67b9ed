package tokenize

import (
	"strings"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
)

// pieceFunc takes a piece of a text. The piece begins the original text if first is true.
type pieceFunc func(piece string, first bool) error

// splitting returns a function that calls each for the pieces of a text. They are those of s.Split. Where a Splitter allows it,
// splitting does not track the origins of the pieces.
func splitting(s Splitter, each pieceFunc) pieceFunc {
	if parts, ok := s.(Splitters); ok && !parts.spells() {
		for i := len(parts) - 1; i >= 0; i-- {
			each = splitting(parts[i], each)
		}
		return each
	}
	if m, ok := s.(Metaspace); ok {
		return func(text string, first bool) error { return m.words(text, first, each) }
	}
	if sc := scannerOf(s); sc != nil {
		return func(text string, first bool) error { return scanEach(sc, text, first, each) }
	}
	literal, _ := s.(Split)
	return func(text string, first bool) error {
		if literal.Pattern != "" && !literal.Regex && !literal.Invert && !strings.Contains(text, literal.Pattern) {
			return each(text, first)
		}
		at := 1
		if first {
			at = 0
		}
		pieces, err := split(s, nil, Text{s: text, at: at})
		for _, p := range pieces {
			if err = each(p.s, p.Span(0, 0).Start == 0); err != nil {
				break
			}
		}
		return err
	}
}

// scanEach calls each for the pieces that sc finds in text.
func scanEach(sc scan.Scanner, text string, first bool, each pieceFunc) error {
	sc = scan.Begun(sc)
	for at := 0; at < len(text); {
		start, end := sc.Next(text, at)
		if start == end {
			break
		}
		if err := each(text[start:end], first && start == 0); err != nil {
			return err
		}
		at = end
	}
	return nil
}

// words calls each for the pieces of Split.
func (m Metaspace) words(text string, first bool, each pieceFunc) error {
	mark := m.mark()
	text = strings.ReplaceAll(text, " ", mark)
	if s := m.scheme(); !strings.HasPrefix(text, mark) && (s == PrependAlways || s == PrependFirst && first) {
		text = mark + text
	}
	for text != "" {
		n := len(text)
		if i := strings.Index(text[1:], mark); i >= 0 && !m.Whole {
			n = 1 + i
		}
		if err := each(text[:n], first); err != nil {
			return err
		}
		text, first = text[n:], false
	}
	return nil
}
