package tokenize

import (
	"unicode/utf8"

	"github.com/pkg/errors"
)

// find returns the first match that begins at at or after; ok is false if there is none.
func (m *machine) find(at int) (s Span, ok bool) {
	for {
		class, w := uint8(0), 0
		if at < len(m.text) {
			class, w = m.classAt(m.text, at)
		}
		if m.starts[class] {
			if end := m.matchAt(at); end >= 0 {
				return Span{at, end}, true
			}
		}
		if at >= len(m.text) || m.over {
			return s, false
		}
		at += w
	}
}

// findAll returns the matches in text, from left to right. An empty match does not directly follow another match. It is an
// error if a program that is not plain takes too many steps.
func (p *program) findAll(text string) ([]Span, error) {
	m := newMachine(p)
	m.begin(text)
	return m.findAll()
}

func (m *machine) findAll() (found []Span, err error) {
	last := -1
	for at := 0; at <= len(m.text); {
		s, ok := m.find(at)
		switch {
		case m.over:
			return nil, errors.Errorf("byte %d: more than %d steps: use an expression without nested repeats", at, m.limit)
		case !ok:
			return found, nil
		}
		if s.Start < s.End || s.Start != last {
			found = append(found, s)
		}
		last, at = s.End, s.End
		if s.Start == s.End {
			w := 1
			if at < len(m.text) {
				_, w = utf8.DecodeRuneInString(m.text[at:])
			}
			at += w
		}
	}
	return found, nil
}
