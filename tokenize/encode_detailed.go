package tokenize

import "unicode/utf8"

// EncodeDetailed encodes text like Encode, and also returns the tokens, offsets and word numbers.
func (t *Tokenizer) EncodeDetailed(text string) (*Encoding, error) {
	t = t.encoder()
	e, err := t.encoding(text)
	if err != nil {
		return nil, err
	}
	return t.process([]*Encoding{e})
}

// encoding encodes text without the PostProcessor.
func (t *Tokenizer) encoding(text string) (*Encoding, error) {
	e := encoder{t: t, text: text, out: Encoding{runes: t.RuneOffsets}}
	if err := e.encode(); err != nil {
		return nil, err
	}
	if t.RuneOffsets {
		e.countRunes()
	}
	return &e.out, nil
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
