package tokenize

import (
	"unicode/utf8"

	"github.com/pkg/errors"
)

// encoding encodes text without the PostProcessor.
func (t *Tokenizer) encoding(text string) (*Encoding, error) {
	e := encoder{t: t, text: text, out: &Encoding{runes: t.RuneOffsets}}
	if err := e.encode(); err != nil {
		return nil, err
	}
	if t.RuneOffsets {
		e.countRunes()
	}
	return e.out, nil
}

// encoder runs one text through the stages, with offsets.
type encoder struct {
	t      *Tokenizer
	text   string
	out    *Encoding
	loose  bool // only ids are needed
	limit  int  // stop after this many tokens; 0: no limit
	words  int32
	pieces []Text
	tokens []Token
}

func (e *encoder) full() bool { return e.limit > 0 && len(e.out.IDs) >= e.limit }

func (e *encoder) encode() error {
	f := finder{m: e.t.raw, text: e.text, policy: e.t.Special}
	for at := 0; at < len(e.text) && !e.full(); {
		token, s, ok := f.next()
		if !ok {
			s = Span{len(e.text), len(e.text)}
		}
		if err := e.plain(Text{s: e.text[at:s.Start], at: at, loose: e.loose}); err != nil {
			return err
		}
		if ok && !e.full() {
			if err := e.addToken(token, e.text[s.Start:s.End], s); err != nil {
				return err
			}
		}
		at = s.End
	}
	return nil
}

// plain encodes text without added tokens of the first kind.
func (e *encoder) plain(x Text) error {
	var err error
	switch {
	case x.s == "":
	case e.loose:
		x.s, err = e.t.rewritten(x.s)
	default:
		x, err = normalize(e.t.stages.Normalizer, x)
	}
	if err != nil {
		return errors.WithMessagef(err, "tokenize: encode: normalizer: text at byte %d", x.at)
	}
	f := finder{m: e.t.normalized, text: x.s, policy: e.t.Special}
	for at := 0; at < len(x.s) && !e.full(); {
		token, s, ok := f.next()
		if !ok {
			s = Span{len(x.s), len(x.s)}
		}
		if at < s.Start {
			if err := e.split(x.Slice(at, s.Start)); err != nil {
				return err
			}
		}
		if ok && !e.full() {
			if err := e.addToken(token, x.s[s.Start:s.End], x.Span(s.Start, s.End)); err != nil {
				return err
			}
		}
		at = s.End
	}
	return nil
}

func (e *encoder) split(x Text) error {
	e.pieces = append(e.pieces[:0], x)
	if s := e.t.stages.Splitter; s != nil {
		var err error
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
		if e.t.spelled {
			p = spell(p)
		}
		var err error
		if e.tokens, err = e.t.stages.Model.Tokenize(e.tokens[:0], p.s); err != nil {
			return errors.WithMessagef(err, "tokenize: encode: byte %d", p.Span(0, 0).Start)
		}
		for _, token := range e.tokens {
			if e.loose {
				e.out.IDs = append(e.out.IDs, token.ID)
				continue
			}
			e.add(token.ID, nameOf(e.t.stages.Model, token, p.s), p.Span(token.Start, token.End))
		}
		e.words++
	}
	return nil
}

func (e *encoder) addToken(a *AddedToken, text string, at Span) error {
	if e.t.forbidden(a) {
		return errors.Errorf("tokenize: encode: byte %d: special token %q in the text: forbidden", at.Start, a.Text)
	}
	if e.loose {
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

// countRunes converts offsets in bytes to offsets in runes. A byte that is not part of a character counts as one rune.
func (e *encoder) countRunes() {
	runes := make([]int, len(e.text)+1) // number of runes before byte i
	n := 0
	for i := 0; i < len(e.text); {
		_, w := utf8.DecodeRuneInString(e.text[i:])
		for range w {
			runes[i] = n
			i++
		}
		n++
	}
	runes[len(e.text)] = n
	for i, s := range e.out.Offsets {
		e.out.Offsets[i] = Span{runes[s.Start], runes[s.End]}
	}
}
