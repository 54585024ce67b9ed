package tokenize

import (
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// chain decodes one id at a time. It covers the Decoders of published models: first Decoders that depend on a single
// token, then ByteFallback, then either Fuse with a StripDecoder for the start of the text, or Metaspace or a
// WordPieceDecoder. Each part may be missing.
type chain struct {
	texts []string // by id: the token after the Decoders that depend on a single token
	after []string // by id: the text that join returns for the token after another token
	bytes []int16  // by id: the byte that the token names; -1: none
	strip StripDecoder
	join  joiner // the last Decoder if it treats only the first token differently; nil: tokens are concatenated
}

// tokenwise is a Decoder whose result for a token depends only on this token.
type tokenwise interface {
	decodeOne(token string) (string, error)
}

func (r Replace) decodeOne(token string) (string, error) { return r.replaceToken(token) }

// newChain returns the chain of a Decoder for the given tokens, or nil.
func newChain(d Decoder, tokens []string) (*chain, error) {
	list, ok := d.(Decoders)
	if !ok {
		list = Decoders{d}
	}
	var alone []tokenwise
	for len(list) > 0 {
		one, ok := list[0].(tokenwise)
		if !ok {
			break
		}
		alone, list = append(alone, one), list[1:]
	}
	c := &chain{}
	fallback := len(list) > 0 && list[0] == ByteFallback{}
	if fallback {
		list = list[1:]
	}
	if !c.end(list) {
		return nil, nil
	}
	return c, c.fill(tokens, alone, fallback)
}

// end reads the Decoders after ByteFallback. It returns false if a chain cannot express them.
func (c *chain) end(list Decoders) bool {
	switch {
	case len(list) == 0, len(list) == 1 && list[0] == Decoder(Fuse{}):
		return true
	case len(list) == 1:
		switch d := list[0].(type) {
		case Metaspace:
			c.join = d
		case WordPieceDecoder:
			c.join = d
		}
		return c.join != nil
	case len(list) == 2 && list[0] == Fuse{}:
		c.strip, _ = list[1].(StripDecoder)
		return c.strip.Start > 0 && c.strip.Stop == 0 && c.strip.Content != ""
	}
	return false
}

func (c *chain) fill(tokens []string, alone []tokenwise, fallback bool) (err error) {
	c.texts, c.bytes, c.after = make([]string, len(tokens)), make([]int16, len(tokens)), make([]string, len(tokens))
	for id, token := range tokens {
		for _, d := range alone {
			if token, err = d.decodeOne(token); err != nil {
				return errors.WithMessagef(err, "token %d", id)
			}
		}
		c.texts[id], c.bytes[id] = token, -1
		if b, ok := readByteToken(token); ok && fallback {
			c.bytes[id] = int16(b)
		}
		if c.join != nil {
			c.after[id] = string(c.join.join(nil, "", token, false))
		}
	}
	return nil
}

// begin returns the state before the first token.
func (c *chain) begin() *chainState { return &chainState{chain: c, left: c.strip.Start} }

// chainState is the state of one text that is being decoded.
type chainState struct {
	*chain
	run   []byte // pending tokens that name bytes; only the end of the run shows if it is UTF-8
	left  int    // the number of characters that may still be stripped
	begun bool
}

func (s *chainState) append(dst []byte, id int32) []byte {
	switch b := s.bytes[id]; {
	case b >= 0:
		s.run = append(s.run, byte(b))
		return dst
	case len(s.run) > 0:
		dst = s.flush(dst)
	}
	switch {
	case !s.begun, s.left > 0:
		return s.text(dst, s.texts[id])
	case s.join != nil:
		return append(dst, s.after[id]...)
	}
	return append(dst, s.texts[id]...)
}

// text appends the result of the last Decoder for a token.
func (s *chainState) text(dst []byte, text string) []byte {
	first := !s.begun
	s.begun = true
	if s.join != nil {
		return s.join.join(dst, "", text, first)
	}
	for ; s.left > 0 && text != ""; s.left-- {
		if !strings.HasPrefix(text, s.strip.Content) {
			s.left = 0
			break
		}
		text = text[len(s.strip.Content):]
	}
	return append(dst, text...)
}

func (s *chainState) flush(dst []byte) []byte {
	switch {
	case len(s.run) == 0:
	case utf8.Valid(s.run) && s.begun && s.left == 0 && s.join == nil:
		dst = append(dst, s.run...)
	case utf8.Valid(s.run):
		dst = s.text(dst, string(s.run))
	default:
		for range s.run {
			dst = s.text(dst, string(utf8.RuneError))
		}
	}
	s.run = s.run[:0]
	return dst
}
