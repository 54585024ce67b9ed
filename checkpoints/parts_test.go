package checkpoints_test

import (
	"path/filepath"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// TestParts: tensors of several parts are read as they are, whole, from any value on, and in the memory of the file.
func TestParts(t *testing.T) {
	const rows, columns = 1<<10 + 1, 513
	singles, doubles, flags := make([]float32, rows*columns), make([]float64, rows*columns), make([]bool, rows*columns)
	for i := range singles {
		singles[i], doubles[i], flags[i] = float32(i), float64(i), i%3 == 0
	}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	check(t, checkpoints.Write(path, pairs(
		named{"a", dense(singles, rows, columns)}, named{"b", dense(doubles, rows, columns)}, named{"c", dense(flags, rows, columns)}), nil))
	a := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(rows, columns))
	b := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(rows, columns))
	c := tensor.New(tensor.Of(tensor.Bool), tensor.WithShape(rows, columns))
	check(t, checkpoints.LoadWeights(path, pairs(named{"a", a}, named{"b", b}, named{"c", c}), checkpoints.Rules{}))
	if !slices.Equal(a.Float64s(), doubles) || !slices.Equal(b.Float32s(), singles) || !slices.Equal(c.Bools(), flags) {
		t.Error("got other values than those that were written")
	}
	w, err := checkpoints.OpenWeights(path, checkpoints.Rules{})
	check(t, err)
	defer w.Close()
	for _, name := range []string{"a", "b"} {
		for _, span := range [][2]int{{0, rows * columns}, {0, 0}, {7, 1}, {columns, 3 * columns}, {rows*columns - 5, 5}} {
			x := make([]float32, span[1])
			check(t, w.ReadValues(name, span[0], x))
			if !slices.Equal(x, singles[span[0]:span[0]+span[1]]) {
				t.Errorf("%s: values %d to %d differ", name, span[0], span[0]+span[1])
			}
		}
		wantError(t, w.ReadValues(name, rows*columns-4, make([]float32, 5)), "checkpoints: "+path, name)
		wantError(t, w.ReadValues(name, -1, make([]float32, 5)), name)
	}
	wantError(t, w.ReadValues("c", 0, make([]float32, 5)), "BOOL does not convert to float32")
	wantError(t, w.ReadValues("d", 0, nil), "d: not among the 3 parameters")
	if m := w.Mapped("a"); m != nil && !slices.Equal(m.Float32s(), singles) {
		t.Error("got other values in the memory of the file")
	}
	if w.Mapped("b") != nil || w.Mapped("c") != nil || w.Mapped("d") != nil {
		t.Error("tensors of other types than float32 are mapped")
	}
}
