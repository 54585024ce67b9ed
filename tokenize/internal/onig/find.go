package onig

import (
	"unicode/utf8"

	"github.com/pkg/errors"
)

// Match is the half-open range of a match, in bytes.
type Match struct{ Start, End int }

// Find returns the first match that begins at or after at. ok is false if there is none.
func (m *Machine) Find(at int) (s Match, ok bool) {
	for {
		class, w := uint8(0), 0
		if at < len(m.Text) {
			class, w = m.classAt(m.Text, at)
		}
		if m.starts[class] {
			if end := m.matchAt(at); end >= 0 {
				return Match{at, end}, true
			}
		}
		if at >= len(m.Text) || m.over {
			return s, false
		}
		at += w
	}
}

// findAll returns the matches in text, from left to right. An empty match does not directly follow another match. It is an
// error if a program that is not Plain takes too many steps.
func (p *Program) findAll(text string) ([]Match, error) {
	m := NewMachine(p)
	m.Begin(text)
	return m.findAll()
}

func (m *Machine) findAll() (found []Match, err error) {
	last := -1
	for at := 0; at <= len(m.Text); {
		s, ok := m.Find(at)
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
			if at < len(m.Text) {
				_, w = utf8.DecodeRuneInString(m.Text[at:])
			}
			at += w
		}
	}
	return found, nil
}
