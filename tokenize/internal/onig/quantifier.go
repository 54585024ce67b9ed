package onig

import "strings"

// quantifiers rewrites the quantifiers of the part that begins at out[start].
func (p *regexParser) quantifiers(start int) {
	for n := 0; p.at < len(p.in); n++ {
		q, plain := p.quantifier()
		if q == "" {
			return
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
}

// wrap puts the part that begins at out[start] between before and after. If group is set, it first puts the part into a
// group.
func (p *regexParser) wrap(start int, group bool, before, after string) {
	part := string(p.out[start:])
	if group {
		part = "(?:" + part + ")"
	}
	p.out = append(append(append(p.out[:start], before...), part...), after...)
}

// quantifier reads a quantifier. plain is false for {n,m}: a + or ? after it is another quantifier.
func (p *regexParser) quantifier() (q string, plain bool) {
	switch c := p.in[p.at]; c {
	case '*', '+', '?':
		p.at++
		return string(c), true
	case '{':
	default:
		return "", false
	}
	end := strings.IndexByte(p.in[p.at:], '}')
	if end < 0 {
		return "", false
	}
	low, high, ranged := strings.Cut(p.in[p.at+1:p.at+end], ",")
	if !isNumberText(low) || !isNumberText(high) || low == "" && high == "" {
		return "", false
	}
	p.at += end + 1
	if low == "" {
		low = "0"
	}
	if !ranged {
		return "{" + low + "}", false
	}
	if p.peek("?") {
		p.at++
		return "{" + low + "," + high + "}?", false
	}
	return "{" + low + "," + high + "}", false
}

// isNumberText reports whether s consists of at most five digits.
func isNumberText(s string) bool {
	return len(s) <= 5 && strings.Trim(s, "0123456789") == ""
}
