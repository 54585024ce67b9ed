package tokenize

import (
	"runtime"
)

// bytesPerToken is a low estimate of the bytes per token, so that the memory allocated for the ids is enough for most
// texts.
const bytesPerToken = 3

// Encode returns the ids of text, including the tokens that the PostProcessor adds unless t is Bare. Truncation and
// Padding apply. A long text is encoded in parallel. It is an error if a piece has no token, or if text contains a
// special token under Forbid.
func (t *Tokenizer) Encode(text string) ([]int32, error) {
	t = t.encoder()
	if t.cutsOrPads() {
		e, err := t.EncodeDetailed(text)
		if err != nil {
			return nil, err
		}
		return e.IDs, nil
	}
	if len(text) >= parallelText && t.fast != nil && t.cuttable && runtime.GOMAXPROCS(0) > 1 {
		return t.frame(nil, text, t.appendParallel)
	}
	return t.AppendEncode(make([]int32, 0, len(text)/bytesPerToken), text)
}

// AppendEncode appends all ids of text to dst. It is Encode in one goroutine and without Truncation and Padding, because
// corpora, pairs and rows are encoded with it. On an error it returns dst unchanged. With byte-level BPE and no
// normalizer it allocates nothing once its memory has grown to the size of the texts.
func (t *Tokenizer) AppendEncode(dst []int32, text string) ([]int32, error) {
	t = t.encoder()
	return t.frame(dst, text, t.appendText)
}

// frame appends the ids of text with the tokens that the PostProcessor adds around them.
func (t *Tokenizer) frame(dst []int32, text string, encode func([]int32, string) ([]int32, error)) ([]int32, error) {
	n := len(dst)
	before, after, ok := frameOf(t.stages.PostProcessor)
	switch {
	case !ok:
		return t.appendDetailed(dst, text)
	case t.Bare:
		before, after = nil, nil
	}
	dst, err := encode(append(dst, before...), text)
	if err != nil {
		return dst[:n], err
	}
	return append(dst, after...), nil
}

func (t *Tokenizer) appendDetailed(dst []int32, text string) ([]int32, error) {
	e, err := t.whole().EncodeDetailed(text)
	if err != nil {
		return dst, err
	}
	return append(dst, e.IDs...), nil
}

// appendText appends the ids of text without the tokens of the PostProcessor.
func (t *Tokenizer) appendText(dst []int32, text string) ([]int32, error) {
	e := encoder{t: t, text: text, idsOnly: true}
	e.out.IDs = dst
	if err := e.encode(); err != nil {
		return dst, t.placed(text, err)
	}
	return e.out.IDs, nil
}

// placed encodes text again with offsets, and returns the error of this encoding, which names the place.
func (t *Tokenizer) placed(text string, err error) error {
	if _, detailed := t.encoding(text); detailed != nil {
		return detailed
	}
	return err
}
