package tokenize

import "github.com/pkg/errors"

// EncodeAll encodes texts in parallel. It returns the error of the first text that fails, with its index. With Padding
// all results have the same length.
func (t *Tokenizer) EncodeAll(texts []string) ([][]int32, error) {
	out := make([][]int32, len(texts))
	if t.cutsOrPads() {
		all, err := t.EncodeAllDetailed(texts)
		for i, e := range all {
			out[i] = e.IDs
		}
		return out[:len(all)], err
	}
	err := inParallel(len(texts), func(i int) (err error) {
		out[i], err = t.AppendEncode(make([]int32, 0, len(texts[i])/bytesPerToken), texts[i])
		return errors.WithMessagef(err, "tokenize: encode all: text %d", i)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// EncodeAllDetailed encodes texts in parallel, like EncodeDetailed. With Padding all results have the same length.
func (t *Tokenizer) EncodeAllDetailed(texts []string) ([]*Encoding, error) {
	return t.encodeAll(len(texts), func(t *Tokenizer, i int) (*Encoding, error) { return t.EncodeDetailed(texts[i]) })
}

// EncodeAllPairs encodes pairs of texts in parallel, like EncodePair. With Padding all results have the same length.
func (t *Tokenizer) EncodeAllPairs(pairs [][2]string) ([]*Encoding, error) {
	return t.encodeAll(len(pairs), func(t *Tokenizer, i int) (*Encoding, error) { return t.EncodePair(pairs[i][0], pairs[i][1]) })
}

func (t *Tokenizer) encodeAll(n int, encode func(*Tokenizer, int) (*Encoding, error)) ([]*Encoding, error) {
	unpadded := *t
	unpadded.Padding = nil
	out := make([]*Encoding, n)
	err := inParallel(n, func(i int) (err error) {
		out[i], err = encode(&unpadded, i)
		return errors.WithMessagef(err, "tokenize: encode all: text %d", i)
	})
	if err != nil {
		return nil, err
	}
	if t.Padding != nil {
		t.Padding.pad(out)
	}
	return out, nil
}

// DecodeAll decodes several lists of ids in parallel. It returns the error of the first list that fails, with its index.
func (t *Tokenizer) DecodeAll(lists [][]int32) ([]string, error) {
	out := make([]string, len(lists))
	err := inParallel(len(lists), func(i int) (err error) {
		out[i], err = t.Decode(lists[i])
		return errors.WithMessagef(err, "tokenize: decode all: list %d", i)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
