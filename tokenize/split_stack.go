package tokenize

// stack is two scanners, of which the inner one cuts the pieces of the outer one. It keeps a state, as patternScanner does:
// it must be begun before each text.
type stack struct{ outer, inner scanner }

// stackState is a stack on its way through a text.
type stackState struct {
	stack
	end int // of the piece of outer that inner is in
}

// begun returns sc for a new text.
func begun(sc scanner) scanner {
	switch s := sc.(type) {
	case stack:
		return &stackState{stack: stack{begun(s.outer), begun(s.inner)}}
	case patternScanner:
		return s.begun()
	}
	return sc
}

// next is right for the first piece only: see begun.
func (s stack) next(text string, at int) (start, end int) { return begun(s).next(text, at) }

func (s stack) cut(text string, at int) int { return s.outer.cut(text, at) }

func (s *stackState) next(text string, at int) (start, end int) {
	for {
		if at >= s.end {
			if at, s.end = s.outer.next(text, at); at == s.end {
				return at, at
			}
		}
		if start, end = s.inner.next(text[:s.end], at); start < end {
			return start, end
		}
		at = s.end
	}
}
