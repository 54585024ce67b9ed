package tokenize

import (
	"strings"

	"github.com/pkg/errors"
)

// Matcher finds a pattern in a text.
type Matcher interface {
	// Find returns the first match that begins at text[at] or after; ok is false when there is none.
	Find(text string, at int) (match Span, ok bool)
}

// Literal is the Matcher of a fixed string; the empty one matches nowhere.
type Literal string

// Find implements Matcher.
func (l Literal) Find(text string, at int) (Span, bool) {
	i := strings.Index(text[at:], string(l))
	if i < 0 || l == "" {
		return Span{}, false
	}
	return Span{at + i, at + i + len(l)}, true
}

// Behavior says what Split does with the matches of its pattern.
type Behavior string

// The behaviors of Hugging Face's Split, under their names there.
const (
	Isolated           Behavior = "Isolated"           // a match is a piece
	Removed            Behavior = "Removed"            // a match is left out
	Contiguous         Behavior = "Contiguous"         // matches side by side are one piece
	MergedWithPrevious Behavior = "MergedWithPrevious" // a match ends the piece before it
	MergedWithNext     Behavior = "MergedWithNext"     // a match begins the piece after it
)

// Split cuts text at the matches of a pattern.
type Split struct {
	Pattern  string   // the literal string or the regular expression, as files spell it
	Regex    bool     // Pattern is a regular expression
	Behavior Behavior // "" means Isolated
	Invert   bool     // what lies between the matches counts as the match
	Matcher  Matcher  // finds Pattern; nil for a literal and for a recognised pattern, which need none
}

// check returns an error when s cannot work.
func (s Split) check() error {
	if s.Regex && s.Matcher == nil && s.scanner() == nil {
		return errors.Errorf("pattern %q with behavior %s has no scanner here: set Matcher", s.Pattern, s.behavior())
	}
	switch s.behavior() {
	case Isolated, Removed, Contiguous, MergedWithPrevious, MergedWithNext:
		return nil
	}
	return errors.Errorf("unknown behavior %q", s.Behavior)
}

// scanner is there for recognised patterns. They cover all text, so that every use that keeps matches is the same.
func (s Split) scanner() scanner {
	if !s.Regex || s.Matcher != nil {
		return nil
	}
	if s.behavior() == Isolated || s.Behavior == Removed && s.Invert {
		return knownScanners[s.Pattern]
	}
	return nil
}

func (s Split) behavior() Behavior {
	if s.Behavior == "" {
		return Isolated
	}
	return s.Behavior
}

// Split implements Splitter.
func (s Split) Split(dst []Text, t Text) []Text {
	if sc := s.scanner(); sc != nil {
		return scan(sc, dst, t)
	}
	if s.check() != nil {
		return append(dst, t) // New refuses such a Split
	}
	for _, p := range merge(s.parts(t.s), s.behavior()) {
		if p.Start < p.End {
			dst = append(dst, t.Slice(p.Start, p.End))
		}
	}
	return dst
}

// part is a match or what lies between two.
type part struct {
	Span
	match bool
}

func (s Split) parts(text string) []part {
	m := s.Matcher
	if m == nil {
		m = Literal(s.Pattern)
	}
	var parts []part
	done := 0
	for at := 0; at <= len(text); {
		f, ok := m.Find(text, at)
		if !ok {
			break
		}
		if f.Start > done {
			parts = append(parts, part{Span{done, f.Start}, s.Invert})
		}
		parts = append(parts, part{f, !s.Invert})
		done = f.End
		at = max(f.End, at+1)
	}
	if done < len(text) {
		parts = append(parts, part{Span{done, len(text)}, s.Invert})
	}
	return parts
}

// merge joins parts as b says.
func merge(parts []part, b Behavior) []part {
	out := make([]part, 0, len(parts))
	before := false // the part before is a match
	for _, p := range parts {
		last := len(out) - 1
		switch {
		case b == Removed && p.match:
		case b == Contiguous && last >= 0 && before == p.match:
			out[last].End = p.End
		case b == MergedWithPrevious && p.match && !before && last >= 0:
			out[last].End = p.End
		case b == MergedWithNext && !p.match && before:
			out[last].End = p.End
		default:
			out = append(out, p)
		}
		before = p.match
	}
	return out
}
