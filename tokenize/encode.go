package tokenize

import (
	"runtime"
	"slices"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/pkg/errors"
)

// parallelText is the length, in bytes, from which Encode cuts one text for several goroutines.
const parallelText = 1 << 19

// bytesPerToken is a guess at the room that ids will take, low enough to hold for most text.
const bytesPerToken = 3

// Encode returns the ids of text, with those that the PostProcessor adds unless t is Bare, cut and padded by Truncation and
// Padding. A long text is encoded in parallel. It is an error when a piece has no token, or a special token stands in
// the text under Forbid.
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

// AppendEncode appends the ids of text to dst, all of them: Truncation and Padding do not count, since corpora, pairs and rows are
// encoded with it. Otherwise it is Encode in one goroutine. On an error it returns dst as it was. With
// byte-level BPE and no normalizer it allocates nothing once its memory has grown to the texts it is given.
func (t *Tokenizer) AppendEncode(dst []int32, text string) ([]int32, error) {
	t = t.encoder()
	return t.frame(dst, text, t.appendText)
}

// frame appends what the PostProcessor adds around the ids of text.
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

// appendText appends the ids of text without those of the PostProcessor.
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

// appendStages is appendText without a fast form of the Splitter.
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

// errForbidden stands for the error that names the special token and its place.
var errForbidden = errors.New("tokenize: encode: special token in the text: forbidden")

func (t *Tokenizer) forbidden(a *AddedToken) bool { return a.Special && t.Special == Forbid }

// appendPlain appends the ids of text between added tokens of the first kind. first reports whether text is at the start
// of the original text.
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

// placed returns the error that the path with offsets has for text: it names the place.
func (t *Tokenizer) placed(text string, err error) error {
	if _, detailed := t.encoding(text); detailed != nil {
		return detailed
	}
	return err
}

// appendParallel is appendText with the text cut into stretches for several goroutines.
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

// parts cuts text into stretches of about parallelText/4 bytes at places where no piece changes.
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
