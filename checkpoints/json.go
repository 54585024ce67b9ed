package checkpoints

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// ReadConfig decodes the config.json of a model folder into config, a pointer. Fields that config lacks are ignored, because
// Hugging Face's files have many.
func ReadConfig(dir string, config any) error {
	return ReadJSON(filepath.Join(dir, configName), config)
}

// ReadJSON decodes a JSON file in UTF-8 into v, a pointer. A byte order mark is ignored; other encodings are an error.
func ReadJSON(path string, v any) (err error) {
	defer func() { err = errors.WithMessage(err, "checkpoints") }()
	text, err := readText(path)
	if err != nil {
		return err
	}
	return errors.Wrap(json.Unmarshal(text, v), path)
}

// readText returns the content of a file in UTF-8, without its byte order mark.
func readText(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, errors.Errorf("%s: the file is in UTF-16: save it as UTF-8", path)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if kind := foreignKind(text); kind != "" {
		return nil, errors.Errorf("%s: %s", path, kind)
	}
	return text, nil
}

// readStrict decodes a JSON file that was written from a value of v's type, and returns its text. An unknown or missing key is an
// error.
func readStrict(path string, v any) ([]byte, error) {
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	return text, errors.WithMessage(decodeStrict(text, v), path)
}

func decodeStrict(text []byte, v any) error {
	var have, want any
	if err := json.Unmarshal(text, &have); err != nil {
		return errors.WithStack(err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return errors.WithStack(err)
	}
	again, err := json.Marshal(v)
	if err != nil {
		return errors.WithStack(err)
	}
	if err := json.Unmarshal(again, &want); err != nil {
		return errors.WithStack(err)
	}
	if missing := missingKeys(want, have, nil); len(missing) > 0 {
		return errors.Errorf("missing: %s", listed(missing))
	}
	return nil
}

// missingKeys returns the keys that an object of want has and the same object of have lacks. As in encoding/json, case does not
// matter.
func missingKeys(want, have any, path []string) (missing []string) {
	switch want := want.(type) {
	case map[string]any:
		have, _ := have.(map[string]any)
		folded := map[string]any{}
		for key, v := range have {
			folded[strings.ToLower(key)] = v
		}
		for key, w := range want {
			at := append(slices.Clip(path), key)
			if h, ok := folded[strings.ToLower(key)]; !ok {
				missing = append(missing, strings.Join(at, "."))
			} else {
				missing = append(missing, missingKeys(w, h, at)...)
			}
		}
	case []any:
		if have, ok := have.([]any); ok && len(have) == len(want) {
			for i, w := range want {
				missing = append(missing, missingKeys(w, have[i], path)...)
			}
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}
