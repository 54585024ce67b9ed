package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
)

// source is a model to convert.
type source struct {
	path      string
	model     models.Model
	shapes    map[string][]int                         // of the parameters, by path
	read      func(path string) (*tensor.Dense, error) // reads a parameter
	tokenizer *tokenize.Tokenizer                      // nil if the model has none
	template  string                                   // of chats
	general   map[string]any                           // keys of a GGUF file, such as general.name
	close     func()
}

// open opens a folder or a GGUF file.
func open(path string) (*source, error) {
	if flags.IsGGUF(path) {
		return openFile(path)
	}
	return openFolder(path)
}

func openFile(path string) (*source, error) {
	f, err := folder.OpenGGUF(path)
	if err != nil {
		return nil, err
	}
	s := &source{path: path, model: f.Model, general: map[string]any{}, close: func() { f.Close() }}
	s.shapes = f.Form.Shapes(f)
	s.read = func(path string) (*tensor.Dense, error) { return f.Form.Read(f, path) }
	keys := f.Metadata()
	for key, v := range keys {
		if strings.HasPrefix(key, "general.") {
			s.general[key] = v
		}
	}
	s.template, _ = keys["tokenizer.chat_template"].(string)
	if model := keys["tokenizer.ggml.model"]; model == nil || model == "none" && keys["tokenizer.huggingface.json"] == nil {
		return s, nil
	}
	s.tokenizer, err = tokenize.ParseGGUF(keys)
	if err != nil {
		f.Close()
	}
	return s, errors.WithMessage(err, path)
}

func openFolder(dir string) (*source, error) {
	s := &source{path: dir, general: map[string]any{"general.name": filepath.Base(filepath.Clean(dir))}, close: func() {}}
	m, err := models.Open(dir)
	if err != nil {
		return nil, err
	}
	if _, causal := m.(models.LanguageModel); causal {
		opened, err := folder.Open(dir) // unties a head that differs from the embedding
		if err != nil {
			return nil, err
		}
		m = opened.LanguageModel
	}
	names, err := folder.Names(dir)
	if err != nil {
		return nil, err
	}
	s.model = m
	rules := checkpoints.Rules{Rename: models.Rename(m, names), Ignore: m.Ignore}
	if s.shapes, err = checkpoints.Shapes(dir, rules); err != nil {
		return nil, err
	}
	s.read = func(path string) (*tensor.Dense, error) { return readOne(dir, rules, path) }
	if s.template, err = chatTemplate(dir); err != nil || !hasTokenizer(dir) {
		return s, err
	}
	s.tokenizer, err = tokenize.Load(dir)
	return s, err
}

// readOne reads the parameter at a path from the weights of a folder.
func readOne(dir string, rules checkpoints.Rules, path string) (*tensor.Dense, error) {
	found, err := checkpoints.ReadWeights(dir, func(name string) bool {
		to := rules.Rename(name)
		return to == path && !rules.Ignore(to)
	})
	if err != nil {
		return nil, err
	}
	for _, x := range found {
		return x, nil
	}
	return nil, errors.Errorf("%s: %s is missing", dir, path)
}

// setModel changes the model to one that needs fewer of the parameters.
func (s *source) setModel(m models.Model) {
	s.model = m
	maps.DeleteFunc(s.shapes, func(path string, _ []int) bool { return m.Ignore(path) })
}

// hasTokenizer reports whether a folder has the files of a tokenizer.
func hasTokenizer(dir string) bool {
	for _, pattern := range []string{"tokenizer.json", "vocab.json", "vocab.txt", "encoder.json", "*.model", "*.tiktoken", "tekken.json"} {
		if found, _ := filepath.Glob(filepath.Join(dir, pattern)); len(found) > 0 {
			return true
		}
	}
	return false
}

// chatTemplate returns the template of chats in a folder: chat_template.jinja, or chat_template of tokenizer_config.json.
func chatTemplate(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, "chat_template.jinja"))
	if err == nil {
		return string(text), nil
	}
	var config struct {
		Template json.RawMessage `json:"chat_template"`
	}
	path := filepath.Join(dir, "tokenizer_config.json")
	if _, err := os.Stat(path); err != nil {
		return "", nil
	}
	if err := checkpoints.ReadJSON(path, &config); err != nil {
		return "", err
	}
	var one string
	if json.Unmarshal(config.Template, &one) == nil {
		return one, nil
	}
	var several []struct{ Name, Template string }
	if len(config.Template) > 0 && json.Unmarshal(config.Template, &several) != nil {
		return "", errors.Errorf("%s: chat_template is %.100s, want a text or a list of named texts", path, config.Template)
	}
	for _, t := range several {
		if t.Name == "default" || len(several) == 1 {
			return t.Template, nil
		}
	}
	return "", nil
}

// check compares the parameters of the model with those of the source.
func (s *source) check() error {
	declare, err := declaration(s.model)
	if err != nil {
		return err
	}
	params := graph.NewParams(tensor.Float32, 1)
	params.Expect(s.path, s.shapes)
	want, err := graph.Declared(params, graph.Eval, declare)
	if err != nil {
		return err
	}
	var missing, unexpected []string
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if _, ok := s.shapes[path]; !ok {
			missing = append(missing, path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(s.shapes)) {
		if _, ok := want[path]; !ok {
			unexpected = append(unexpected, path)
		}
	}
	if len(missing)+len(unexpected) > 0 {
		return errors.Errorf("%s: the weights do not fit the configuration: %d missing: %.300s; %d unexpected: %.300s",
			s.path, len(missing), strings.Join(missing, ", "), len(unexpected), strings.Join(unexpected, ", "))
	}
	return nil
}

// declaration returns a declaration of all parameters of a model.
func declaration(m models.Model) (func(*graph.Scope), error) {
	switch m := m.(type) {
	case models.BERT:
		if m.Head == "none" {
			return m.Embeddings(1, 1), nil
		}
		return m.Logits(1, 1), nil
	case models.ModernBERT:
		if m.Head == "none" {
			return m.Embeddings(1, 1), nil
		}
		return m.Logits(1, 1), nil
	case models.LanguageModel:
		return m.Logits(1, 1), nil
	case models.T5:
		return m.Loss(1, 1, 1), nil
	}
	return nil, errors.Errorf("%s: want a model of one of the families in GGUF files", strings.TrimPrefix(fmt.Sprintf("%T", m), "models."))
}
