package scan

import "github.com/gorgoformer/gorgoformer/tokenize/internal/onig"

// maxBranches bounds the memory of failures of a patternScanner, in bits for each byte of text.
const maxBranches = 256

// patternScanner yields the matches of a program and, if gaps is set, the text between them. It has a state for each text
// (see Begun).
type patternScanner struct {
	program *onig.Program
	gaps    bool
}

// NewPattern returns the scanner of a regular expression. It returns nil unless matching takes linear time and the matches
// are not empty and do not depend on the text before them.
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

// Next is slow except for the first piece (see Begun).
func (s patternScanner) Next(text string, at int) (start, end int) { return s.begun().Next(text, at) }

// Cut implements Scanner. It never cuts, because safe places depend on the pattern.
func (patternScanner) Cut(text string, _ int) int { return len(text) }

func (s patternScanner) begun() *patternState {
	return &patternState{Machine: onig.NewMachine(s.program), gaps: s.gaps}
}

// patternState is the state of a patternScanner in a text.
type patternState struct {
	*onig.Machine
	gaps bool
	held onig.Match // the match after the last gap
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
