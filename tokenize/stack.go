package tokenize

// stack is two scanners, of which the inner one cuts the pieces of the outer one. Unlike others it keeps a state: it must
// be begun before each text.
type stack struct{ outer, inner scanner }

// stackState is a stack on its way through a text.
type stackState struct {
	stack
	end int // of the piece of outer that inner is in
}

// begun returns sc for a new text.
func begun(sc scanner) scanner {
	if s, ok := sc.(stack); ok {
		return &stackState{stack: stack{begun(s.outer), begun(s.inner)}}
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
