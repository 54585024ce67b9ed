package scan

// Stack combines two scanners. Inner cuts the pieces of Outer. A Stack has a state for each text (see Begun).
type Stack struct{ Outer, Inner Scanner }

// stackState is the state of a Stack in a text.
type stackState struct {
	Stack
	end int // end of the current piece of Outer
}

// Begun returns sc with a new state, for one text.
func Begun(sc Scanner) Scanner {
	switch s := sc.(type) {
	case Stack:
		return &stackState{Stack: Stack{Begun(s.Outer), Begun(s.Inner)}}
	case patternScanner:
		return s.begun()
	}
	return sc
}

// Next is correct for the first piece only (see Begun).
func (s Stack) Next(text string, at int) (start, end int) { return Begun(s).Next(text, at) }

func (s Stack) Cut(text string, at int) int { return s.Outer.Cut(text, at) }

func (s *stackState) Next(text string, at int) (start, end int) {
	for {
		if at >= s.end {
			if at, s.end = s.Outer.Next(text, at); at == s.end {
				return at, at
			}
		}
		if start, end = s.Inner.Next(text[:s.end], at); start < end {
			return start, end
		}
		at = s.end
	}
}
