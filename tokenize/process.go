package tokenize

import (
	"encoding/json"
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
