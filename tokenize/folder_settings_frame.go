package tokenize

import (
	"slices"

	"github.com/pkg/errors"
)

// setFrame applies add_bos_token and add_eos_token.
func (s *settings) setFrame(stages *Stages, f family) error {
	bos := s.addBOS
	if bos == nil && f.addsBOS {
		bos = &f.addsBOS
	}
	if bos == nil && s.addEOS == nil {
		return nil
	}
	before, after, plain := frameOf(stages.PostProcessor)
	first, err := s.mark("bos_token", bos, s.addBOS != nil, before, *stages, f)
	if err != nil {
		return err
	}
	last, err := s.mark("eos_token", s.addEOS, s.addEOS != nil, after, *stages, f)
	if err != nil {
		return err
	}
	if plain && sameFrame(before, first) && sameFrame(after, last) {
		return nil
	}
	kept, err := withoutFrame(stages.PostProcessor, append(before, after...), func(id int32) bool {
		bos, okBOS := s.roleToken("bos_token", *stages, f)
		eos, okEOS := s.roleToken("eos_token", *stages, f)
		return okBOS && id == bos.ID || okEOS && id == eos.ID
	})
	if err != nil && s.addBOS == nil && s.addEOS == nil {
		return nil // without these keys the frame of the file counts, not that of the class
	}
	if err != nil {
		return errors.WithMessage(err, "add_bos_token, add_eos_token")
	}
	stages.PostProcessor = withFrame(kept, frameTemplate(first, last))
	return nil
}

// mark returns the token to put before or after texts, or nil. If add is nil, it keeps the token of the current frame.
func (s *settings) mark(key string, add *bool, explicit bool, now []int32, stages Stages, f family) (*SpecialToken, error) {
	token, ok := s.roleToken(key, stages, f)
	switch {
	case add == nil && ok && slices.Contains(now, token.ID), add != nil && *add && ok:
		return &token, nil
	case add != nil && *add && explicit:
		return nil, errors.Errorf("add_%s is true, but there is no %s", key, key)
	}
	return nil, nil
}

// withFrame returns a PostProcessor of parts and template, or nil if both are empty.
func withFrame(parts PostProcessors, template *Template) PostProcessor {
	switch {
	case template == nil && len(parts) == 0:
		return nil
	case template == nil:
		return parts
	case len(parts) == 0:
		return *template
	}
	return append(parts, *template)
}

func sameFrame(ids []int32, token *SpecialToken) bool {
	if token == nil {
		return len(ids) == 0
	}
	return len(ids) == 1 && ids[0] == token.ID
}

// roleToken returns the token of a role before the Tokenizer is made.
func (s *settings) roleToken(key string, stages Stages, f family) (SpecialToken, bool) {
	text := *f.roles.of(key)
	if token, named := s.roles[key]; named {
		if text = ""; token != nil {
			text = token.Text
		}
	}
	for _, a := range stages.Added {
		if a.Text == text {
			return SpecialToken{text, a.ID}, true
		}
	}
	return SpecialToken{}, false
}

// withoutFrame returns the parts of p that add no tokens. It is an error if a part adds other tokens than those that
// begin and end a text.
func withoutFrame(p PostProcessor, ids []int32, isMark func(int32) bool) (kept PostProcessors, err error) {
	err = each(p, func(part any) error {
		switch part := part.(type) {
		case ByteLevel:
			kept = append(kept, part)
			return nil
		case Template:
			if !slices.ContainsFunc(ids, func(id int32) bool { return !isMark(id) }) {
				return nil
			}
		}
		return errors.Errorf("not followed together with a post_processor of %T, which adds other tokens", part)
	})
	return kept, err
}

// frameTemplate returns "bos A eos" and "bos A eos bos B eos", as in Llama's tokenizer, or nil if nothing is added.
func frameTemplate(bos, eos *SpecialToken) *Template {
	if bos == nil && eos == nil {
		return nil
	}
	var t Template
	for segment, text := range []string{"A", "B"} {
		if bos != nil {
			t.Pair = append(t.Pair, bos.part(int32(segment)))
		}
		t.Pair = append(t.Pair, TemplatePart{Text: text, Type: int32(segment)})
		if eos != nil {
			t.Pair = append(t.Pair, eos.part(int32(segment)))
		}
		if segment == 0 {
			t.Single = slices.Clone(t.Pair)
		}
	}
	return &t
}
