package tokenize

import "github.com/pkg/errors"

// appendTexts implements AppendDecode for tokens that are concatenated unchanged. It returns the number of ids that it
// has written: 0 under another Decoder. It stops at an id that needs a check.
func (t *Tokenizer) appendTexts(dst []byte, ids []int32) ([]byte, int) {
	if _, ok := t.join.(Fuse); !ok || t.SkipSpecial {
		return dst, 0
	}
	for i, id := range ids {
		if uint32(id) >= uint32(len(t.texts)) || t.texts[id] == "" {
			return dst, i
		}
		dst = append(dst, t.texts[id]...)
	}
	return dst, len(ids)
}

// appendChain implements AppendDecode with a chain.
func (t *Tokenizer) appendChain(dst []byte, ids []int32) ([]byte, error) {
	n := len(dst)
	s := t.chain.begin()
	plain := t.chain.texts // the text of a token that is not affected by the state
	if t.chain.join != nil {
		plain = t.chain.after
	}
	for i, id := range ids {
		if err := t.checkID(id); err != nil {
			return dst[:n], errors.WithMessagef(err, "tokenize: decode: position %d", i)
		}
		switch {
		case t.SkipSpecial && t.IsSpecial(id):
		case s.begun && s.left == 0 && len(s.run) == 0 && s.bytes[id] < 0:
			dst = append(dst, plain[id]...)
		default:
			dst = s.append(dst, id)
		}
	}
	return s.flush(dst), nil
}
