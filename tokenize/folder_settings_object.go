package tokenize

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
)

// object is a JSON object in a file. Its keys are read one by one.
type object struct {
	name string
	keys map[string]json.RawMessage
}

// readObject reads the file name in dir. A missing file has no keys.
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

// read reads a key into to. If the key is missing or null, to is unchanged.
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

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
