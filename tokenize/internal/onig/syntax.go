package onig

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
	"github.com/pkg/errors"
)

// translateRegex translates a pattern from Oniguruma's Ruby syntax, which Hugging Face's files use, to the syntax of the
// backtracking engine. Classes, shorthands and case-insensitive letters become explicit sets of characters, so that they
// match the same characters. A construct without a counterpart is an error.
func translateRegex(pattern string) (string, error) {
	if !utf8.ValidString(pattern) || len(pattern) > maxPattern {
		return "", errors.Errorf("not valid UTF-8 of at most %d bytes", maxPattern)
	}
	p := regexParser{in: pattern}
	for p.at < len(p.in) {
		if err := p.term(); err != nil {
			return "", errors.WithMessagef(err, "byte %d", p.at)
		}
	}
	return string(p.out), nil
}

// maxPattern is the maximum length of a pattern. Explicit sets may make a pattern a thousand times longer.
const maxPattern = 4096

// regexParser translates a pattern from left to right.
type regexParser struct {
	in    string
	at    int
	out   []byte
	flags regexFlags
	open  []regexGroup // the open groups
	last  rune         // the previous letter if case is ignored, for folds of two letters
}

type regexFlags struct{ fold, dotAll, extended bool }

// regexGroup is an open group: its start in out, and the flags before it.
type regexGroup struct {
	start int
	flags regexFlags
}

func (p *regexParser) peek(s string) bool { return strings.HasPrefix(p.in[p.at:], s) }

// take reads s if the rest begins with it, and reports whether it does.
func (p *regexParser) take(s string) bool {
	if !p.peek(s) {
		return false
	}
	p.at += len(s)
	return true
}

func (p *regexParser) write(s string) { p.out = append(p.out, s...) }

func (p *regexParser) rune() rune {
	r, w := utf8.DecodeRuneInString(p.in[p.at:])
	p.at += w
	return r
}

// term translates the next part of the pattern with its quantifiers.
func (p *regexParser) term() error {
	start, last := len(p.out), p.last
	p.last = 0
	switch c := p.rune(); {
	case c == '(':
		return p.group()
	case c == '|':
		p.write("|")
		return nil
	case p.flags.extended && (unicode.IsSpace(c) || c == '#'):
		p.comment(c)
		return nil
	case c == ')':
		if len(p.open) == 0 {
			return errors.New("unmatched )")
		}
		g := p.open[len(p.open)-1]
		p.open, p.flags, start = p.open[:len(p.open)-1], g.flags, g.start
		p.write(")")
	default:
		if err := p.atom(c, last); err != nil {
			return err
		}
	}
	p.quantifiers(start)
	return nil
}

// comment skips a comment, to the end of its line.
func (p *regexParser) comment(c rune) {
	if c == '#' {
		_, rest, _ := strings.Cut(p.in[p.at:], "\n")
		p.at = len(p.in) - len(rest)
	}
}

// atom translates the atom that begins with c.
func (p *regexParser) atom(c, last rune) error {
	switch {
	case c == '[':
		set, err := p.class()
		if err != nil {
			return err
		}
		p.writeSet(set)
	case c == '.' && p.flags.dotAll:
		p.write(`[\s\S]`)
	case c == '.':
		p.write(`[^\n]`)
	case c == '^':
		p.write(`(?:\A|(?<=\n)(?!\z))`)
	case c == '$':
		p.write(`(?=\n|\z)`)
	case c == '\\':
		return p.escape()
	case strings.ContainsRune("*+?", c):
		return errors.Errorf("nothing to repeat before %q", string(c))
	default:
		return p.literal(c, last)
	}
	return nil
}

// literal writes one character.
func (p *regexParser) literal(c, last rune) error {
	if !p.flags.fold {
		p.write(char.Escape(c))
		return nil
	}
	p.last = unicode.ToLower(c)
	if strings.ContainsRune("ßẞﬀﬁﬂﬃﬄﬅﬆ", c) {
		return errors.Errorf("%q without regard to case, which two characters may match, is not known here", string(c))
	}
	switch string([]rune{last, p.last}) {
	case "ss", "ff", "fi", "fl", "st":
		return errors.Errorf("%q without regard to case, which one character may match, is not known here", string([]rune{last, p.last}))
	}
	p.writeSet(char.Set{{First: c, Last: c}})
	return nil
}

func (p *regexParser) writeSet(s char.Set) {
	if p.flags.fold {
		s = s.Folded()
	}
	p.write(s.String())
}
