package tokenize

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// translateRegex writes a pattern of Oniguruma's Ruby syntax, which Hugging Face's files are in, for the engine used here.
// Classes, shorthands and letters without regard to case become explicit sets of characters, so that both engines mean the
// same by them. What has no counterpart is an error.
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

// maxPattern is the length of the longest pattern, which may grow a thousand times when sets are written out.
const maxPattern = 4096

// regexParser rewrites a pattern from left to right.
type regexParser struct {
	in    string
	at    int
	out   []byte
	flags regexFlags
	open  []regexGroup // the groups around
	last  rune         // the letter before, without regard to case, for folds of two letters
}

type regexFlags struct{ fold, dotAll, extended bool }

// regexGroup is an open group: where it begins in out, and the flags before it.
type regexGroup struct {
	start int
	flags regexFlags
}

func (p *regexParser) peek(s string) bool { return strings.HasPrefix(p.in[p.at:], s) }

// take reads s when it is next.
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

// term rewrites the next part of the pattern with its quantifiers.
func (p *regexParser) term() error {
	start := len(p.out)
	last := p.last
	p.last = 0
	switch c := p.rune(); {
	case c == '(':
		return p.group()
	case c == ')':
		if len(p.open) == 0 {
			return errors.New("unmatched )")
		}
		g := p.open[len(p.open)-1]
		p.open, p.flags, start = p.open[:len(p.open)-1], g.flags, g.start
		p.write(`)`)
	case c == '|':
		p.write(`|`)
		return nil
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
		if err := p.escape(); err != nil {
			return err
		}
	case strings.ContainsRune("*+?", c):
		return errors.Errorf("nothing to repeat before %q", string(c))
	case p.flags.extended && unicode.IsSpace(c):
		return nil
	case p.flags.extended && c == '#':
		n := strings.IndexByte(p.in[p.at:], '\n')
		if n < 0 {
			n = len(p.in) - p.at
		}
		p.at += n
		return nil
	default:
		if err := p.literal(c, last); err != nil {
			return err
		}
	}
	return p.quantifiers(start)
}

// literal writes one character.
func (p *regexParser) literal(c, last rune) error {
	if !p.flags.fold {
		p.write(escapeRune(c))
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
	p.writeSet(runeSet{{c, c}})
	return nil
}

func (p *regexParser) writeSet(s runeSet) {
	if p.flags.fold {
		s = s.folded()
	}
	p.write(s.String())
}

// group opens a group, or changes flags.
func (p *regexParser) group() error {
	g := regexGroup{len(p.out), p.flags}
	if !p.take("?") {
		p.write(`(`)
		p.open = append(p.open, g)
		return nil
	}
	if p.take("#") {
		n := strings.IndexByte(p.in[p.at:], ')')
		if n < 0 {
			return errors.New("comment without )")
		}
		p.at += n + 1
		return nil
	}
	for _, kind := range []string{":", "=", "!", ">", "<=", "<!"} {
		if p.take(kind) {
			p.write("(?" + kind)
			p.open = append(p.open, g)
			return nil
		}
	}
	on := true
	for p.at < len(p.in) {
		switch c := p.rune(); c {
		case 'i':
			p.flags.fold = on
		case 'm':
			p.flags.dotAll = on
		case 'x':
			p.flags.extended = on
		case '-':
			on = false
		case ')', ':':
			if c == ')' {
				// The flags hold to the end of the group around, alternatives included, as if a group were opened here.
				return p.restGroup()
			}
			p.write("(?:")
			p.open = append(p.open, g)
			return nil
		default:
			return errors.Errorf("group (?%c is not known here", c)
		}
	}
	return errors.New("group without )")
}

// restGroup goes on with the flags just set. Where an alternative follows in the group around, Oniguruma takes all of the
// rest for one group, which is not written here.
func (p *regexParser) restGroup() error {
	depth, class := 0, false
	for i := p.at; i < len(p.in); i++ {
		switch c := p.in[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return nil
			}
		case c == '|' && depth == 0 && len(p.out) > p.groupStart():
			return errors.New("flags before an alternative are known only at the start of a group: write (?i:…)")
		}
	}
	return nil
}

// groupStart is where the contents of the group around begin in out.
func (p *regexParser) groupStart() int {
	if len(p.open) == 0 {
		return 0
	}
	return p.open[len(p.open)-1].start + len("(?<=")
}

// quantifiers rewrites those of the part that begins at start in out.
func (p *regexParser) quantifiers(start int) error {
	for n := 0; p.at < len(p.in); n++ {
		q, plain, err := p.quantifier()
		if q == "" || err != nil {
			return err
		}
		wrap := n > 0
		switch {
		case plain && p.take("?"):
			q += "?"
		case plain && p.take("+"):
			p.wrap(start, wrap, "(?>", q+")")
			continue
		}
		p.wrap(start, wrap, "", q)
	}
	return nil
}

// wrap puts the part that begins at start between before and after, in a group of its own when it has a quantifier already.
func (p *regexParser) wrap(start int, group bool, before, after string) {
	part := string(p.out[start:])
	if group {
		part = "(?:" + part + ")"
	}
	p.out = append(append(append(p.out[:start], before...), part...), after...)
}

// quantifier reads one; plain is false for {n,m}, after which + and ? are quantifiers themselves.
func (p *regexParser) quantifier() (q string, plain bool, err error) {
	switch c := p.in[p.at]; c {
	case '*', '+', '?':
		p.at++
		return string(c), true, nil
	case '{':
	default:
		return "", false, nil
	}
	end := strings.IndexByte(p.in[p.at:], '}')
	if end < 0 {
		return "", false, nil
	}
	low, high, ranged := strings.Cut(p.in[p.at+1:p.at+end], ",")
	if !isNumberText(low) || !isNumberText(high) || low == "" && high == "" {
		return "", false, nil
	}
	p.at += end + 1
	if low == "" {
		low = "0"
	}
	if !ranged {
		return "{" + low + "}", false, nil
	}
	if p.peek("?") {
		p.at++
		return "{" + low + "," + high + "}?", false, nil
	}
	return "{" + low + "," + high + "}", false, nil
}

// isNumberText tells whether s is at most five digits.
func isNumberText(s string) bool {
	return len(s) <= 5 && strings.Trim(s, "0123456789") == ""
}

// hexRune reads the digits of \x or \u.
func (p *regexParser) hexRune(digits int) (rune, error) {
	text := ""
	if p.take("{") {
		end := strings.IndexByte(p.in[p.at:], '}')
		if end < 0 {
			return 0, errors.New(`\x{ without }`)
		}
		text = p.in[p.at : p.at+end]
		p.at += end + 1
	} else {
		for n := 0; n < digits && p.at < len(p.in) && hexValue(p.in[p.at]) < 16; n++ {
			text += string(p.in[p.at])
			p.at++
		}
	}
	n, err := strconv.ParseUint(text, 16, 32)
	if err != nil || !utf8.ValidRune(rune(n)) || digits == 2 && len(text) < 3 && n >= 0x80 {
		return 0, errors.Errorf("character %q is not known here", text)
	}
	return rune(n), nil
}
