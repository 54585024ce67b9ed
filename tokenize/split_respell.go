package tokenize

import (
	"strings"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
)

// markScanner cuts a text before every mark.
type markScanner string

func (m markScanner) Next(text string, at int) (start, end int) {
	from := at
	if strings.HasPrefix(text[at:], string(m)) {
		from += len(m)
	}
	if n := strings.Index(text[from:], string(m)); n >= 0 {
		return at, from + n
	}
	return at, len(text)
}

func (markScanner) Cut(text string, _ int) int { return len(text) }

// respellFunc returns a text as a Splitter rewrites it before cutting. first reports whether the text starts the original
// text.
type respellFunc func(text string, first bool) string

// respeller returns the fast form of a Splitter that rewrites the text: a function, and a scanner for its result. Both
// are nil if there is no fast form. placed reports whether the start of the original text is known.
func respeller(s Splitter, placed bool) (respellFunc, scan.Scanner) {
	switch s := s.(type) {
	case Metaspace:
		switch {
		case s.scheme() == PrependFirst && !placed:
		case s.Whole:
			return s.respell, scan.Whole{}
		default:
			return s.respell, markScanner(s.mark())
		}
	case Splitters:
		if len(s) != 2 {
			break
		}
		if m, ok := s[1].(Metaspace); ok && s[0] == (WhitespaceSplit{}) && !m.Whole && m.scheme() == PrependAlways {
			return m.respellWords, markScanner(m.mark())
		}
		m, ok := s[0].(Metaspace)
		if inner := scannerOf(s[1]); ok && inner != nil {
			if respell, outer := respeller(m, placed); outer != nil {
				return respell, scan.Stack{Outer: outer, Inner: inner}
			}
		}
	}
	return nil, nil
}

// respell returns text with marks, before it is cut.
func (m Metaspace) respell(text string, first bool) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/2)
	prepend := m.scheme() == PrependAlways || m.scheme() == PrependFirst && first
	if prepend && text != "" && !strings.HasPrefix(text, " ") && !strings.HasPrefix(text, m.mark()) {
		b.WriteString(m.mark())
	}
	m.write(&b, text)
	return b.String()
}

// respellWords returns the words of text with a mark in front of each.
func (m Metaspace) respellWords(text string, _ bool) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/2)
	for at := 0; at < len(text); {
		start, end := scan.Fields{}.Next(text, at)
		word := text[start:end]
		if at = end; word == "" {
			break
		}
		if !strings.HasPrefix(word, m.mark()) {
			b.WriteString(m.mark())
		}
		b.WriteString(word)
	}
	return b.String()
}

// write writes text with every space replaced by a mark.
func (m Metaspace) write(b *strings.Builder, text string) {
	for {
		i := strings.IndexByte(text, ' ')
		if i < 0 {
			b.WriteString(text)
			return
		}
		b.WriteString(text[:i])
		b.WriteString(m.mark())
		text = text[i+1:]
	}
}
