package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// toGGUF writes a GGUF file.
func (c *conversion) toGGUF(w io.Writer, from *source) error {
	form, err := models.NewGGUF(from.model)
	if err != nil {
		return errors.WithMessage(err, c.model)
	}
	kind, _ := gguf.ParseType(c.kind) // check has validated it
	keys := form.Keys
	tensors, err := c.tensors(form, from, kind, keys)
	if err != nil {
		return err
	}
	notes, err := from.vocabulary(keys)
	if err != nil {
		return err
	}
	for key, v := range from.general {
		if _, ok := keys[key]; !ok {
			keys[key] = v
		}
	}
	keys["general.type"], keys["general.file_type"] = "model", kind.FileType()
	delete(keys, "general.alignment")
	if _, quantized := kind.Quant(); quantized {
		keys["general.quantization_version"] = uint32(2)
	}
	if err := gguf.Write(c.out, keys, tensors); err != nil {
		return err
	}
	return c.report(w, append(form.Notes, notes...), typesOf(tensors))
}

// tensors returns the tensors of the file, and adds the values that their layouts lose to the keys.
func (c *conversion) tensors(form models.GGUF, from *source, kind gguf.Type, keys map[string]any) (list []gguf.Tensor, err error) {
	_, untied := from.shapes["lm_head.weight"]
	for _, path := range slices.Sorted(maps.Keys(from.shapes)) {
		name := form.Name(path)
		t := gguf.Tensor{Name: name, Shape: form.Shape(path, from.shapes[path]), Values: func() ([]float32, error) {
			x, err := from.read(path)
			if err != nil {
				return nil, err
			}
			values, _ := form.Encode(path, x.Shape(), x.Float32s())
			return values, nil
		}}
		if form.Loses(path) {
			x, err := from.read(path)
			if err != nil {
				return nil, err
			}
			if _, rest := form.Encode(path, x.Shape(), x.Float32s()); rest != nil {
				keys[form.Rest(path)] = rest
			}
		}
		t.Type = gguf.TypeFor(kind, name, t.Shape, !untied)
		list = append(list, t)
	}
	for name, x := range form.Fixed {
		list = append(list, gguf.Tensor{Name: name, Shape: []int{len(x)}, Values: func() ([]float32, error) { return x, nil }})
	}
	slices.SortFunc(list, func(a, b gguf.Tensor) int { return strings.Compare(padded(a.Name), padded(b.Name)) })
	return list, nil
}

// padded returns a name in which numbers have leading zeros, so that names sort by the number of the layer.
func padded(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		if strings.Trim(p, "0123456789") == "" {
			parts[i] = fmt.Sprintf("%9s", p)
		}
	}
	return strings.Join(parts, ".")
}

// vocabulary adds the keys of the tokenizer. notes are for a tokenizer that other programs do not know.
func (s *source) vocabulary(keys map[string]any) (notes []string, err error) {
	arch := keys["general.architecture"].(string)
	size := int(keys[arch+".vocab_size"].(uint32))
	if s.template != "" {
		keys["tokenizer.chat_template"] = s.template
	}
	if s.tokenizer == nil {
		keys["tokenizer.ggml.model"] = "none"
		return []string{"the model has no tokenizer"}, nil
	}
	all, err := s.tokenizer.GGUF(size)
	if err != nil {
		return nil, errors.WithMessage(err, s.path)
	}
	maps.Copy(keys, all)
	if all["tokenizer.ggml.model"] == "none" {
		notes = append(notes, "llama.cpp has no tokenizer of this kind: it takes and gives only ids")
	}
	return notes, nil
}

// typesOf lists the types of tensors with their numbers.
func typesOf(tensors []gguf.Tensor) string {
	count := map[gguf.Type]int{}
	for _, t := range tensors {
		count[t.Type]++
	}
	var parts []string
	for _, t := range slices.Sorted(maps.Keys(count)) {
		parts = append(parts, fmt.Sprintf("%d of %v", count[t], t))
	}
	return "tensors: " + strings.Join(parts, ", ")
}

// report prints the sizes, the types and the notes.
func (c *conversion) report(w io.Writer, notes []string, types string) error {
	before, err := size(c.model)
	if err != nil {
		return err
	}
	after, err := size(c.out)
	if err != nil {
		return err
	}
	p := message.NewPrinter(language.English)
	text := p.Sprintf("%s: %d bytes of weights\n%s: %d bytes, %.1f %%", c.model, before, c.out, after, 100*float64(after)/float64(max(before, 1)))
	if types != "" {
		text += "; " + types
	}
	for _, n := range notes {
		text += "\nnote: " + n
	}
	_, err = fmt.Fprintln(w, text)
	return errors.WithStack(err)
}

// size returns the bytes of a GGUF file, or of the weights in a folder.
func size(path string) (n int64, err error) {
	files := []string{path}
	if !flags.IsGGUF(path) {
		if files, err = filepath.Glob(filepath.Join(path, "model*.safetensors")); err != nil {
			return 0, errors.WithStack(err)
		}
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return 0, errors.WithStack(err)
		}
		n += info.Size()
	}
	return n, nil
}
