package tokenize

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// SpecialToken is the text and the id of a token that a PostProcessor adds.
type SpecialToken struct {
	Text string
	ID   int32
}

// MarshalJSON returns s in the form of tokenizer.json: ["[SEP]", 102].
func (s SpecialToken) MarshalJSON() ([]byte, error) { return marshal([]any{s.Text, s.ID}) }

// UnmarshalJSON reads s in the form of tokenizer.json.
func (s *SpecialToken) UnmarshalJSON(data []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(data, &pair); err != nil {
		return errors.WithStack(err)
	}
	if len(pair) != 2 {
		return errors.Errorf("special token: %d values, want the text and the id", len(pair))
	}
	if err := json.Unmarshal(pair[0], &s.Text); err != nil {
		return errors.WithStack(err)
	}
	return errors.WithStack(json.Unmarshal(pair[1], &s.ID))
}

func (s SpecialToken) part(segment int32) TemplatePart {
	return TemplatePart{Name: s.Text, IDs: []int32{s.ID}, Tokens: []string{s.Text}, Type: segment}
}

// BertProcessing is the PostProcessor "[CLS] A [SEP]" and "[CLS] A [SEP] B [SEP]". The second text has segment 1.
type BertProcessing struct {
	Sep SpecialToken `json:"sep"`
	Cls SpecialToken `json:"cls"`
}

func (p BertProcessing) template() Template {
	single := []TemplatePart{p.Cls.part(0), {Text: "A"}, p.Sep.part(0)}
	return Template{Single: single, Pair: append(single[:3:3], TemplatePart{Text: "B", Type: 1}, p.Sep.part(1))}
}

// Process implements PostProcessor.
func (p BertProcessing) Process(parts []*Encoding) ([]*Encoding, error) {
	return p.template().Process(parts)
}
func (p BertProcessing) frame() (before, after []int32, ok bool) { return p.template().frame() }

// RobertaProcessing is the PostProcessor "<s> A </s>" and "<s> A </s></s> B </s>". All tokens have segment 0. TrimOffsets
// and PrefixSpace are as in ByteLevel.
type RobertaProcessing struct {
	Sep         SpecialToken `json:"sep"`
	Cls         SpecialToken `json:"cls"`
	TrimOffsets bool         `json:"trim_offsets"`
	PrefixSpace bool         `json:"add_prefix_space"`
}

func (p RobertaProcessing) template() Template {
	single := []TemplatePart{p.Cls.part(0), {Text: "A"}, p.Sep.part(0)}
	return Template{Single: single, Pair: append(single[:3:3], p.Sep.part(0), TemplatePart{Text: "B"}, p.Sep.part(0))}
}

// Process implements PostProcessor.
func (p RobertaProcessing) Process(parts []*Encoding) ([]*Encoding, error) {
	parts, err := ByteLevel{TrimOffsets: p.TrimOffsets, PrefixSpace: p.PrefixSpace}.Process(parts)
	if err != nil {
		return nil, err
	}
	return p.template().Process(parts)
}

func (p RobertaProcessing) frame() (before, after []int32, ok bool) { return p.template().frame() }

// MarshalJSON returns the PostProcessor in the form of tokenizer.json.
func (p BertProcessing) MarshalJSON() ([]byte, error) {
	type fields BertProcessing
	return typed("BertProcessing", fields(p))
}

// MarshalJSON returns the PostProcessor in the form of tokenizer.json.
func (p RobertaProcessing) MarshalJSON() ([]byte, error) {
	type fields RobertaProcessing
	return typed("RobertaProcessing", fields(p))
}
