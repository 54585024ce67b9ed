package onig

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
	"github.com/pkg/errors"
)

// class reads a class after its [.
func (p *regexParser) class() (char.Set, error) {
	negate := p.take("^")
	var set char.Set
	var left []char.Set // the operands of && read so far
	for first := true; ; first = false {
		switch {
		case p.at >= len(p.in):
			return nil, errors.New("class without ]")
		case p.peek("]") && first:
			return nil, errors.New("empty class")
		case p.take("]"):
			for _, l := range left {
				set = set.And(l)
			}
			if negate {
				set = set.Negated()
			}
			return set, nil
		case p.take("&&"):
			left, set = append(left, set), nil
			continue
		}
		item, one, err := p.classItem()
		if err != nil {
			return nil, err
		}
		if one && p.peek("-") && !p.peek("-]") {
			p.at++
			to, one, err := p.classItem()
			switch {
			case err != nil:
				return nil, err
			case !one || to[0].First < item[0].First:
				return nil, errors.New("wrong range in a class")
			}
			item = char.Set{{First: item[0].First, Last: to[0].First}}
		}
		if p.flags.fold {
			item = item.Folded()
		}
		set = append(set, item...)
	}
}

// classItem reads a character or a set of a class. one is true for a character.
func (p *regexParser) classItem() (set char.Set, one bool, err error) {
	if p.at >= len(p.in) {
		return nil, false, errors.New("class without ]")
	}
	if p.take("[:") {
		end := strings.Index(p.in[p.at:], ":]")
		if end < 0 {
			return nil, false, errors.New("[: without :]")
		}
		name := p.in[p.at : p.at+end]
		p.at += end + 2
		return posixSet(name)
	}
	switch c := p.rune(); c {
	case '[':
		set, err = p.class()
		return set, false, err
	case '\\':
		if p.take("b") {
			return char.Set{{First: '\b', Last: '\b'}}, true, nil
		}
		return p.escapedSet()
	default:
		return char.Set{{First: c, Last: c}}, true, nil
	}
}

// posixSet reads a bracket such as [:space:] and returns its set.
func posixSet(name string) (set char.Set, one bool, err error) {
	rest, negate := strings.CutPrefix(name, "^")
	switch rest {
	case "space":
		set = char.Spaces()
	case "digit":
		set = char.Digits()
	case "word":
		set = char.Words()
	case "xdigit":
		set = char.Hex
	case "ascii":
		set = char.Set{{First: 0, Last: 0x7f}}
	default:
		return nil, false, errors.Errorf("[:%s:] is not known here", name)
	}
	if negate {
		set = set.Negated()
	}
	return set, false, nil
}

// escapedSet reads an escape after its backslash. one is true if it is a single character.
func (p *regexParser) escapedSet() (set char.Set, one bool, err error) {
	if p.at >= len(p.in) {
		return nil, false, errors.New("backslash at the end")
	}
	c := p.rune()
	if i := strings.IndexRune("tnrfvae", c); i >= 0 {
		r := rune("\t\n\r\f\v\a\x1b"[i])
		return char.Set{{First: r, Last: r}}, true, nil
	}
	switch c {
	case 's', 'S':
		set = char.Spaces()
	case 'd', 'D':
		set = char.Digits()
	case 'w', 'W':
		set = char.Words()
	case 'h', 'H':
		set = char.Hex
	case 'p', 'P':
		return p.property(c == 'P')
	case 'x', 'u':
		digits := 2
		if c == 'u' {
			digits = 4
		}
		r, err := p.hexRune(digits)
		return char.Set{{First: r, Last: r}}, true, err
	default:
		if c >= 0x80 || char.ASCII[c]&(char.Letter|char.Number) != 0 {
			return nil, false, errors.Errorf(`\%c is not known here`, c)
		}
		return char.Set{{First: c, Last: c}}, true, nil
	}
	if 'A' <= c && c <= 'Z' {
		set = set.Negated()
	}
	return set, false, nil
}

// property reads {name} after \p or \P.
func (p *regexParser) property(negate bool) (set char.Set, one bool, err error) {
	end := strings.IndexByte(p.in[p.at:], '}')
	if !p.take("{") || end < 0 {
		return nil, false, errors.New(`\p without {…}`)
	}
	name := p.in[p.at : p.at+end-1]
	p.at += end
	if rest, ok := strings.CutPrefix(name, "^"); ok {
		name, negate = rest, !negate
	}
	if set, err = char.Property(name); err != nil {
		return nil, false, err
	}
	if negate {
		set = set.Negated()
	}
	return set, false, nil
}

// escape rewrites an escape outside a class, after its backslash.
func (p *regexParser) escape() error {
	word := char.WordsAlone().String()
	for _, e := range [][2]string{
		{"A", `\A`}, {"z", `\z`}, {"Z", `(?=\n?\z)`}, {"G", `\G`}, {"R", `(?>\r\n|[\n-\r\u0085\u2028\u2029])`},
		{"b", "(?:(?<=" + word + ")(?!" + word + ")|(?<!" + word + ")(?=" + word + "))"},
		{"B", "(?:(?<=" + word + ")(?=" + word + ")|(?<!" + word + ")(?!" + word + "))"},
	} {
		if p.take(e[0]) {
			p.write(e[1])
			return nil
		}
	}
	if p.at < len(p.in) && '1' <= p.in[p.at] && p.in[p.at] <= '9' {
		if p.flags.fold {
			return errors.New("a reference to a group without regard to case is not known here")
		}
		p.write(`(?:\` + string(p.in[p.at]) + ")")
		p.at++
		return nil
	}
	switch {
	case p.take("w"):
		p.write(char.WordsAlone().String())
		return nil
	case p.take("W"):
		p.write(char.WordsAlone().Negated().String())
		return nil
	}
	set, _, err := p.escapedSet()
	if err == nil {
		p.writeSet(set)
	}
	return err
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
		for n := 0; n < digits && p.at < len(p.in) && char.HexValue(p.in[p.at]) < 16; n++ {
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
