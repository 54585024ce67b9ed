package onig

import (
	"strings"

	"github.com/pkg/errors"
)

// group reads the start of a group, or flags.
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
	return p.options(g)
}

// options reads flags. Those of (?i:…) hold in this group. Those of (?i) hold to the end of the enclosing group.
func (p *regexParser) options(g regexGroup) error {
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

// restGroup handles flags that hold to the end of the enclosing group. Oniguruma reads the rest of the enclosing group,
// alternatives included, as one group. That is not supported: it is an error if an alternative follows, except at the start
// of a group.
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

// groupStart returns the index in out at which the contents of the innermost open group begin.
func (p *regexParser) groupStart() int {
	if len(p.open) == 0 {
		return 0
	}
	return p.open[len(p.open)-1].start + len("(?<=")
}
