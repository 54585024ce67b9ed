package tokenize

import (
	"slices"

	"github.com/pkg/errors"
)

// PostProcessor adds the tokens that a model expects around a text or a pair of texts.
type PostProcessor interface {
	// Process returns the encoding of a text (second is nil) or of a pair. It may change and keep both.
	Process(first, second *Encoding) (*Encoding, error)
}

// framer is a PostProcessor that may come down to ids before and after those of a text.
type framer interface {
	frame() (before, after []int32, ok bool)
}

// PostProcessors applies several, each to what the one before made; all but the last see the texts apart.
type PostProcessors []PostProcessor

// Process implements PostProcessor.
func (l PostProcessors) Process(first, second *Encoding) (*Encoding, error) {
	for i, p := range l {
		if i == len(l)-1 {
			return p.Process(first, second)
		}
		var err error
		if first, err = p.Process(first, nil); err != nil {
			return nil, err
		}
		if second != nil {
			if second, err = p.Process(second, nil); err != nil {
				return nil, err
			}
		}
	}
	return joined(first, second), nil
}

func joined(first, second *Encoding) *Encoding {
	if second != nil {
		first.join(second)
	}
	return first
}

// Process implements PostProcessor: it adds nothing, and with TrimOffsets leaves spaces out of the offsets.
func (s ByteLevel) Process(first, second *Encoding) (*Encoding, error) {
	if s.TrimOffsets {
		s.trim(first)
		if second != nil {
			s.trim(second)
		}
	}
	return joined(first, second), nil
}

func (s ByteLevel) frame() (before, after []int32, ok bool) { return nil, nil, true }

// trim leaves the spaces at both ends of each token out of its offsets. The one that PrefixSpace put in front of the text
// has no place there, so that nothing is taken off for it.
func (s ByteLevel) trim(e *Encoding) {
	const space = 'Ġ'
	for i, token := range e.Tokens {
		o := &e.Offsets[i]
		runes := []rune(token)
		lead := 0
		for lead < len(runes) && runes[lead] == space {
			lead++
		}
		trail := 0
		for trail < len(runes) && runes[len(runes)-1-trail] == space {
			trail++
		}
		if lead > 0 && s.PrefixSpace && (i == 0 || o.Start == 0) {
			lead--
		}
		o.Start = min(o.Start+lead, o.End)
		if o.End >= trail {
			o.End = max(o.End-trail, o.Start)
		}
	}
}

// Template is the PostProcessor that puts special tokens at fixed places: "<s> A </s>" or "[CLS] A [SEP] B [SEP]".
type Template struct {
	Single []TemplatePart // for one text; A stands in it once
	Pair   []TemplatePart // for two; A and B stand in it once each
}

// TemplatePart is a text or a run of special tokens. Type is the segment that its tokens are given.
type TemplatePart struct {
	Text   string   // "A" or "B", or "" for special tokens
	Name   string   // the name of the special tokens; it may differ from their texts
	IDs    []int32  // their ids
	Tokens []string // their texts
	Type   int32
}

// Process implements PostProcessor.
func (p Template) Process(first, second *Encoding) (*Encoding, error) {
	parts := p.Single
	if second != nil {
		parts = p.Pair
		if len(parts) == 0 {
			return nil, errors.New("tokenize: template: it has none for a pair of texts")
		}
	}
	out := &Encoding{}
	for _, part := range parts {
		text := map[string]*Encoding{"A": first, "B": second}[part.Text]
		if text != nil {
			for i := range text.Types {
				text.Types[i] = part.Type
			}
			out.join(text)
			continue
		}
		for i, id := range part.IDs {
			out.append(id, part.Tokens[i], part.Type)
		}
	}
	return out, nil
}

func (p Template) frame() (before, after []int32, ok bool) {
	for _, part := range p.Single {
		switch {
		case part.Text != "":
			ok = true
		case ok:
			after = append(after, part.IDs...)
		default:
			before = append(before, part.IDs...)
		}
	}
	return before, after, ok
}

// check returns an error when the texts are not where they must be or an id is not below size.
func (p Template) check(size int) error {
	if a, b := count(p.Single, "A"), count(p.Single, "B"); a != 1 || b != 0 {
		return errors.Errorf("single: A stands in it %d times and B %d times: 1 and 0 are needed", a, b)
	}
	if a, b := count(p.Pair, "A"), count(p.Pair, "B"); len(p.Pair) > 0 && (a != 1 || b != 1) {
		return errors.Errorf("pair: A stands in it %d times and B %d times: once each is needed", a, b)
	}
	for _, part := range slices.Concat(p.Single, p.Pair) {
		if len(part.IDs) != len(part.Tokens) {
			return errors.Errorf("special token %q: %d ids and %d tokens", part.Name, len(part.IDs), len(part.Tokens))
		}
		for _, id := range part.IDs {
			if id < 0 || int(id) >= size {
				return errors.Errorf("special token %q: id %d is not in [0, %d)", part.Name, id, size)
			}
		}
	}
	return nil
}

func count(parts []TemplatePart, text string) (n int) {
	for _, part := range parts {
		if part.Text == text {
			n++
		}
	}
	return n
}
