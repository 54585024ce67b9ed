package tokenize

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/pkg/errors"
)

// ModelFiles returns the tokenizer files of a model's folder, by name. Load reads t from them. They are tokenizer.json,
// or tokenizer.model for a sentencepiece tokenizer, which a tokenizer.json cannot hold; and tokenizer_config.json with
// the roles.
func (t *Tokenizer) ModelFiles() (map[string][]byte, error) {
	files := map[string][]byte{}
	if m, ok := t.stages.Model.(*SentencePiece); ok {
		if err := t.checkClass(); err != nil {
			return nil, err
		}
		files[sentencePieceFile] = m.file.marshal()
	} else {
		data, err := t.MarshalJSON()
		if err != nil {
			return nil, err
		}
		files["tokenizer.json"] = data
	}
	config, err := t.config()
	files["tokenizer_config.json"] = config
	return files, err
}

// Fingerprint returns a hash of everything that determines the ids of AppendEncode. Stored files of ids are checked with
// it.
func (t *Tokenizer) Fingerprint() (string, error) {
	files, err := t.ModelFiles()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%t %t %d\n", t.Bare, t.OmitUnknown, t.Special)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%q %d\n", name, len(files[name]))
		h.Write(files[name])
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// checkClass returns an error if a .model file and a tokenizer_config.json cannot describe t.
func (t *Tokenizer) checkClass() error {
	if t.stages.PostProcessor != nil && t.class == "" {
		return errors.Errorf("tokenize: save: the post-processor %T cannot be saved with a %s", t.stages.PostProcessor, sentencePieceFile)
	}
	return nil
}

// config returns the tokenizer_config.json of t.
func (t *Tokenizer) config() ([]byte, error) {
	c := map[string]any{}
	_, isModel := t.stages.Model.(*SentencePiece)
	switch {
	case !isModel:
		c["tokenizer_class"] = "PreTrainedTokenizerFast"
	case t.class == "":
		c["tokenizer_class"] = nil // so that the class is not derived from model_type
	default:
		t.describeClass(c)
	}
	if t.Special == AsText && (!isModel || t.class != "") {
		c["split_special_tokens"] = true
	}
	plain := t.plainRoles()
	for _, key := range roleKeys {
		token := *t.Roles.of(key)
		switch _, added := t.added[token]; {
		case token == "":
			c[key] = nil
		case added || token != *plain.of(key):
			c[key] = token
		} // A token that the stages imply and that is not an added token would become one if it were named.
	}
	added := map[string]jsonToken{}
	for _, a := range t.stages.Added {
		added[strconv.Itoa(int(a.ID))] = a.json()
	}
	c["added_tokens_decoder"] = added
	raw, err := marshal(c)
	if err != nil {
		return nil, errors.Wrap(err, "tokenize: save")
	}
	var out bytes.Buffer
	err = json.Indent(&out, raw, "", "  ")
	return out.Bytes(), errors.WithStack(err)
}

// describeClass writes the class with which a .model file was loaded, and the keys of this class.
func (t *Tokenizer) describeClass(c map[string]any) {
	c["tokenizer_class"] = t.class
	c["legacy"] = !isFirstOnly(t.stages.Normalizer)
	c["add_prefix_space"] = t.stages.Model.(*SentencePiece).file.normalizer.dummyPrefix
	if familyOf(t.class).kind != llamaFiles {
		c["extra_ids"] = 0 // these tokens are in added_tokens_decoder
		return
	}
	before, after, _ := frameOf(t.stages.PostProcessor)
	c["add_bos_token"], c["add_eos_token"] = len(before) > 0, len(after) > 0
}
