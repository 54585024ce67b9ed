package onig

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
)

// regexNode is a part of a regular expression.
type regexNode struct {
	kind     regexKind
	set      char.Set // of a nodeSet
	kids     []*regexNode
	min, max int // of a nodeRepeat; max -1: no bound
	lazy     bool
	negative bool // of a nodeAhead or nodeBehind
}

type regexKind int

const (
	nodeSequence regexKind = iota // the zero value matches the empty text
	nodeSet
	nodeChoice
	nodeRepeat
	nodeAtomic
	nodeAhead
	nodeBehind
	nodeStart // of the text
	nodeEnd
)

// regexReader parses the result of translateRegex, which has few constructs. An unknown construct sets ok to false.
type regexReader struct {
	in string
	at int
	ok bool
}

// parseNodes parses a pattern of translateRegex. ok is false if the pattern has an unknown construct.
func parseNodes(translated string) (node *regexNode, ok bool) {
	r := &regexReader{in: translated, ok: true}
	node = r.choice()
	return node, r.ok && r.at == len(r.in)
}

func (r *regexReader) take(s string) bool {
	if !strings.HasPrefix(r.in[r.at:], s) {
		return false
	}
	r.at += len(s)
	return true
}

// choice reads alternatives, to a ) or to the end.
func (r *regexReader) choice() *regexNode {
	n := &regexNode{kind: nodeChoice}
	for {
		n.kids = append(n.kids, r.sequence())
		if !r.ok || !r.take("|") {
			break
		}
	}
	if len(n.kids) == 1 {
		return n.kids[0]
	}
	return n
}

func (r *regexReader) sequence() *regexNode {
	n := &regexNode{}
	for r.ok && r.at < len(r.in) && r.in[r.at] != '|' && r.in[r.at] != ')' {
		n.kids = append(n.kids, r.repeats(r.atom()))
	}
	if len(n.kids) == 1 {
		return n.kids[0]
	}
	return n
}

func (r *regexReader) atom() *regexNode {
	switch {
	case r.take("["):
		return &regexNode{kind: nodeSet, set: r.class()}
	case r.take("("):
		return r.group()
	case r.take(`\A`):
		return &regexNode{kind: nodeStart}
	case r.take(`\z`):
		return &regexNode{kind: nodeEnd}
	}
	c := r.char()
	return &regexNode{kind: nodeSet, set: char.Set{{First: c, Last: c}}}
}

// group reads a group after its parenthesis. A numbered group needs no number, because references are unknown constructs.
func (r *regexReader) group() *regexNode {
	n := &regexNode{}
	switch {
	case !r.take("?"), r.take(":"):
	case r.take(">"):
		n.kind = nodeAtomic
	case r.take("="):
		n.kind = nodeAhead
	case r.take("!"):
		n.kind, n.negative = nodeAhead, true
	case r.take("<="):
		n.kind = nodeBehind
	case r.take("<!"):
		n.kind, n.negative = nodeBehind, true
	default:
		r.ok = false
	}
	n.kids = []*regexNode{r.choice()}
	r.ok = r.ok && r.take(")")
	return n
}

// repeats reads the quantifiers of n.
func (r *regexReader) repeats(n *regexNode) *regexNode {
	for r.ok {
		low, high := 0, -1
		switch {
		case r.take("*"):
		case r.take("+"):
			low = 1
		case r.take("?"):
			high = 1
		case r.take("{"):
			low, high = r.counts()
		default:
			return n
		}
		if high >= 0 && low > high {
			r.ok = false
		}
		n = &regexNode{kind: nodeRepeat, kids: []*regexNode{n}, min: low, max: high, lazy: r.take("?")}
	}
	return n
}

// counts reads n}, n,} or n,m}.
func (r *regexReader) counts() (low, high int) {
	text, _, found := strings.Cut(r.in[r.at:], "}")
	if !found {
		r.ok = false
		return 0, 0
	}
	r.at += len(text) + 1
	first, second, ranged := strings.Cut(text, ",")
	low, err := strconv.Atoi(first)
	switch {
	case err != nil:
		r.ok = false
	case !ranged:
		return low, low
	case second == "":
		return low, -1
	}
	high, err = strconv.Atoi(second)
	r.ok = r.ok && err == nil
	return low, high
}

// class reads a class after its [.
func (r *regexReader) class() char.Set {
	negate := r.take("^")
	if r.take(`\s\S]`) {
		return char.Set{{First: 0, Last: utf8.MaxRune}}
	}
	var set char.Set
	for r.ok && !r.take("]") {
		c := r.char()
		last := c
		if r.take("-") {
			last = r.char()
		}
		set = append(set, char.Range{First: c, Last: last})
	}
	if negate {
		return set.Negated()
	}
	return set.Normal()
}

// char reads one character.
func (r *regexReader) char() rune {
	if r.at >= len(r.in) {
		r.ok = false
		return 0
	}
	c, w := utf8.DecodeRuneInString(r.in[r.at:])
	r.at += w
	switch {
	case c != '\\' && strings.ContainsRune("^$.*+?{[", c):
		r.ok = false // an unknown construct
	case c != '\\':
		return c
	case r.take("n"):
		return '\n'
	case r.take("r"):
		return '\r'
	case r.take("x"):
		return r.hex(2)
	case r.take("u"):
		return r.hex(4)
	default:
		r.ok = false
	}
	return 0
}

func (r *regexReader) hex(digits int) rune {
	end := r.at + digits
	if end > len(r.in) {
		r.ok = false
		return 0
	}
	n, err := strconv.ParseUint(r.in[r.at:end], 16, 32)
	r.at, r.ok = end, r.ok && err == nil
	return rune(n)
}
