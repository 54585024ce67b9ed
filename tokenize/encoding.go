package tokenize

import (
	"unicode/utf8"

	"github.com/pkg/errors"
)

// Encoding is all that is known of the tokens of a text or a pair of texts. Its slices have one entry per token.
type Encoding struct {
	IDs     []int32
	Tokens  []string // as the vocabulary spells them
	Offsets []Span   // in the text: bytes, or runes with RuneOffsets; whole characters when a token holds a part of one
	Words   []int32  // the index of the piece or added token in its text; -1: added by the PostProcessor
	Types   []int32  // the segment, as the model was trained with it
	Texts   []int32  // 0 for the first text, 1 for the second, -1: added by the PostProcessor
}

// append adds one token that the PostProcessor adds.
func (e *Encoding) append(id int32, token string, segment int32) {
	e.IDs = append(e.IDs, id)
	e.Tokens = append(e.Tokens, token)
	e.Offsets = append(e.Offsets, Span{})
	e.Words = append(e.Words, -1)
	e.Types = append(e.Types, segment)
	e.Texts = append(e.Texts, -1)
}

// join adds the tokens of o.
func (e *Encoding) join(o *Encoding) {
	e.IDs = append(e.IDs, o.IDs...)
	e.Tokens = append(e.Tokens, o.Tokens...)
	e.Offsets = append(e.Offsets, o.Offsets...)
	e.Words = append(e.Words, o.Words...)
	e.Types = append(e.Types, o.Types...)
	e.Texts = append(e.Texts, o.Texts...)
}

// EncodeDetailed encodes text like Encode, and keeps the tokens, offsets and word numbers.
func (t *Tokenizer) EncodeDetailed(text string) (*Encoding, error) {
	e, err := t.encoding(text)
	if err != nil || t.stages.PostProcessor == nil || t.Bare {
		return e, err
	}
	return t.stages.PostProcessor.Process(e, nil)
}

// EncodePair encodes two texts into one Encoding: a sentence and its answer, a question and its context.
func (t *Tokenizer) EncodePair(first, second string) (*Encoding, error) {
	a, err := t.encoding(first)
	if err != nil {
		return nil, err
	}
	b, err := t.encoding(second)
	if err != nil {
		return nil, errors.WithMessage(err, "tokenize: second text")
	}
	for i := range b.Types {
		b.Types[i], b.Texts[i] = 1, 1
	}
	if t.stages.PostProcessor == nil || t.Bare {
		a.join(b)
		return a, nil
	}
	return t.stages.PostProcessor.Process(a, b)
}

// encoding encodes text without the PostProcessor.
func (t *Tokenizer) encoding(text string) (*Encoding, error) {
	e := encoder{t: t, text: text, out: &Encoding{}}
	for at := 0; at < len(text); {
		token, s, ok := t.raw.find(text, at, t.Special)
		if !ok {
			s = Span{len(text), len(text)}
		}
		if err := e.plain(Text{s: text[at:s.Start], at: at}); err != nil {
			return nil, err
		}
		if ok {
			if err := e.addToken(token, s); err != nil {
				return nil, err
			}
		}
		at = s.End
	}
	if t.RuneOffsets {
		e.countRunes()
	}
	return e.out, nil
}

// encoder takes one text through the stages, with offsets.
type encoder struct {
	t      *Tokenizer
	text   string
	out    *Encoding
	words  int32
	pieces []Text
	tokens []Token
}

// plain encodes text between added tokens of the first kind.
func (e *encoder) plain(x Text) error {
	if n := e.t.stages.Normalizer; n != nil && x.s != "" {
		x = n.Normalize(x)
	}
	for at := 0; at < len(x.s); {
		token, s, ok := e.t.normalized.find(x.s, at, e.t.Special)
		if !ok {
			s = Span{len(x.s), len(x.s)}
		}
		if at < s.Start {
			if err := e.split(x.Slice(at, s.Start)); err != nil {
				return err
			}
		}
		if ok {
			if err := e.addToken(token, x.Span(s.Start, s.End)); err != nil {
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
		e.pieces = s.Split(e.pieces[:0], x)
	}
	for _, p := range e.pieces {
		if p.s == "" {
			continue
		}
		var err error
		if e.tokens, err = e.t.stages.Model.Tokenize(e.tokens[:0], p.s); err != nil {
			return errors.WithMessagef(err, "tokenize: encode: byte %d", p.Span(0, 0).Start)
		}
		for _, token := range e.tokens {
			e.add(token.ID, nameOf(e.t.stages.Model, token, p.s), p.Span(token.Start, token.End))
		}
		e.words++
	}
	return nil
}

func (e *encoder) addToken(a *AddedToken, at Span) error {
	if e.t.forbidden(a) {
		return errors.Errorf("tokenize: encode: byte %d: special token %q in the text: forbidden", at.Start, a.Text)
	}
	e.add(a.ID, a.Text, at)
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

// countRunes turns offsets in bytes into offsets in runes. A byte that is no character counts as one.
func (e *encoder) countRunes() {
	runes := make([]int, len(e.text)+1) // runes before byte i
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
