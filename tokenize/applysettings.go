package tokenize

import (
	"slices"

	"github.com/pkg/errors"
)

// finish makes the Tokenizer of a folder: the stages of its model file, and on top of them the settings.
func (s *settings) finish(stages Stages, f family) (*Tokenizer, error) {
	if err := s.addTokens(&stages, f); err != nil {
		return nil, err
	}
	if err := s.setFrame(&stages, f); err != nil {
		return nil, err
	}
	t, err := newTokenizer(stages)
	if err != nil {
		return nil, err
	}
	t.Roles = s.rolesOf(t.core, f)
	if _, ok := stages.Model.(*SentencePiece); ok && f.class == "" {
		t.Special = AsText // as sentencepiece
	}
	if s.asText != nil && *s.asText {
		t.Special = AsText
	}
	t.class = f.class
	return t, nil
}

// rolesOf returns the roles: those that the files name, then those of the class, then those that the stages show.
func (s *settings) rolesOf(c *core, f family) Roles {
	plain := c.plainRoles()
	r := Roles{}
	for _, key := range roleKeys {
		token, named := s.roles[key]
		usual := *f.roles.of(key)
		switch {
		case named && token == nil: // null
		case named:
			*r.of(key) = token.Text
		case f.known:
			if _, ok := c.lookUp(usual); ok {
				*r.of(key) = usual
			}
		default:
			*r.of(key) = *plain.of(key)
		}
	}
	if _, named := s.roles["unk_token"]; !named {
		r.put("unk_token", plain.Unk)
	}
	return r
}

// lookUp returns the id of a token of a core; "" has none.
func (c *core) lookUp(token string) (int32, bool) {
	if token == "" {
		return 0, false
	}
	return c.TokenToID(token)
}

// addTokens adds the tokens of the settings to those of the stages, as transformers does: first those with ids, then those with
// a role and the further special ones, which take the next ids unless the vocabulary has them.
func (s *settings) addTokens(stages *Stages, f family) error {
	list := slices.Clone(stages.Added)
	for _, a := range s.added {
		i := slices.IndexFunc(list, func(b AddedToken) bool { return b.Text == a.Text })
		if i < 0 {
			list = append(list, a)
			continue
		}
		if list[i].ID != a.ID {
			return errors.Errorf("added token %q: id %d in the settings, %d in the tokenizer", a.Text, a.ID, list[i].ID)
		}
		list[i] = a
	}
	next := int32(stages.Model.VocabSize())
	for _, a := range list {
		next = max(next, a.ID+1)
	}
	put := func(token roleToken, always bool) {
		if i := slices.IndexFunc(list, func(b AddedToken) bool { return b.Text == token.Text }); i >= 0 {
			list[i].Special = true
			return
		}
		id, ok := stages.Model.TokenToID(token.Text)
		if !ok && !always {
			return
		}
		if !ok {
			id, next = next, next+1
		}
		token.ID = id
		list = append(list, token.AddedToken)
	}
	for _, key := range roleKeys {
		token, named := s.roles[key]
		switch usual := *f.roles.of(key); {
		case token != nil:
			put(*token, true)
		case !named && usual != "":
			put(roleToken{AddedToken: AddedToken{Text: usual, Special: true, LeftStrip: key == "mask_token" && f.maskStrips}}, false)
		}
	}
	for _, token := range s.special {
		put(token, true)
	}
	stages.Added = list
	return nil
}

// setFrame follows add_bos_token and add_eos_token.
func (s *settings) setFrame(stages *Stages, f family) error {
	bos, eos := s.addBOS, s.addEOS
	if bos == nil && f.addsBOS {
		bos = &f.addsBOS
	}
	if bos == nil && eos == nil {
		return nil
	}
	var around [2]*SpecialToken
	before, after, plain := frameOf(stages.PostProcessor)
	for i, want := range []*bool{bos, eos} {
		key, added := [2]string{"bos_token", "eos_token"}[i], [2][]int32{before, after}[i]
		token, ok := s.roleToken(key, *stages, f)
		has := ok && slices.Contains(added, token.ID)
		if want == nil {
			want = &has
		}
		switch {
		case *want && !ok && [2]*bool{s.addBOS, s.addEOS}[i] != nil:
			return errors.Errorf("add_%s is true, but there is no %s", key, key)
		case *want && ok:
			around[i] = &token
		}
	}
	if plain && sameFrame(before, around[0]) && sameFrame(after, around[1]) {
		return nil
	}
	kept, err := withoutFrame(stages.PostProcessor, append(before, after...), func(id int32) bool {
		for _, key := range []string{"bos_token", "eos_token"} {
			if token, ok := s.roleToken(key, *stages, f); ok && token.ID == id {
				return true
			}
		}
		return false
	})
	if err != nil && s.addBOS == nil && s.addEOS == nil {
		return nil // the file says otherwise than its class, which is no key of ours to follow
	}
	if err != nil {
		return errors.WithMessage(err, "add_bos_token, add_eos_token")
	}
	template := frameTemplate(around[0], around[1])
	switch {
	case template == nil && len(kept) == 0:
		stages.PostProcessor = nil
	case template == nil:
		stages.PostProcessor = kept
	case len(kept) == 0:
		stages.PostProcessor = *template
	default:
		stages.PostProcessor = append(kept, *template)
	}
	return nil
}

func sameFrame(ids []int32, token *SpecialToken) bool {
	if token == nil {
		return len(ids) == 0
	}
	return len(ids) == 1 && ids[0] == token.ID
}

// roleToken returns the token of a role before there is a Tokenizer.
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

// withoutFrame returns the parts of p that add no tokens. A part that adds others than those of a beginning and an end is an
// error.
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

// frameTemplate returns "bos A eos" and "bos A eos bos B eos", as Llama has it; nil if nothing is added.
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
