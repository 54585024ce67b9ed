package tokenize

import (
	"iter"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
)

// parts splits a text at its added tokens. It yields the range of each added token with the token, and the range of each
// non-empty part between added tokens with nil. Under AsText special tokens are skipped. A nil matcher has no tokens.
func (m *matcher) parts(text string, p Policy) iter.Seq2[Span, *AddedToken] {
	return func(yield func(Span, *AddedToken) bool) {
		if m == nil {
			if text != "" {
				yield(Span{0, len(text)}, nil)
			}
			return
		}
		f := finder{m: m, text: text, policy: p}
		for at := 0; at < len(text); {
			token, s, ok := f.next()
			if !ok {
				s = Span{len(text), len(text)}
			}
			if at < s.Start && !yield(Span{at, s.Start}, nil) || ok && !yield(s, token) {
				return
			}
			at = s.End
		}
	}
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
