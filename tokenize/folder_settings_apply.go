package tokenize

import (
	"slices"

	"github.com/pkg/errors"
)

// finish returns the Tokenizer of a folder: the stages of its model file with the settings applied.
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
		t.Special = AsText // as in sentencepiece
	}
	if s.asText != nil && *s.asText {
		t.Special = AsText
	}
	t.class = f.class
	return t, nil
}

// rolesOf returns the roles: first those in the files, then those of the class, then those that the stages imply.
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

// lookUp returns the id of a token of c. "" has no id.
func (c *core) lookUp(token string) (int32, bool) {
	if token == "" {
		return 0, false
	}
	return c.TokenToID(token)
}

// addTokens adds the tokens of the settings to the tokens of the stages, as transformers does: first tokens with ids,
// then tokens with a role and further special tokens. The latter take the next free ids unless the vocabulary has them.
func (s *settings) addTokens(stages *Stages, f family) error {
	list := addedList{slices.Clone(stages.Added), stages.Model}
	for _, a := range s.added {
		if err := list.place(a); err != nil {
			return err
		}
	}
	for _, key := range roleKeys {
		token, named := s.roles[key]
		switch usual := *f.roles.of(key); {
		case token != nil:
			list.put(token.AddedToken, true)
		case !named && usual != "":
			list.put(AddedToken{Text: usual, Special: true, LeftStrip: key == "mask_token" && f.maskStrips}, false)
		}
	}
	for _, token := range s.special {
		list.put(token.AddedToken, true)
	}
	stages.Added = list.tokens
	return nil
}

// addedList is the list of added tokens of a tokenizer that is being made.
type addedList struct {
	tokens []AddedToken
	model  Model
}

func (l *addedList) index(text string) int {
	return slices.IndexFunc(l.tokens, func(a AddedToken) bool { return a.Text == text })
}

// place adds a token with its id. If the token is already in the list, its flags are replaced.
func (l *addedList) place(a AddedToken) error {
	i := l.index(a.Text)
	if i < 0 {
		l.tokens = append(l.tokens, a)
		return nil
	}
	if had := l.tokens[i].ID; had != a.ID {
		return errors.Errorf("added token %q: id %d in the settings, %d in the tokenizer", a.Text, a.ID, had)
	}
	l.tokens[i] = a
	return nil
}

// put adds a special token with its id in the vocabulary. A token outside the vocabulary takes the next id if always is
// set.
func (l *addedList) put(a AddedToken, always bool) {
	if i := l.index(a.Text); i >= 0 {
		l.tokens[i].Special = true
		return
	}
	id, ok := l.model.TokenToID(a.Text)
	if !ok && !always {
		return
	}
	if !ok {
		id = int32(l.model.VocabSize())
		for _, b := range l.tokens {
			id = max(id, b.ID+1)
		}
	}
	a.ID = id
	l.tokens = append(l.tokens, a)
}
