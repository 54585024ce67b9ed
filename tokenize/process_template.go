package tokenize

import (
	"encoding/json"
	"slices"

	"github.com/pkg/errors"
)

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

type jsonTemplate struct {
	Type    string                 `json:"type"`
	Single  []jsonPart             `json:"single"`
	Pair    []jsonPart             `json:"pair"`
	Special map[string]jsonSpecial `json:"special_tokens"`
}

type jsonPart struct {
	SpecialToken *jsonPiece `json:"SpecialToken,omitempty"`
	Sequence     *jsonPiece `json:"Sequence,omitempty"`
}

type jsonPiece struct {
	ID   string `json:"id"`
	Type int32  `json:"type_id"`
}

type jsonSpecial struct {
	ID     string   `json:"id"`
	IDs    []int32  `json:"ids"`
	Tokens []string `json:"tokens"`
}

func parseTemplate(raw json.RawMessage) (PostProcessor, error) {
	var f jsonTemplate
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, errors.WithStack(err)
	}
	single, err := f.parts(f.Single)
	if err != nil {
		return nil, errors.WithMessage(err, "TemplateProcessing: single")
	}
	pair, err := f.parts(f.Pair)
	if err != nil {
		return nil, errors.WithMessage(err, "TemplateProcessing: pair")
	}
	return Template{Single: single, Pair: pair}, nil
}

func (f *jsonTemplate) parts(list []jsonPart) ([]TemplatePart, error) {
	parts := make([]TemplatePart, len(list))
	for i, p := range list {
		switch {
		case p.SpecialToken != nil:
			special, ok := f.Special[p.SpecialToken.ID]
			if !ok {
				return nil, errors.Errorf("%q is not among the special_tokens", p.SpecialToken.ID)
			}
			parts[i] = TemplatePart{Name: p.SpecialToken.ID, IDs: special.IDs, Tokens: special.Tokens, Type: p.SpecialToken.Type}
		case p.Sequence != nil && (p.Sequence.ID == "A" || p.Sequence.ID == "B"):
			parts[i] = TemplatePart{Text: p.Sequence.ID, Type: p.Sequence.Type}
		default:
			return nil, errors.Errorf("part %d: neither a SpecialToken nor Sequence A or B", i)
		}
	}
	return parts, nil
}

// MarshalJSON returns p in the form of tokenizer.json.
func (p Template) MarshalJSON() ([]byte, error) {
	f := jsonTemplate{Type: "TemplateProcessing", Special: map[string]jsonSpecial{}}
	f.Single, f.Pair = f.list(p.Single), f.list(p.Pair)
	return json.Marshal(f)
}

func (f *jsonTemplate) list(parts []TemplatePart) []jsonPart {
	list := make([]jsonPart, len(parts))
	for i, p := range parts {
		if p.Text != "" {
			list[i].Sequence = &jsonPiece{p.Text, p.Type}
			continue
		}
		list[i].SpecialToken = &jsonPiece{p.Name, p.Type}
		f.Special[p.Name] = jsonSpecial{p.Name, p.IDs, p.Tokens}
	}
	return list
}

// checkTemplates returns an error if a token that a PostProcessor adds is invalid or its id is not below size.
func checkTemplates(p PostProcessor, size int) error {
	return each(p, func(part any) error {
		switch p := part.(type) {
		case Template:
			return errors.WithMessage(p.check(size), "template")
		case BertProcessing:
			return errors.WithMessage(p.template().check(size), "BertProcessing")
		case RobertaProcessing:
			return errors.WithMessage(p.template().check(size), "RobertaProcessing")
		}
		return nil
	})
}
