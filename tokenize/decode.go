package tokenize

import (
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// setJoin prepares the fast form of the Decoder: for bytes, a table of what each token spells.
func (c *core) setJoin() {
	bpe, isBPE := c.stages.Model.(*BPE)
	isBPE = isBPE && !bpe.config.Characters
	switch d := c.stages.Decoder.(type) {
	case nil:
		c.join = spaced{}
		if isBPE {
			c.join = Fuse{}
		}
	case ByteLevel:
		c.join = d
		if isBPE {
			c.join = Fuse{}
		}
	case joiner:
		c.join = d
		isBPE = false
	default:
		isBPE = false
	}
	c.texts = make([]string, c.size)
	for id := range c.texts {
		if _, added := c.addedByID[int32(id)]; isBPE && !added && id < len(bpe.raw) {
			c.texts[id] = bpe.raw[id]
			continue
		}
		c.texts[id], _ = c.IDToToken(int32(id))
	}
	c.chain = newChain(c.stages.Decoder, c.texts)
}

// Decode returns the text of ids. An id that has no token is an error that names it and its position. With byte-level BPE
// the text is the very bytes that were encoded, which for a part of the ids may end or begin within a character (see
// Stream).
func (t *Tokenizer) Decode(ids []int32) (string, error) {
	text, err := t.AppendDecode(nil, ids)
	return string(text), err
}

// AppendDecode appends the text of ids to dst, as Decode does. On an error it returns dst as it was.
func (t *Tokenizer) AppendDecode(dst []byte, ids []int32) ([]byte, error) {
	if t.chain != nil {
		return t.appendChain(dst, ids)
	}
	n := len(dst)
	dst, done := t.appendTexts(dst, ids)
	var tokens []string
	before, first := "", true
	state := t.beginText()
	for i := done; i < len(ids); i++ {
		id := ids[i]
		if err := t.checkID(id); err != nil {
			return dst[:n], errors.WithMessagef(err, "tokenize: decode: position %d", i)
		}
		switch {
		case t.SkipSpecial && t.IsSpecial(id):
		case state != nil:
			dst = state.append(dst, id)
		case t.join == nil:
			tokens = append(tokens, t.texts[id])
		default:
			dst = t.join.join(dst, before, t.texts[id], first)
			before, first = t.texts[id], false
		}
	}
	if state != nil {
		return state.flush(dst), nil
	}
	if t.join == nil {
		dst = append(dst, strings.Join(t.stages.Decoder.Decode(tokens), "")...)
	}
	return dst, nil
}

func (c *core) checkID(id int32) error {
	if id < 0 || int(id) >= c.size {
		return errors.Errorf("id %d is not in [0, %d)", id, c.size)
	}
	if c.texts[id] == "" {
		if _, ok := c.IDToToken(id); !ok {
			return errors.Errorf("id %d has no token", id)
		}
	}
	return nil
}

// Stream decodes ids one by one, for text that is shown while it is generated. It never shows half a character: bytes
// that may begin one are held back until the rest is there. What it returns, put together, is what Decode returns.
type Stream struct {
	t      *Tokenizer
	held   []byte  // text not shown yet
	before string  // the last token
	begun  bool    // a token has been written
	ids    []int32 // without a fast form of the Decoder: the tokens the next text depends on
	shown  int     // how many of ids have been shown
	state  idState // with a Decoder that takes one id after the other
}

// Stream returns a new Stream. It serves one text and one goroutine.
func (t *Tokenizer) Stream() *Stream { return &Stream{t: t, state: t.beginText()} }

// Write takes the next id and returns the text that it makes complete, often all of its own, sometimes "".
func (s *Stream) Write(id int32) (string, error) {
	if err := s.t.checkID(id); err != nil {
		return "", errors.WithMessage(err, "tokenize: stream")
	}
	if s.t.SkipSpecial && s.t.IsSpecial(id) {
		return "", nil
	}
	if s.state != nil {
		return string(s.state.append(nil, id)), nil
	}
	if s.t.join == nil {
		return s.writeAny(id)
	}
	text := s.t.texts[id]
	s.held = s.t.join.join(s.held, s.before, text, !s.begun)
	s.before, s.begun = text, true
	n := wholeLen(s.held)
	out := string(s.held[:n])
	s.held = append(s.held[:0], s.held[n:]...)
	return out, nil
}

// Flush returns what is held back, at the end of the text: bytes that never became a character.
func (s *Stream) Flush() (string, error) {
	if s.state != nil {
		return string(s.state.flush(nil)), nil
	}
	out := string(s.held)
	s.held = s.held[:0]
	if s.shown < len(s.ids) {
		var err error
		if out, _, err = s.rest(); err != nil {
			return "", err
		}
		s.shown = len(s.ids)
	}
	return out, nil
}

// writeAny is Write for any Decoder. It decodes the tokens shown last together with the new ones, and shows what the new
// ones add.
func (s *Stream) writeAny(id int32) (string, error) {
	s.ids = append(s.ids, id)
	out, ok, err := s.rest()
	if err != nil || !ok || wholeLen([]byte(out)) < len(out) || strings.HasSuffix(out, string(utf8.RuneError)) {
		return "", err
	}
	s.ids = append(s.ids[:0], s.ids[s.shown:]...)
	s.shown = len(s.ids)
	return out, nil
}

// rest decodes ids, and leaves out what those shown make by themselves; ok is false when that is not how the text begins.
func (s *Stream) rest() (text string, ok bool, err error) {
	old, err := s.t.Decode(s.ids[:s.shown])
	if err != nil {
		return "", false, err
	}
	all, err := s.t.Decode(s.ids)
	if err != nil {
		return "", false, err
	}
	if text, ok = strings.CutPrefix(all, old); ok {
		return text, true, nil
	}
	for i, r := range all {
		if !strings.HasPrefix(old, all[:i]+string(r)) {
			return all[i:], false, nil
		}
	}
	return "", false, nil
}

// wholeLen returns the length of b without bytes at its end that may be the beginning of a character.
func wholeLen(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-n:]) {
				return len(b) - n
			}
			break
		}
	}
	return len(b)
}
