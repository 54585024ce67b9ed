package gguf_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
)

// TestPacked: the matrix of every type is the blocks of the file, also after Close. F32, scalars and short rows are not packed.
func TestPacked(t *testing.T) {
	list := full()
	for i := range list {
		if list[i].Name == "f16" || list[i].Name == "bf16" { // rows of full have one block
			list[i].Shape, list[i].Values = []int{3, 32}, func() ([]float32, error) { return values(96), nil }
		}
	}
	list = append(list, gguf.Tensor{Name: "short", Type: gguf.F16, Shape: []int{3, 5}, Values: func() ([]float32, error) { return values(15), nil }},
		gguf.Tensor{Name: "vector", Type: gguf.Q8_0, Shape: []int{32}, Values: func() ([]float32, error) { return values(32), nil }})
	path := filepath.Join(t.TempDir(), "a.gguf")
	check(t, gguf.Write(path, everything, list))
	f, err := gguf.Open(path)
	check(t, err)
	var after []func()
	for _, want := range list {
		w, err := f.Packed(want.Name)
		check(t, err)
		if slices.Contains([]string{"f32", "scalar", "short", "vector"}, want.Name) {
			if w != nil {
				t.Errorf("%s: got a packed matrix", want.Name)
			}
			continue
		}
		blocks, err := f.Blocks(want.Name)
		check(t, err)
		after = append(after, func() {
			if w == nil || w.Rows != want.Shape[0] || w.Cols != want.Shape[1] || !bytes.Equal(w.Data, blocks) {
				t.Errorf("%s: got another matrix than the file's", want.Name)
			}
		})
	}
	if _, err := f.Packed("none"); err == nil || !strings.Contains(err.Error(), `tensor "none": not among`) {
		t.Errorf("got error %v, want one that names the tensor", err)
	}
	check(t, f.Close())
	for _, compare := range after {
		compare()
	}
}
