package tokenize

import (
	"slices"
	"strings"
)

// matcher finds added tokens in a text. It is a trie over bytes, walked from every place where a token may begin.
type matcher struct {
	nodes  []trieNode
	starts string // the first bytes of all tokens
	tokens []AddedToken
	lens   []int // the length of each token in the text
}

type trieNode struct {
	keys  []byte
	kids  []int32
	token int32 // index into tokens; -1: no token ends here
}

// add adds a. Its occurrences in a text are spelled text.
func (m *matcher) add(a AddedToken, text string) {
	if text == "" {
		return
	}
	if len(m.nodes) == 0 {
		m.nodes = append(m.nodes, trieNode{token: -1})
	}
	at := int32(0)
	for i := range len(text) {
		kid, ok := m.step(at, text[i])
		if !ok {
			kid = int32(len(m.nodes))
			m.nodes = append(m.nodes, trieNode{token: -1})
			n := &m.nodes[at]
			n.keys, n.kids = append(n.keys, text[i]), append(n.kids, kid)
		}
		at = kid
	}
	if m.nodes[at].token < 0 {
		m.nodes[at].token = int32(len(m.tokens))
		m.tokens, m.lens = append(m.tokens, a), append(m.lens, len(text))
	}
}

// finish returns m ready for use, or nil if it has no tokens.
func (m *matcher) finish() *matcher {
	if len(m.tokens) == 0 {
		return nil
	}
	m.starts = string(m.nodes[0].keys)
	return m
}

func (m *matcher) step(node int32, b byte) (kid int32, ok bool) {
	n := &m.nodes[node]
	i := slices.Index(n.keys, b)
	if i < 0 {
		return 0, false
	}
	return n.kids[i], true
}

// longest returns the longest token at the start of text, or -1.
func (m *matcher) longest(text string) int32 {
	token, at, ok := int32(-1), int32(0), true
	for i := 0; i < len(text); i++ {
		if at, ok = m.step(at, text[i]); !ok {
			break
		}
		if t := m.nodes[at].token; t >= 0 {
			token = t
		}
	}
	return token
}

// start returns the first place in text where a token may begin, or -1.
func (m *matcher) start(text string) int {
	if len(m.starts) == 1 {
		return strings.IndexByte(text, m.starts[0])
	}
	for i := range len(text) {
		if strings.IndexByte(m.starts, text[i]) >= 0 {
			return i
		}
	}
	return -1
}
