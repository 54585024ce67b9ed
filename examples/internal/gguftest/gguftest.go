// Package gguftest writes GGUF files for tests of the examples.
package gguftest

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// Convert writes the model in a folder and its tokenizer to a GGUF file of float32 and returns the path.
func Convert(t testing.TB, dir string) string {
	t.Helper()
	check := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	m, err := folder.OpenAny(dir)
	check(err)
	form, err := models.NewGGUF(m)
	check(err)
	all, err := checkpoints.Read(dir)
	check(err)
	rename := models.Rename(m, slices.Collect(maps.Keys(all)))
	var tensors []gguf.Tensor
	for name, x := range all {
		path := rename(name)
		if m.Ignore(path) {
			continue
		}
		values, _ := form.Encode(path, x.Shape(), x.Float32s())
		tensors = append(tensors, gguf.Tensor{
			Name: form.Name(path), Type: gguf.F32, Shape: form.Shape(path, x.Shape()), Values: func() ([]float32, error) { return values, nil },
		})
	}
	for name, x := range form.Fixed {
		tensors = append(tensors, gguf.Tensor{Name: name, Type: gguf.F32, Shape: []int{len(x)}, Values: func() ([]float32, error) { return x, nil }})
	}
	tok, err := folder.Tokenizer(dir)
	check(err)
	arch := form.Keys["general.architecture"].(string)
	vocabulary, err := tok.GGUF(int(form.Keys[arch+".vocab_size"].(uint32)))
	check(err)
	maps.Copy(form.Keys, vocabulary)
	path := filepath.Join(t.TempDir(), "model.gguf")
	check(gguf.Write(path, form.Keys, tensors))
	return path
}
