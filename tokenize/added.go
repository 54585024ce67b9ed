package tokenize

import (
	"slices"
	"strings"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/pkg/errors"
)

// AddedToken is a token that is found in the text before the text is split, so that no stage changes it. If two begin at
// the same place, the longer one is taken.
type AddedToken struct {
	ID         int32
	Text       string
	Special    bool // controls the model: Policy and SkipSpecial apply to it
	SingleWord bool // matches only if no word character touches it
	LeftStrip  bool // also covers the spaces to its left
	RightStrip bool // also covers the spaces to its right
	Normalized bool // its normalized form is looked for in the normalized text instead of the original text
}

func (c *core) addTokens(tokens []AddedToken) error {
	c.added = make(map[string]AddedToken, len(tokens))
	c.addedByID = make(map[int32]AddedToken, len(tokens))
	c.decoded = map[int32]string{}
	c.size = c.stages.Model.VocabSize()
	c.cuttable = true
	raw, normalized := &matcher{}, &matcher{}
	for _, a := range tokens {
		if err := c.checkAdded(a); err != nil {
			return err
		}
		c.added[a.Text], c.addedByID[a.ID] = a, a
		c.size = max(c.size, int(a.ID)+1)
		c.cuttable = c.cuttable && !a.SingleWord && !a.LeftStrip && !a.RightStrip && !strings.Contains(a.Text, "\n")
		if !a.Normalized {
			raw.add(a, a.Text)
			continue
		}
		text, err := normalize(c.stages.Normalizer, NewText(a.Text))
		if err != nil {
			return errors.WithMessagef(err, "added token %q: normalizer", a.Text)
		}
		c.decoded[a.ID] = text.s
		normalized.add(a, text.s)
	}
	c.raw, c.normalized = raw.finish(), normalized.finish()
	return nil
}

func (c *core) checkAdded(a AddedToken) error {
	limit := c.stages.Model.VocabSize() + 2*len(c.stages.Added) + 1024
	switch {
	case a.Text == "":
		return errors.Errorf("added token %d: no text", a.ID)
	case a.ID < 0 || int(a.ID) >= limit:
		return errors.Errorf("added token %q: id %d is not in [0, %d)", a.Text, a.ID, limit)
	}
	if b, ok := c.added[a.Text]; ok {
		return errors.Errorf("added token %q: given twice, with ids %d and %d", a.Text, b.ID, a.ID)
	}
	if b, ok := c.addedByID[a.ID]; ok {
		return errors.Errorf("added token %q: id %d belongs to %q", a.Text, a.ID, b.Text)
	}
	if id, ok := c.stages.Model.TokenToID(a.Text); ok && id != a.ID {
		return errors.Errorf("added token %q: id %d, but the model gives it %d", a.Text, a.ID, id)
	}
	if token, ok := c.stages.Model.IDToToken(a.ID); ok && token != a.Text {
		return errors.Errorf("added token %q: id %d is %q in the model", a.Text, a.ID, token)
	}
	return nil
}

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

// find returns the first token in text[from:] and its span, including the spaces that it covers. ok is false if there is
// no token. Under AsText special tokens are skipped.
func (m *matcher) find(text string, from int, p Policy) (token *AddedToken, at Span, ok bool) {
	f := finder{m: m, text: text, policy: p, at: from, done: from}
	return f.next()
}

// finder yields the added tokens of a text in order.
type finder struct {
	m      *matcher
	text   string
	policy Policy
	at     int // where the search continues
	done   int // the end of the previous token, including the spaces that it covers
}

// next returns the next token and its span, including the spaces that it covers. ok is false if there is no token. Under
// AsText special tokens are skipped. A token that begins inside the spaces of the previous one is not returned, but it
// still hides the tokens that overlap it.
func (f *finder) next() (token *AddedToken, at Span, ok bool) {
	m, text := f.m, f.text
	if m == nil {
		return nil, at, false
	}
	for f.at < len(text) {
		n := m.start(text[f.at:])
		if n < 0 {
			break
		}
		f.at += n
		t := m.longest(text[f.at:])
		if t < 0 {
			f.at++
			continue
		}
		token = &m.tokens[t]
		at = Span{f.at, f.at + m.lens[t]}
		f.at = at.End
		if at.Start < f.done || f.policy == AsText && token.Special || token.SingleWord && touchesWord(text, at) {
			continue
		}
		if token.LeftStrip {
			at.Start = max(f.done, spaceStart(text, at.Start))
		}
		if token.RightStrip {
			at.End = scan.RunOf(text, at.End, char.Space)
		}
		f.done = at.End
		return token, at, true
	}
	return nil, at, false
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

// touchesWord reports whether a word character touches s.
func touchesWord(text string, s Span) bool {
	if s.End < len(text) {
		if k, _ := char.At(text, s.End); k&char.Word != 0 {
			return true
		}
	}
	if s.Start == 0 {
		return false
	}
	before, _ := runeAround(text, s.Start-1)
	k, _ := char.At(text, before)
	return k&char.Word != 0
}

// spaceStart returns the start of the spaces that end at text[i].
func spaceStart(text string, i int) int {
	for i > 0 {
		start, _ := runeAround(text, i-1)
		if k, _ := char.At(text, start); k&char.Space == 0 {
			break
		}
		i = start
	}
	return i
}
