package gguf_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
)

// TestReadValues: any blocks of a tensor of any type have the values that they have in the whole tensor.
func TestReadValues(t *testing.T) {
	list := full()
	for i := range list {
		if row := list[i].Shape; len(row) == 2 { // several parts
			row[0] = 300_000 / row[1]
			list[i].Values = func() ([]float32, error) { return values(row[0] * row[1]), nil }
		}
	}
	path := filepath.Join(t.TempDir(), "a.gguf")
	check(t, gguf.Write(path, everything, list))
	f, err := gguf.Open(path)
	check(t, err)
	defer f.Close()
	for _, want := range list {
		all, err := f.Values(want.Name)
		check(t, err)
		weights, _ := want.Type.Block()
		for _, span := range [][2]int{{0, len(all)}, {0, 0}, {weights, 2 * weights}, {len(all) - weights, weights}} {
			if span[0]+span[1] > len(all) {
				continue
			}
			x := make([]float32, span[1])
			check(t, f.ReadValues(want.Name, span[0], x))
			if !slices.Equal(x, all[span[0]:span[0]+span[1]]) {
				t.Errorf("%s: values %d to %d differ", want.Name, span[0], span[0]+span[1])
			}
		}
		for _, first := range []int{-weights, len(all), 1} {
			if err := f.ReadValues(want.Name, first, make([]float32, weights)); (first != 1 || weights > 1) && (err == nil || !strings.Contains(err.Error(), want.Name)) {
				t.Errorf("%s: got error %v for values from %d on, want one that names the tensor", want.Name, err, first)
			}
		}
		switch x := f.Mapped(want.Name); {
		case x != nil && want.Type != gguf.F32:
			t.Errorf("%s: a tensor of %v is mapped as numbers", want.Name, want.Type)
		case x != nil && !slices.Equal(x, all):
			t.Errorf("%s: got other values in the memory of the file", want.Name)
		}
	}
	if err := f.ReadValues("none", 0, nil); err == nil || !strings.Contains(err.Error(), `tensor "none": not among`) {
		t.Errorf("got error %v, want one that names the tensor", err)
	}
}
