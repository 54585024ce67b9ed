package tokenize

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// settings are what the other files of a folder say about its tokenizer: tokenizer_config.json, special_tokens_map.json,
// added_tokens.json, and config.json where there is no class. Keys without influence on ids, such as chat_template or
// model_max_length, are not read.
type settings struct {
	named     string                // tokenizer_class without "Fast"; "" if no file names one
	modelType string                // model_type of config.json
	roles     map[string]*roleToken // by key; nil for null
	special   []roleToken           // additional_special_tokens, extra_special_tokens
	added     []AddedToken          // with ids

	lower, accents, chinese, basic, addBOS, addEOS, prefixSpace, legacy, asText *bool
	padSide, cutSide                                                            Direction
	extraIDs                                                                    *int
	sampling                                                                    map[string]any // sp_model_kwargs
	neverSplit                                                                  []string
}

// roleToken is a token as the files name it, a string or an object.
type roleToken struct {
	AddedToken
	explicit bool // an object, whose flags count
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *roleToken) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		*t = roleToken{AddedToken: AddedToken{Special: true}}
		return errors.WithStack(json.Unmarshal(data, &t.Text))
	}
	var a jsonToken
	if err := json.Unmarshal(data, &a); err != nil {
		return errors.New("want a token: a string, or an object with content")
	}
	*t = roleToken{a.token(0), true}
	t.Special = true
	return nil
}

// object is a JSON object of a file whose keys are read one by one.
type object struct {
	name string
	keys map[string]json.RawMessage
}

// readObject reads a file of dir. A missing one has no keys.
func readObject(dir, name string) (object, error) {
	o := object{name: name}
	path := filepath.Join(dir, name)
	if !exists(path) {
		return o, nil
	}
	data, err := readFile(path)
	if err != nil {
		return o, err
	}
	if err := json.Unmarshal(data, &o.keys); err != nil {
		return o, errors.WithMessagef(placedJSON(data, err), "tokenize: load: %s", path)
	}
	return o, nil
}

// read reads a key into to, and leaves to as it is if the key is missing or null.
func (o object) read(key string, to any) error {
	raw, ok := o.keys[key]
	if !ok || isNull(raw) {
		return nil
	}
	if err := json.Unmarshal(raw, to); err != nil {
		return errors.Errorf("tokenize: load: %s: %s is %.60s, want %s", o.name, key, raw, wanted(to))
	}
	return nil
}

func wanted(to any) string {
	switch to.(type) {
	case **bool:
		return "true or false"
	case *string:
		return "a string"
	case **int:
		return "a whole number"
	case *map[string]any:
		return "an object"
	case *[]string:
		return "a list of strings"
	}
	return "a token: a string, or an object with content"
}

// readSettings reads the files of a folder.
func readSettings(dir string) (*settings, error) {
	var files [3]object
	for i, name := range []string{"tokenizer_config.json", "special_tokens_map.json", "config.json"} {
		var err error
		if files[i], err = readObject(dir, name); err != nil {
			return nil, err
		}
	}
	config, special, model := files[0], files[1], files[2]
	s := &settings{roles: map[string]*roleToken{}}
	if err := s.readFlags(config, model); err != nil {
		return nil, err
	}
	if err := s.readAdded(config); err != nil {
		return nil, err
	}
	// Without added_tokens_decoder, the file's older form, special_tokens_map.json has the last word.
	first, second := config, special
	if _, ok := config.keys["added_tokens_decoder"]; !ok {
		first, second = special, config
	}
	for _, from := range []object{second, first} {
		if err := s.readRoles(from); err != nil {
			return nil, err
		}
	}
	return s, s.readAddedIDs(dir)
}

func (s *settings) readFlags(config, model object) error {
	var padSide, cutSide string
	for _, err := range []error{
		config.read("tokenizer_class", &s.named), model.read("model_type", &s.modelType),
		config.read("do_lower_case", &s.lower), config.read("strip_accents", &s.accents), config.read("tokenize_chinese_chars", &s.chinese),
		config.read("do_basic_tokenize", &s.basic), config.read("add_bos_token", &s.addBOS), config.read("add_eos_token", &s.addEOS),
		config.read("add_prefix_space", &s.prefixSpace), config.read("legacy", &s.legacy), config.read("split_special_tokens", &s.asText),
		config.read("padding_side", &padSide), config.read("truncation_side", &cutSide), config.read("extra_ids", &s.extraIDs),
		config.read("sp_model_kwargs", &s.sampling), config.read("never_split", &s.neverSplit),
	} {
		if err != nil {
			return err
		}
	}
	if s.named == "" {
		if err := model.read("tokenizer_class", &s.named); err != nil {
			return err
		}
	}
	s.named = strings.TrimSuffix(s.named, "Fast")
	for key, side := range map[string]string{"padding_side": padSide, "truncation_side": cutSide} {
		if side != "" && side != "left" && side != "right" {
			return errors.Errorf("tokenize: load: %s: %s is %q, want left or right", config.name, key, side)
		}
	}
	s.padSide, s.cutSide = directions[padSide], directions[cutSide]
	return nil
}

var directions = map[string]Direction{"left": Left, "right": Right}

// readAdded reads added_tokens_decoder.
func (s *settings) readAdded(config object) error {
	var byID map[string]jsonToken
	if err := config.read("added_tokens_decoder", &byID); err != nil {
		return errors.Errorf("tokenize: load: %s: added_tokens_decoder: want an object of ids and tokens", config.name)
	}
	for key, a := range byID {
		id, err := strconv.ParseInt(key, 10, 32)
		if err != nil || id < 0 {
			return errors.Errorf("tokenize: load: %s: added_tokens_decoder: %q is no id", config.name, key)
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

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
