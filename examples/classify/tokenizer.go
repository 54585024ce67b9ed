package main

import (
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// special is the token in front of a text, for tokenizers that are trained here for a model of family classifier.
const special = "<s>"

// encoder encodes texts with a token in front, so that none is empty. Texts of a BERT also have a token at the end.
type encoder struct {
	*tokenize.Tokenizer
	start, pad int32
	end        int32 // -1 if there is none
}

// newEncoder returns an encoder that cuts nothing and reads special tokens in a text as text. With framed, texts have a token at the end.
func newEncoder(t *tokenize.Tokenizer, framed bool) (e encoder, err error) {
	if framed {
		tokens, err := encoders.NewTokens(t)
		return encoder{tokens.Tokenizer, tokens.CLS, tokens.PAD, tokens.SEP}, err
	}
	e.Tokenizer, e.end = t.ForText(), -1
	e.Special = tokenize.AsText
	for _, role := range []func() (int32, bool){e.CLS, e.BOS} {
		if id, ok := role(); ok {
			e.start, e.pad = id, id // short rows are padded with the token in front, which has no influence there
			return e, nil
		}
	}
	return e, errors.New("has no token for the beginning of a text (cls_token or bos_token): its tokenizer_config.json can name one")
}

// AppendEncode appends the ids of the token in front, of the text and of the token at the end. It implements data.Encoder.
func (e encoder) AppendEncode(dst []int32, text string) ([]int32, error) {
	n := len(dst)
	dst, err := e.Tokenizer.AppendEncode(append(dst, e.start), text)
	if err != nil {
		return dst[:n], err
	}
	if e.end >= 0 {
		dst = append(dst, e.end)
	}
	return dst, nil
}

// truncate cuts rows to context tokens, the last of which stays the token at the end, and returns the number of rows that were longer.
func (e encoder) truncate(rows data.Rows, context int) (short data.Rows, cut int) {
	short, cut = rows.Truncate(context)
	for i, row := range rows {
		if e.end >= 0 && len(row.IDs) > context {
			short[i].IDs = slices.Clone(short[i].IDs)
			short[i].IDs[context-1] = e.end
		}
	}
	return short, cut
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
