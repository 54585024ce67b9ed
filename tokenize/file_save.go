package tokenize

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"
)

// Save writes t as a tokenizer.json of Hugging Face, version 1.0. To a folder it writes that file and tokenizer_config.json, which
// keeps the roles; a file alone keeps only those that its stages show. Each file appears whole or not at all. Stages of others
// must implement json.Marshaler.
func (t *Tokenizer) Save(path string) error {
	data, err := t.MarshalJSON()
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return errors.WithMessagef(writeFile(path, data), "tokenize: save: %s", path)
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
		if err := writeFile(name, f.data); err != nil {
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

// option returns *v, and nil for none.
func option[T any](v *T) any {
	if v == nil {
		return nil
	}
	return *v
}

// marshal is json.Marshal with <, > and & as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// SaveGPT2 writes the two files of GPT-2 into folder: vocab.json and merges.txt. They hold no more than a byte-level BPE
// with GPT-2's pattern and special tokens of its vocabulary; for another tokenizer it is an error that says to use Save.
func (t *Tokenizer) SaveGPT2(folder string) error {
	m, isBPE := t.stages.Model.(*BPE)
	if s := t.stages; !isBPE || s.Splitter != (ByteLevel{}) && s.Splitter != (ByteLevel{TrimOffsets: true}) ||
		s.Normalizer != nil || s.PostProcessor != nil || !m.isPlain() {
		return errors.New("tokenize: save: vocab.json and merges.txt hold GPT-2's stages only: use Save")
	}
	unmade := map[AddedToken]bool{}
	for _, a := range m.unmade() {
		unmade[a] = true
	}
	for _, a := range t.stages.Added {
		if !unmade[a] {
			return errors.Errorf("tokenize: save: added token %q: vocab.json cannot say what it is: use Save", a.Text)
		}
		delete(unmade, a)
	}
	for a := range unmade {
		return errors.Errorf("tokenize: save: %q, which no merge makes, would be read as a special token: use Save", a.Text)
	}
	vocab, err := marshal(vocabJSON{m.names()})
	if err != nil {
		return errors.Wrap(err, "tokenize: save")
	}
	var merges bytes.Buffer
	merges.WriteString("#version: 0.2\n")
	for _, pair := range m.config.Merges {
		merges.WriteString(pair[0] + " " + pair[1] + "\n")
	}
	if err := writeFile(filepath.Join(folder, "vocab.json"), append(vocab, '\n')); err != nil {
		return errors.WithMessagef(err, "tokenize: save: %s", folder)
	}
	return errors.WithMessagef(writeFile(filepath.Join(folder, "merges.txt"), merges.Bytes()), "tokenize: save: %s", folder)
}

// writeFile writes data to path through a temporary file beside it, so that a crash leaves the old file or the new one.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return errors.WithStack(err)
	}
	defer os.Remove(f.Name()) // fails once the file has its name
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.WithStack(err)
	}
	return errors.WithStack(syncFolder(filepath.Dir(path)))
}

// syncFolder makes the new name of a file last. Systems that cannot sync a folder are left alone.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	_ = f.Sync()
	return f.Close()
}
