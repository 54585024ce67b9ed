package tokenize

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/gorgoformer/gorgoformer/tokenize/atomicfile"
	"github.com/pkg/errors"
)

// Save writes t as a tokenizer.json of Hugging Face, version 1.0. If path is a folder, it writes this file and
// tokenizer_config.json, which holds the roles. A single file keeps only the roles that its stages imply. Each file is
// written completely or not at all. Stages of other packages must implement json.Marshaler.
func (t *Tokenizer) Save(path string) error {
	data, err := t.MarshalJSON()
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return errors.WithMessagef(atomicfile.Write(path, data), "tokenize: save: %s", path)
	}
	config, err := t.config()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{"tokenizer.json", data}, {"tokenizer_config.json", config}} {
		name := filepath.Join(path, f.name)
		if err := atomicfile.Write(name, f.data); err != nil {
			return errors.WithMessagef(err, "tokenize: save: %s", name)
		}
	}
	return nil
}

// MarshalJSON returns t as a tokenizer.json.
func (t *Tokenizer) MarshalJSON() ([]byte, error) {
	s := t.stages
	f := jsonFile{Version: "1.0", AddedTokens: []jsonAdded{}}
	for _, a := range s.Added {
		f.AddedTokens = append(f.AddedTokens, jsonAdded{a.ID, a.json()})
	}
	slices.SortFunc(f.AddedTokens, func(a, b jsonAdded) int { return int(a.ID) - int(b.ID) })
	for _, c := range []struct {
		name string
		part any
		to   *json.RawMessage
	}{
		{"truncation", option(t.Truncation), &f.Truncation}, {"padding", option(t.Padding), &f.Padding},
		{"normalizer", s.Normalizer, &f.Normalizer}, {"splitter", s.Splitter, &f.PreTokenizer},
		{"post-processor", s.PostProcessor, &f.PostProcessor}, {"decoder", s.Decoder, &f.Decoder}, {"model", s.Model, &f.Model},
	} {
		if c.part == nil {
			continue
		}
		if _, ok := c.part.(json.Marshaler); !ok {
			return nil, errors.Errorf("tokenize: save: %s: %T does not implement json.Marshaler", c.name, c.part)
		}
		raw, err := marshal(c.part)
		if err != nil {
			return nil, errors.WithMessagef(err, "tokenize: save: %s", c.name)
		}
		*c.to = raw
	}
	raw, err := marshal(f)
	if err != nil {
		return nil, errors.Wrap(err, "tokenize: save")
	}
	var out bytes.Buffer
	err = json.Indent(&out, raw, "", "  ")
	return out.Bytes(), errors.WithStack(err)
}
