package tokenize

import (
	"encoding/json"

	"github.com/pkg/errors"
)

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
