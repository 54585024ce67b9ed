package tokenize

import "github.com/pkg/errors"

// EncodePair encodes two texts into one Encoding, such as a question and its context.
func (t *Tokenizer) EncodePair(first, second string) (*Encoding, error) {
	t = t.encoder()
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
	return t.process([]*Encoding{a, b})
}

// process applies Truncation, the PostProcessor and Padding to the encodings of one or two texts.
func (t *Tokenizer) process(parts []*Encoding) (_ *Encoding, err error) {
	if t.Truncation != nil {
		if err := t.truncate(parts); err != nil {
			return nil, err
		}
	}
	if t.stages.PostProcessor != nil {
		if parts, err = t.stages.PostProcessor.Process(parts); err != nil {
			return nil, err
		}
	}
	if t.Bare {
		for i := range parts {
			parts[i] = parts[i].textsOnly()
		}
	}
	e := mergeParts(parts)
	if t.Padding != nil {
		t.Padding.pad([]*Encoding{e})
	}
	return e, nil
}
