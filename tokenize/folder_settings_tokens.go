package tokenize

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/pkg/errors"
)

// readAdded reads added_tokens_decoder.
func (s *settings) readAdded(config object) error {
	var byID map[string]jsonToken
	if err := config.read("added_tokens_decoder", &byID); err != nil {
		return errors.Errorf("tokenize: load: %s: added_tokens_decoder: want an object of ids and tokens", config.name)
	}
	for key, a := range byID {
		id, err := strconv.ParseInt(key, 10, 32)
		if err != nil || id < 0 {
			return errors.Errorf("tokenize: load: %s: added_tokens_decoder: %q is not an id", config.name, key)
		}
		if a.Content == "" {
			return errors.Errorf("tokenize: load: %s: added_tokens_decoder: %s: the content is empty", config.name, key)
		}
		s.added = append(s.added, a.token(int32(id)))
	}
	slices.SortFunc(s.added, func(a, b AddedToken) int { return int(a.ID) - int(b.ID) })
	return nil
}

// readRoles reads the tokens with a role and the further special tokens.
func (s *settings) readRoles(from object) error {
	for _, key := range roleKeys {
		raw, ok := from.keys[key]
		if !ok {
			continue
		}
		s.roles[key] = nil
		if isNull(raw) {
			continue
		}
		var token roleToken
		if err := from.read(key, &token); err != nil {
			return err
		}
		if token.Text != "" {
			s.roles[key] = &token
		}
	}
	for _, key := range []string{"additional_special_tokens", "extra_special_tokens"} {
		var list []roleToken
		var byName map[string]roleToken
		if err := from.read(key, &list); err != nil {
			if err := from.read(key, &byName); err != nil {
				return err
			}
			for _, name := range slices.Sorted(maps.Keys(byName)) {
				list = append(list, byName[name])
			}
		}
		for _, token := range list {
			if token.Text == "" {
				return errors.Errorf("tokenize: load: %s: %s: a token is empty", from.name, key)
			}
			s.special = append(s.special, token)
		}
	}
	return nil
}

// readAddedIDs reads added_tokens.json.
func (s *settings) readAddedIDs(dir string) error {
	path := filepath.Join(dir, "added_tokens.json")
	if !exists(path) {
		return nil
	}
	data, err := readFile(path)
	if err != nil {
		return err
	}
	ids, err := parseVocab(data)
	if err != nil {
		return errors.WithMessagef(err, "tokenize: load: %s", path)
	}
	special := map[string]bool{}
	for _, token := range s.roles {
		if token != nil {
			special[token.Text] = true
		}
	}
	for _, token := range s.special {
		special[token.Text] = true
	}
	for _, text := range slices.SortedFunc(maps.Keys(ids), func(a, b string) int { return int(ids[a]) - int(ids[b]) }) {
		a := AddedToken{ID: ids[text], Text: text, Special: special[text], Normalized: !special[text]}
		if i := slices.IndexFunc(s.added, func(b AddedToken) bool { return b.Text == text }); i < 0 {
			s.added = append(s.added, a)
		} else if s.added[i].ID != a.ID {
			return errors.Errorf("tokenize: load: %s: %q has id %d, but tokenizer_config.json gives it %d", path, text, a.ID, s.added[i].ID)
		}
	}
	return nil
}
