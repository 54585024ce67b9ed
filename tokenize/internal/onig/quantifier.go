package onig

import "strings"

// quantifiers rewrites those of the part that begins at start in out.
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

// wrap puts the part that begins at start between before and after, in a group of its own when it has a quantifier already.
func (p *regexParser) wrap(start int, group bool, before, after string) {
	part := string(p.out[start:])
	if group {
		part = "(?:" + part + ")"
	}
	p.out = append(append(append(p.out[:start], before...), part...), after...)
}

// quantifier reads one; plain is false for {n,m}, after which + and ? are quantifiers themselves.
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

// isNumberText tells whether s is at most five digits.
func isNumberText(s string) bool {
	return len(s) <= 5 && strings.Trim(s, "0123456789") == ""
}
