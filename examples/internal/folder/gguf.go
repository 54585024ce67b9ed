package folder

import (
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
)

// GGUF is an open GGUF file and the model in it.
type GGUF struct {
	*gguf.File
	Path  string
	Model models.Model
	Form  models.GGUF
}

// OpenGGUF opens a GGUF file with a model.
func OpenGGUF(path string) (*GGUF, error) {
	f, err := gguf.Open(path)
	if err != nil {
		return nil, err
	}
	m, form, err := models.OpenGGUF(f)
	if err != nil {
		f.Close()
		return nil, errors.WithMessage(err, path)
	}
	return &GGUF{f, path, m, form}, nil
}

// OpenAny returns the model of any kind in a folder or a GGUF file.
func OpenAny(path string) (models.Model, error) {
	if !flags.IsGGUF(path) {
		return models.Open(path)
	}
	f, err := OpenGGUF(path)
	if err != nil {
		return nil, err
	}
	return f.Model, f.Close()
}

// Tokenizer reads the tokenizer of a model: a folder, a single file or a GGUF file.
func Tokenizer(path string) (*tokenize.Tokenizer, error) {
	if !flags.IsGGUF(path) {
		return tokenize.Load(path)
	}
	f, err := gguf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := tokenize.ParseGGUF(f.Metadata())
	return t, errors.WithMessage(err, path)
}

// openCausal returns the causal language model in a GGUF file.
func openCausal(path string) (Model, error) {
	f, err := OpenGGUF(path)
	if err != nil {
		return Model{}, err
	}
	defer f.Close()
	m, err := Causal(f.Model)
	return m, errors.WithMessage(err, path)
}

// loadGGUF reads the weights of a GGUF file, without those that are packed.
func loadGGUF(path string, m models.Model, params checkpoints.Tensors, packed func(path string) bool) error {
	f, form, err := formOf(path, m)
	if err != nil {
		return err
	}
	defer f.Close()
	ignored := func(name string) bool { return m.Ignore(name) || packed(name) }
	return errors.WithMessage(form.Load(unpacked{f, form, ignored}, params), path)
}

// unpacked is a file without the parameters that are ignored or in few bits.
type unpacked struct {
	*gguf.File
	form    models.GGUF
	ignored func(path string) bool
}

// Names returns the names of the tensors that are left.
func (u unpacked) Names() []string {
	return slices.DeleteFunc(u.File.Names(), func(name string) bool { return u.ignored(u.form.Path(name)) })
}

// formOf opens a GGUF file and returns the form of m in it.
func formOf(path string, m models.Model) (*gguf.File, models.GGUF, error) {
	f, err := gguf.Open(path)
	if err != nil {
		return nil, models.GGUF{}, err
	}
	if own, ok := m.(Model); ok {
		m = own.LanguageModel
	}
	form, err := models.NewGGUF(m)
	if err != nil {
		f.Close()
		return nil, form, errors.WithMessage(err, path)
	}
	return f, form, nil
}
