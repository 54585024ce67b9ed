package tokenize

import (
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/pkg/errors"
)

// encoder runs one text through all stages but the PostProcessor. All methods of a Tokenizer that encode use it.
type encoder struct {
	t       *Tokenizer
	text    string
	out     Encoding
	idsOnly bool // out gets IDs only
	limit   int  // stop after this many tokens; 0: no limit
	words   int32
	pieces  []Text
	tokens  []Token
}

func (e *encoder) full() bool { return e.limit > 0 && len(e.out.IDs) >= e.limit }

// encode encodes the text. It splits the text at the added tokens that are not Normalized.
func (e *encoder) encode() error {
	idsOnly := e.idsOnly && (e.t.fast != nil || !e.t.needsPlace)
	for at, token := range e.t.raw.parts(e.text, e.t.Special) {
		if e.full() {
			break
		}
		var err error
		if s := e.text[at.Start:at.End]; token != nil {
			err = e.addToken(token, s, at)
		} else {
			err = e.normalize(Text{s: s, at: at.Start, idsOnly: idsOnly})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// normalize encodes a part of the text. It normalizes the part and splits it at the Normalized added tokens.
func (e *encoder) normalize(x Text) (err error) {
	from := x.at
	if x.idsOnly {
		x.s, err = e.t.rewritten(x.s)
	} else {
		x, err = normalize(e.t.stages.Normalizer, x)
	}
	if err != nil {
		return errors.WithMessagef(err, "tokenize: encode: normalizer: text at byte %d", from)
	}
	for at, token := range e.t.normalized.parts(x.s, e.t.Special) {
		if e.full() {
			break
		}
		if token != nil {
			err = e.addToken(token, x.s[at.Start:at.End], x.Span(at.Start, at.End))
		} else {
			err = e.split(x.Slice(at.Start, at.End))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// split encodes a normalized text without added tokens.
func (e *encoder) split(x Text) (err error) {
	if e.idsOnly && e.t.fast != nil {
		if e.t.respell != nil {
			x.s = e.t.respell(x.s, x.at == 0)
		}
		e.out.IDs, err = e.t.fast.appendText(e.out.IDs, x.s, scan.Begun(e.t.scan))
		return err
	}
	e.pieces = append(e.pieces[:0], x)
	if s := e.t.stages.Splitter; s != nil {
		if e.pieces, err = split(s, e.pieces[:0], x); err != nil {
			return errors.WithMessagef(err, "tokenize: encode: splitter: text at byte %d", x.Span(0, 0).Start)
		}
	}
	for _, p := range e.pieces {
		if p.s == "" {
			continue
		}
		if e.full() {
			return nil
		}
		if err := e.tokenize(p); err != nil {
			return err
		}
	}
	return nil
}

// tokenize encodes one piece.
func (e *encoder) tokenize(p Text) (err error) {
	if e.t.spelled {
		p = spell(p)
	}
	if e.tokens, err = e.t.stages.Model.Tokenize(e.tokens[:0], p.s); err != nil {
		return errors.WithMessagef(err, "tokenize: encode: byte %d", p.Span(0, 0).Start)
	}
	for _, token := range e.tokens {
		if e.idsOnly {
			e.out.IDs = append(e.out.IDs, token.ID)
			continue
		}
		e.add(token.ID, nameOf(e.t.stages.Model, token, p.s), p.Span(token.Start, token.End))
	}
	e.words++
	return nil
}

// addToken appends an added token. text is its spelling in the text, at its place.
func (e *encoder) addToken(a *AddedToken, text string, at Span) error {
	if a.Special && e.t.Special == Forbid {
		return errors.Errorf("tokenize: encode: byte %d: special token %q in the text: forbidden", at.Start, a.Text)
	}
	if e.idsOnly {
		e.out.IDs = append(e.out.IDs, a.ID)
		return nil
	}
	e.add(a.ID, text, at)
	e.words++
	return nil
}

func (e *encoder) add(id int32, token string, at Span) {
	e.out.append(id, token, 0)
	last := len(e.out.IDs) - 1
	e.out.Offsets[last] = wholeRunes(e.text, at)
	e.out.Words[last] = e.words
	e.out.Texts[last] = 0
}
