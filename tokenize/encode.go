package tokenize

import (
	"runtime"
	"slices"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/pkg/errors"
)

// parallelText is the length, in bytes, from which Encode splits one text among several goroutines.
const parallelText = 1 << 19

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
	if t.fast == nil {
		return t.appendStages(dst, text)
	}
	var err error
	f := finder{m: t.raw, text: text, policy: t.Special}
	for at := 0; at < len(text); {
		token, s, ok := f.next()
		if !ok {
			s = Span{len(text), len(text)}
		}
		if dst, err = t.appendPlain(dst, text[at:s.Start], at == 0); err != nil {
			return dst, t.placed(text, err)
		}
		if ok {
			if t.forbidden(token) {
				return dst, t.placed(text, errForbidden)
			}
			dst = append(dst, token.ID)
		}
		at = s.End
	}
	return dst, nil
}

// appendStages implements appendText if the Splitter has no fast form.
func (t *Tokenizer) appendStages(dst []int32, text string) ([]int32, error) {
	e := encoder{t: t, text: text, out: &Encoding{}, loose: !t.needsPlace}
	if e.loose {
		e.out.IDs = dst
	}
	if err := e.encode(); err != nil {
		return dst, t.placed(text, err)
	}
	if e.loose {
		return e.out.IDs, nil
	}
	return append(dst, e.out.IDs...), nil
}

// errForbidden is replaced by an error that names the special token and its place (see placed).
var errForbidden = errors.New("tokenize: encode: special token in the text: forbidden")

func (t *Tokenizer) forbidden(a *AddedToken) bool { return a.Special && t.Special == Forbid }

// appendPlain appends the ids of text without added tokens of the first kind. first reports whether text starts the
// original text.
func (t *Tokenizer) appendPlain(dst []int32, text string, first bool) ([]int32, error) {
	text, err := t.rewritten(text)
	if err != nil {
		return dst, errors.WithMessage(err, "tokenize: encode: normalizer")
	}
	f := finder{m: t.normalized, text: text, policy: t.Special}
	for at := 0; at < len(text); {
		token, s, ok := f.next()
		if !ok {
			s = Span{len(text), len(text)}
		}
		plain := text[at:s.Start]
		if t.respell != nil {
			plain = t.respell(plain, first && at == 0)
		}
		if dst, err = t.fast.appendText(dst, plain, scan.Begun(t.scan)); err != nil {
			return dst, err
		}
		if ok {
			if t.forbidden(token) {
				return dst, errForbidden
			}
			dst = append(dst, token.ID)
		}
		at = s.End
	}
	return dst, nil
}

// placed encodes text again with offsets, and returns the error of this encoding, which names the place.
func (t *Tokenizer) placed(text string, err error) error {
	if _, detailed := t.encoding(text); detailed != nil {
		return detailed
	}
	return err
}

// appendParallel implements appendText for a text that is split among several goroutines.
func (t *Tokenizer) appendParallel(dst []int32, text string) ([]int32, error) {
	parts := t.parts(text)
	ids := make([][]int32, len(parts))
	err := inParallel(len(parts), func(i int) (err error) {
		ids[i], err = t.appendText(make([]int32, 0, len(parts[i])/bytesPerToken), parts[i])
		return err
	})
	if err != nil {
		return dst, t.placed(text, err)
	}
	return append(dst, slices.Concat(ids...)...), nil
}

// parts cuts text into parts of about parallelText/4 bytes, at places where a cut changes no piece.
func (t *Tokenizer) parts(text string) []string {
	var parts []string
	for len(text) > 0 {
		n := len(text)
		if n > parallelText/4 {
			n = t.scan.Cut(text, parallelText/4)
		}
		parts = append(parts, text[:n])
		text = text[n:]
	}
	return parts
}
