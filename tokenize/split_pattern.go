package tokenize

import (
	"encoding/json"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/onig"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/pkg/errors"
)

// Behavior selects how Split treats the matches of its pattern.
type Behavior string

// The behaviors of Split, under Hugging Face's names.
const (
	Isolated           Behavior = "Isolated"           // a match is a piece
	Removed            Behavior = "Removed"            // a match is dropped
	Contiguous         Behavior = "Contiguous"         // adjacent matches are one piece
	MergedWithPrevious Behavior = "MergedWithPrevious" // a match is part of the piece before it
	MergedWithNext     Behavior = "MergedWithNext"     // a match is part of the piece after it
)

// Split cuts text at the matches of a pattern. The patterns of published models run on hand-written scanners, and other
// regular expressions on this package's linear-time engine. The few that this engine does not support run on a slow
// engine that backtracks. If it takes too long, the text stays whole; a Tokenizer returns an error for it.
type Split struct {
	Pattern  string   // a string, or a regular expression in Oniguruma's syntax
	Regex    bool     // Pattern is a regular expression
	Behavior Behavior // "" means Isolated
	Invert   bool     // match the text between the matches instead
}

// check returns an error if s is invalid.
func (s Split) check() error {
	if s.Regex && s.scanner() == nil {
		if _, err := onig.Compile(s.Pattern); err != nil {
			return errors.WithMessagef(err, "pattern %q", s.Pattern)
		}
	}
	return s.behavior().check()
}

func (b Behavior) check() error {
	switch b {
	case Isolated, Removed, Contiguous, MergedWithPrevious, MergedWithNext:
		return nil
	}
	return errors.Errorf("unknown behavior %q", string(b))
}

// scanner implements scanning for a string that is a piece and for known patterns. The known patterns match all text, so
// every behavior that keeps matches gives the same pieces.
func (s Split) scanner() scan.Scanner {
	isolated, matches := s.behavior() == Isolated, s.behavior() == Removed && s.Invert
	switch sc := scan.Known[s.Pattern]; {
	case !s.Regex && isolated && s.Pattern != "":
		return scan.Literal(s.Pattern)
	case !s.Regex:
	case sc != nil && (isolated || matches):
		return sc
	case s.Pattern == scan.PatternThree && isolated:
		return scan.Three{}
	case s.Pattern == scan.PatternCLIP && matches:
		return scan.CLIP{}
	case isolated || matches:
		return scan.NewPattern(s.Pattern, isolated)
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
	out, err := s.split(dst, t)
	if err != nil {
		return append(dst, t)
	}
	return out
}

func (s Split) split(dst []Text, t Text) ([]Text, error) {
	if sc := s.scanner(); sc != nil {
		return appendPieces(sc, dst, t), nil
	}
	matches, err := findAll(t.s, s.Pattern, s.Regex)
	if err != nil {
		return dst, err
	}
	return cutAt(dst, t, matches, s.behavior(), s.Invert), nil
}

// cutAt appends the matches in t and the parts between them.
func cutAt(dst []Text, t Text, matches []Span, b Behavior, invert bool) []Text {
	for _, p := range merge(partsOf(t.s, matches, invert), b) {
		if p.Start < p.End {
			dst = append(dst, t.Slice(p.Start, p.End))
		}
	}
	return dst
}

// part is a match or the text between two matches.
type part struct {
	Span
	match bool
}

func partsOf(text string, matches []Span, invert bool) []part {
	parts := make([]part, 0, 2*len(matches)+1)
	done := 0
	for _, m := range matches {
		if m.Start > done {
			parts = append(parts, part{Span{done, m.Start}, invert})
		}
		parts = append(parts, part{m, !invert})
		done = m.End
	}
	if done < len(text) {
		parts = append(parts, part{Span{done, len(text)}, invert})
	}
	return parts
}

// merge joins parts as b says.
func merge(parts []part, b Behavior) []part {
	out := make([]part, 0, len(parts))
	before := false // the previous part is a match
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

// MarshalJSON returns the Splitter in the form of tokenizer.json.
func (s Split) MarshalJSON() ([]byte, error) {
	return marshal(jsonSplit{"Split", patternJSON(s.Pattern, s.Regex), s.behavior(), s.Invert})
}

type jsonSplit struct {
	Type     string      `json:"type"`
	Pattern  jsonPattern `json:"pattern"`
	Behavior Behavior    `json:"behavior"`
	Invert   bool        `json:"invert"`
}

func parseSplit(raw json.RawMessage, _ int) (Splitter, error) {
	var f jsonSplit
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, errors.WithStack(err)
	}
	pattern, regex, err := f.Pattern.read()
	if err != nil {
		return nil, err
	}
	for _, known := range []Splitter{Chars{}, Words{}} {
		if regex && pattern == patternOf(known) && f.Behavior == Removed && f.Invert {
			return known, nil
		}
	}
	s := Split{Pattern: pattern, Regex: regex, Behavior: f.Behavior, Invert: f.Invert}
	return s, s.check()
}
