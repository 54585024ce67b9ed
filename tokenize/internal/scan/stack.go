package scan

// Stack is two scanners, of which the inner one cuts the pieces of the outer one. It keeps a state, as the scanner of a pattern does:
// Begun gives it one.
type Stack struct{ Outer, Inner Scanner }

// stackState is a stack on its way through a text.
type stackState struct {
	Stack
	end int // of the piece of Outer that Inner is in
}

// Begun returns sc for a new text.
func Begun(sc Scanner) Scanner {
	switch s := sc.(type) {
	case Stack:
		return &stackState{Stack: Stack{Begun(s.Outer), Begun(s.Inner)}}
	case patternScanner:
		return s.begun()
	}
	return sc
}

// Next is right for the first piece only: see Begun.
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
