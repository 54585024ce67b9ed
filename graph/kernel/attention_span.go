package kernel

import "github.com/pkg/errors"

// span is the range [lo, hi) of keys that a query sees. It is empty if lo = hi.
type span struct{ lo, hi int }

// position returns the position of query i of sequence b among the keys.
func (a *Attention[T]) position(b, i int) int {
	if a.Past != nil {
		return int(a.Past[b]) + i
	}
	return a.Tk - a.Tq + i
}

// span returns the keys that query i of sequence b sees.
func (a *Attention[T]) span(b, i int) span {
	var s [1]span
	a.setSpans(s[:], b, i)
	return s[0]
}

// setSpans sets the keys that the queries of sequence b from the first one on see.
func (a *Attention[T]) setSpans(spans []span, b, first int) {
	all := span{0, a.Tk}
	if a.Lengths != nil {
		all.hi = min(all.hi, int(a.Lengths[b]))
	}
	position := a.position(b, first)
	for r := range spans {
		s := all
		if a.Starts != nil {
			s.lo = int(a.Starts[b*a.Tq+first+r])
		}
		if a.Ends != nil {
			s.hi = min(s.hi, int(a.Ends[b*a.Tq+first+r]))
		}
		if a.Window > 0 {
			s.lo = max(s.lo, position+r-a.Window+1)
			s.hi = min(s.hi, position+r+a.Window)
		}
		if a.Causal {
			s.hi = min(s.hi, position+r+1)
		}
		s.hi = max(s.hi, 0)
		spans[r] = span{min(max(s.lo, 0), s.hi), s.hi}
	}
}

// join returns the smallest range with the keys of both.
func (s span) join(t span) span {
	switch {
	case s.lo == s.hi:
		return t
	case t.lo == t.hi:
		return s
	}
	return span{min(s.lo, t.lo), max(s.hi, t.hi)}
}

// clip returns the part of a span inside a tile of n keys from j on, relative to j.
func (s span) clip(j, n int) (int, int) {
	lo, hi := max(s.lo-j, 0), min(s.hi-j, n)
	return min(lo, n), max(hi, min(lo, n))
}

// Check returns an error if Past, Lengths, Starts or Ends is outside the keys, or if a visible key is outside Distance.
func (a Attention[T]) Check() error {
	for b, n := range a.Lengths {
		if n < 0 || int(n) > a.Tk {
			return errors.Errorf("sequence %d: length %d is not in 0…%d", b, n, a.Tk)
		}
	}
	for b, p := range a.Past {
		if p < 0 {
			return errors.Errorf("sequence %d: position %d is negative", b, p)
		}
	}
	for i, n := range a.Starts {
		if n < 0 || int(n) > a.Tk {
			return errors.Errorf("sequence %d: start %d of query %d is not in 0…%d", i/a.Tq, n, i%a.Tq, a.Tk)
		}
	}
	for i, n := range a.Ends {
		if n < 0 || int(n) > a.Tk {
			return errors.Errorf("sequence %d: end %d of query %d is not in 0…%d", i/a.Tq, n, i%a.Tq, a.Tk)
		}
	}
	if a.Distance == nil || a.Past == nil {
		return nil
	}
	for b := range a.B {
		for i := range a.Tq {
			p, s := a.position(b, i), a.span(b, i)
			if s.lo < s.hi && (s.lo-p < 1-a.Tk || s.hi-1-p >= a.Tq) {
				return errors.Errorf("sequence %d: query %d at position %d sees keys %d…%d, but the bias has distances %d…%d", b, i, p, s.lo, s.hi-1, 1-a.Tk, a.Tq-1)
			}
		}
	}
	return nil
}
