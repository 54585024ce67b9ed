package tokenize

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/pkg/errors"
)

// settings holds the values of the other files of a folder that affect its tokenizer: tokenizer_config.json,
// special_tokens_map.json, added_tokens.json, and config.json if no class is named. Keys that do not affect ids, such as
// chat_template or model_max_length, are not read.
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

// roleToken is a token in a settings file: a string or an object.
type roleToken struct {
	AddedToken
	explicit bool // the token is an object, whose flags count
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
	// Without added_tokens_decoder tokenizer_config.json has its older form, and special_tokens_map.json has precedence.
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
	if _, null := config.keys["tokenizer_class"]; null && s.named == "" {
		s.modelType = "" // the file says that there is no class
	} else if s.named == "" {
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
