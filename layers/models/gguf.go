package models

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/pkg/errors"
)

// GGUFFile is the part of a GGUF file that this package reads. The File of package checkpoints/gguf has these methods.
type GGUFFile interface {
	Metadata() map[string]any
	Names() []string                             // of the tensors
	Shape(name string) (shape []int, ok bool)    // row-major
	Values(name string) (x []float32, err error) // row-major

	// ReadValues reads len(x) values from value first on. Both are multiples of the length of a row, or x has all values. It may be called by
	// several goroutines.
	ReadValues(name string, first int, x []float32) error
}

// GGUF is the form of a model in a GGUF file: the metadata of its architecture, and the names and layouts of its tensors, which are those of
// llama.cpp. [OpenGGUF] reads a file. [NewGGUF] is for writing one:
//
//	g, err := models.NewGGUF(m)
//	for path, x := range params.All() {
//		values, rest := g.Encode(path, x.Shape(), x.Float32s())
//		… // write the tensor g.Name(path) of g.Shape(path, x.Shape()), and rest, if any, under the key g.Rest(path)
//	}
//
// In these files the rows of queries and keys of Llama and Mistral are in the order of interleaved rotary pairs, GPT-2's matrices are
// (out, in), BLOOM's queries, keys and values are not grouped by head, the weights of Gemma's norms are larger by 1, and RoBERTa's table of
// positions lacks the rows up to the padding's. All of it is undone without a changed bit: the rounding of 1 + w and the rows that are cut are
// in keys of our own.
//
// The key gorgoformer.config has the whole config.json, so that no setting is lost. It counts only if every other key agrees with it, so
// that a file that another program has changed reads as changed.
type GGUF struct {
	Keys  map[string]any       // metadata, without the tokenizer's
	Fixed map[string][]float32 // tensors that no parameter gives: the divisors of RoPE's frequencies
	Notes []string             // settings that llama.cpp ignores

	arch    string
	layouts map[string]layout // by stem of the path
	names   stems
}

// The keys of our own.
const (
	ggufConfig = "gorgoformer.config" // text of config.json
	ggufRest   = "gorgoformer.rest."  // before the name of a tensor: the values that its layout loses
)

// NewGGUF returns the form of a model in a GGUF file. It is an error if GGUF has no architecture for the family.
func NewGGUF(m Model) (g GGUF, err error) {
	if err := m.Check(); err != nil {
		return g, err
	}
	switch m := m.(type) {
	case GPT:
		g, err = m.withDefaults().gguf()
	case Llama:
		g, err = m.withDefaults().gguf()
	case BERT:
		g = m.withDefaults().gguf()
	case ModernBERT:
		g = m.withDefaults().gguf()
	case T5:
		g = m.withDefaults().gguf()
	default:
		return g, errors.Errorf("models: GGUF has no architecture for %T: want one of %s", m, names(ggufReaders))
	}
	if err != nil {
		return g, err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return g, err
	}
	g.Keys[ggufConfig] = string(text)
	return g, nil
}

// newGGUF returns the form of an architecture. The keys get its prefix.
func newGGUF(arch string, names stems, keys map[string]any) GGUF {
	g := GGUF{Keys: map[string]any{"general.architecture": arch}, Fixed: map[string][]float32{}, arch: arch, names: names, layouts: map[string]layout{}}
	for key, v := range keys {
		g.Keys[arch+"."+key] = v
	}
	return g
}

// ggufReaders lists the readers of the metadata by architecture.
var ggufReaders = map[string]func(k *ggufKeys) Model{
	"gpt2": readGGUFGPT2, "mpt": readGGUFALiBi, "bloom": readGGUFALiBi,
	"llama": readGGUFLlama, "qwen2": readGGUFLlama, "qwen3": readGGUFLlama, "gemma2": readGGUFLlama, "gemma3": readGGUFLlama,
	"bert": readGGUFBERT, "modern-bert": readGGUFModernBERT, "t5": readGGUFT5,
}

// OpenGGUF returns the model in a GGUF file and its form there. It is an error if the architecture is unknown or needs a variant that does
// not exist here.
func OpenGGUF(f GGUFFile) (Model, GGUF, error) {
	all := f.Metadata()
	if m, g, ok := ownGGUF(all); ok {
		return m, g, nil
	}
	arch, _ := all["general.architecture"].(string)
	read, ok := ggufReaders[arch]
	if !ok {
		return nil, GGUF{}, errors.Errorf("models: GGUF: general.architecture is %q, want one of %s", arch, names(ggufReaders))
	}
	k := &ggufKeys{arch: arch, all: all, file: f}
	m := read(k)
	if k.err != nil {
		return nil, GGUF{}, errors.WithMessage(k.err, "models: GGUF")
	}
	g, err := NewGGUF(m)
	return m, g, errors.WithMessage(err, "models: GGUF")
}

// ownGGUF returns the model of gorgoformer.config. ok is false if there is none, or another key disagrees with it.
func ownGGUF(all map[string]any) (m Model, g GGUF, ok bool) {
	text, _ := all[ggufConfig].(string)
	if text == "" {
		return nil, g, false
	}
	m, err := Parse([]byte(text))
	if err != nil {
		return nil, g, false
	}
	if g, err = NewGGUF(m); err != nil {
		return nil, g, false
	}
	for key, v := range g.Keys {
		if key != ggufConfig && !reflect.DeepEqual(all[key], v) {
			return nil, g, false
		}
	}
	for key := range all {
		if _, known := g.Keys[key]; strings.HasPrefix(key, g.arch+".") && !known {
			return nil, g, false
		}
	}
	return m, g, true
}
