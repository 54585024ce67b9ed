package tokenize

import (
	"encoding/json"
	"slices"

	"github.com/pkg/errors"
)

// PostProcessor adds the tokens that a model expects around a text or a pair of texts.
type PostProcessor interface {
	// Process returns the parts of the encoding, in order. parts has one Encoding per text, or the parts that the
	// previous PostProcessor returned. Process may change and keep them.
	Process(parts []*Encoding) ([]*Encoding, error)
}

// framer is a PostProcessor that may only add ids before and after the ids of a text.
type framer interface {
	frame() (before, after []int32, ok bool)
}

// frameOf returns the ids that p adds before and after the ids of a text. ok is false if p also does something else.
func frameOf(p PostProcessor) (before, after []int32, ok bool) {
	if p == nil {
		return nil, nil, true
	}
	f, ok := p.(framer)
	if !ok {
		return nil, nil, false
	}
	return f.frame()
}

// PostProcessors applies the PostProcessors in order, each to the parts that the previous one returned.
type PostProcessors []PostProcessor

// Process implements PostProcessor.
func (l PostProcessors) Process(parts []*Encoding) (_ []*Encoding, err error) {
	for _, p := range l {
		if parts, err = p.Process(parts); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// frame implements framer. ok is false if more than one part adds tokens.
func (l PostProcessors) frame() (before, after []int32, ok bool) {
	for _, p := range l {
		b, a, ok := frameOf(p)
		switch {
		case !ok, len(b)+len(a) > 0 && len(before)+len(after) > 0:
			return nil, nil, false
		case len(b)+len(a) > 0:
			before, after = b, a
		}
	}
	return before, after, true
}

// Template is the PostProcessor that adds special tokens at fixed places: "<s> A </s>" or "[CLS] A [SEP] B [SEP]".
type Template struct {
	Single []TemplatePart // for one text; contains A once
	Pair   []TemplatePart // for two texts; contains A and B once each
}

// TemplatePart is a text or a run of special tokens. Type is the segment of its tokens.
type TemplatePart struct {
	Text   string   // "A" or "B", or "" for special tokens
	Name   string   // the name of the special tokens, which may differ from their texts
	IDs    []int32  // their ids
	Tokens []string // their texts
	Type   int32
}

// Process implements PostProcessor.
func (p Template) Process(parts []*Encoding) ([]*Encoding, error) {
	template := p.Single
	switch {
	case len(parts) == 2 && len(p.Pair) == 0:
		return nil, errors.New("tokenize: template: it has no parts for a pair of texts")
	case len(parts) == 2:
		template = p.Pair
	case len(parts) != 1:
		return nil, errors.Errorf("tokenize: template: %d parts, want one or two texts", len(parts))
	}
	var out []*Encoding
	for _, part := range template {
		if part.Text != "" {
			e := parts[part.Text[0]-'A']
			e.setType(part.Type)
			out = append(out, e)
			continue
		}
		e := &Encoding{}
		for i, id := range part.IDs {
			e.append(id, part.Tokens[i], part.Type)
		}
		out = append(out, e)
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

// check returns an error if a template does not contain its texts as required, or if an id is not below size.
func (p Template) check(size int) error {
	if a, b := count(p.Single, "A"), count(p.Single, "B"); a != 1 || b != 0 {
		return errors.Errorf("single: A occurs %d times and B %d times: 1 and 0 are needed", a, b)
	}
	if a, b := count(p.Pair, "A"), count(p.Pair, "B"); len(p.Pair) > 0 && (a != 1 || b != 1) {
		return errors.Errorf("pair: A occurs %d times and B %d times: once each is needed", a, b)
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

// MarshalJSON returns the sequence in the form of tokenizer.json.
func (l PostProcessors) MarshalJSON() ([]byte, error) { return marshalSequence("processors", l) }

func parsePostProcessor(raw json.RawMessage, depth int) (PostProcessor, error) {
	return parseStage(raw, depth, map[string]reader[PostProcessor]{
		"BertProcessing":     read[PostProcessor](BertProcessing{}),
		"ByteLevel":          func(raw json.RawMessage, _ int) (PostProcessor, error) { return parseByteLevel(raw) },
		"RobertaProcessing":  read[PostProcessor](RobertaProcessing{TrimOffsets: true, PrefixSpace: true}),
		"TemplateProcessing": func(raw json.RawMessage, _ int) (PostProcessor, error) { return parseTemplate(raw) },
		"Sequence": func(raw json.RawMessage, depth int) (PostProcessor, error) {
			list, err := sequence(raw, "processors", depth, parsePostProcessor)
			return PostProcessors(list), err
		},
	})
}
