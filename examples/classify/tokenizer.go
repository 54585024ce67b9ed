package main

import (
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// special is the token in front of a text, for tokenizers that are trained here.
const special = "<s>"

// encoder encodes texts with a token in front, so that none is empty.
type encoder struct {
	*tokenize.Tokenizer
	start int32
}

// newEncoder returns an encoder that cuts nothing and reads special tokens in a text as text.
func newEncoder(t *tokenize.Tokenizer) (e encoder, err error) {
	e.Tokenizer = t.ForText()
	e.Special = tokenize.AsText
	for _, role := range []func() (int32, bool){e.CLS, e.BOS} {
		if id, ok := role(); ok {
			e.start = id
			return e, nil
		}
	}
	return e, errors.New("has no token for the beginning of a text (cls_token or bos_token): its tokenizer_config.json can name one")
}

// AppendEncode appends the ids of the token in front and of the text. It implements data.Encoder.
func (e encoder) AppendEncode(dst []int32, text string) ([]int32, error) {
	return e.Tokenizer.AppendEncode(append(dst, e.start), text)
}

// longest returns the length that 99 % of the rows do not exceed.
func longest(rows data.Rows) int {
	lengths := make([]int, len(rows))
	for i, r := range rows {
		lengths[i] = len(r.IDs)
	}
	slices.Sort(lengths)
	return lengths[int(math.Ceil(0.99*float64(len(lengths))))-1]
}
