package scan

import "github.com/gorgoformer/gorgoformer/tokenize/internal/onig"

// maxBranches bounds the memory of failures of a patternScanner, in bits for each byte of text.
const maxBranches = 256

// patternScanner yields the matches of a program and, if gaps is set, the text between them. Like stack it keeps a state
// while it scans a text: see Begun.
type patternScanner struct {
	program *onig.Program
	gaps    bool
}

// NewPattern returns the scanner of a regular expression whose time is linear and whose matches are not empty and do
// not depend on the text before them; nil for any other.
func NewPattern(pattern string, gaps bool) Scanner {
	re, err := onig.Compile(pattern)
	if err != nil || re.Program == nil {
		return nil
	}
	p := re.Program
	if !p.Forward || !p.Plain || p.Empty || p.Branches > maxBranches {
		return nil
	}
	return patternScanner{p, gaps}
}

// Next is right for the first piece, and slow for others: see Begun.
func (s patternScanner) Next(text string, at int) (start, end int) { return s.begun().Next(text, at) }

// Cut implements scanner. Where a text may be parted depends on the pattern.
func (patternScanner) Cut(text string, _ int) int { return len(text) }

func (s patternScanner) begun() *patternState {
	return &patternState{Machine: onig.NewMachine(s.program), gaps: s.gaps}
}

// patternState is a patternScanner on its way through a text.
type patternState struct {
	*onig.Machine
	gaps bool
	held onig.Match // the match behind a gap
}

func (s *patternState) Next(text string, at int) (start, end int) {
	if len(text) != len(s.Text) {
		s.Begin(text)
		s.held = onig.Match{}
	}
	m, ok := s.held, s.held.Start == at && s.held.End > at && s.held.End <= len(text)
	if !ok {
		m, ok = s.Find(at)
	}
	s.held = onig.Match{}
	switch {
	case !ok && s.gaps:
		return at, len(text)
	case !ok:
		return len(text), len(text)
	case s.gaps && m.Start > at:
		s.held = m
		return at, m.Start
	}
	return m.Start, m.End
}

func (s *patternState) Cut(text string, _ int) int { return len(text) }
