package tokenize

import (
	"strings"

	"github.com/pkg/errors"
)

// setJoin prepares the fast form of the Decoder. For bytes it is a table of the bytes of each token.
func (c *core) setJoin() (err error) {
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
		var ok bool
		if c.texts[id], ok = c.decoded[int32(id)]; !ok {
			c.texts[id], _ = c.IDToToken(int32(id))
		}
	}
	c.chain, err = newChain(c.stages.Decoder, c.texts)
	return err
}

// Decode returns the text of ids. An id without a token is an error that names the id and its position. Byte-level BPE
// returns exactly the bytes that were encoded; a part of the ids may begin or end within a character (see Stream).
func (t *Tokenizer) Decode(ids []int32) (string, error) {
	text, err := t.AppendDecode(nil, ids)
	return string(text), err
}

// AppendDecode appends the text of ids to dst, like Decode. On an error it returns dst unchanged.
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
		texts, err := decode(t.stages.Decoder, tokens)
		if err != nil {
			return dst[:n], errors.WithMessage(err, "tokenize: decode")
		}
		dst = append(dst, strings.Join(texts, "")...)
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
