package folder

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// source reads parameters of a folder or a GGUF file one by one.
type source struct {
	shapes map[string][]int
	kept   func(path string) bool                                // reports whether -weights does not apply
	as     func(path string, trans bool) (*kernel.Packed, error) // as it is in the file, nil if it is not in few bits
	whole  func(path string, x []float32) error                  // reads all values
	mapped func(path string) *tensor.Dense                       // in the memory of the file, nil if it cannot be
	close  func() error

	// rows reads values of the matrix, or of its transpose, from value first on. ok is false if the file has another layout.
	rows func(path string, trans bool, first int, x []float32) (ok bool, err error)
}

func openSource(dir string, m Model) (s source, err error) {
	if flags.IsGGUF(dir) {
		f, form, err := formOf(dir, m)
		if err != nil {
			return s, err
		}
		s.shapes, s.close = form.Shapes(f), f.Close
		s.kept = keptBy(form, s.shapes)
		s.as = func(path string, trans bool) (*kernel.Packed, error) { return form.ReadPacked(f, path, trans) }
		s.whole = func(path string, x []float32) error { return form.ReadInto(f, path, x) }
		s.mapped = func(path string) *tensor.Dense { return form.ReadMapped(f, path) }
		s.rows = func(path string, trans bool, first int, x []float32) (bool, error) {
			return form.ReadRows(f, path, trans, first, x)
		}
		return s, nil
	}
	rules, err := rulesOf(dir, m)
	if err != nil {
		return s, err
	}
	w, err := checkpoints.OpenWeights(dir, rules)
	if err != nil {
		return s, err
	}
	s.shapes, s.close, s.mapped = w.Shapes(), w.Close, w.Mapped
	s.as = func(string, bool) (*kernel.Packed, error) { return nil, nil }
	s.whole = func(path string, x []float32) error { return w.ReadValues(path, 0, x) }
	s.rows = func(path string, trans bool, first int, x []float32) (bool, error) {
		if trans {
			return false, nil
		}
		return true, w.ReadValues(path, first, x)
	}
	s.kept = func(string) bool { return false }
	if form, err := models.NewGGUF(m.LanguageModel); err == nil { // else the family is in no GGUF file, and has no table of positions
		s.kept = keptBy(form, s.shapes)
	}
	return s, nil
}

// keptBy reports whether a parameter stays float32 in GGUF files of every type.
func keptBy(form models.GGUF, shapes map[string][]int) func(path string) bool {
	return func(path string) bool {
		return gguf.TypeFor(gguf.BF16, form.Name(path), shapes[path], false) == gguf.F32
	}
}

// values returns a parameter.
func (s source) values(path string) (*tensor.Dense, error) {
	t := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(s.shapes[path]...))
	return t, s.whole(path, t.Float32s())
}

// packValues is about the most values of a matrix that are in float32 at a time.
const packValues = 1 << 20

// pack returns a parameter in few bits, nil if it stays float32. It keeps the memory of room for the next parameter.
func (s source) pack(path string, form graph.Packing, w Weights, room *[]float32) (*kernel.Packed, error) {
	have, err := s.as(path, form.Trans)
	want, _ := w.t.Quant()
	if err != nil || !w.given || have != nil && have.Format == want || s.kept(path) {
		return have, err
	}
	if want = form.Format(want); !want.Packs(form.Cols) {
		return nil, nil
	}
	finite := func(x []float32) error {
		for i, v := range x {
			if v-v != 0 {
				return errors.Errorf("%s: weight %d is %v, which %v cannot hold: use -weights f32", path, i, v, want)
			}
		}
		return nil
	}
	p, most := kernel.NewPacked(want, form.Rows, form.Cols), max(1, packValues/form.Cols)
	for row := 0; row < form.Rows; row += most {
		n := min(most, form.Rows-row)
		x := sized(room, n*form.Cols)
		switch ok, err := s.rows(path, form.Trans, row*form.Cols, x); {
		case err != nil:
			return nil, err
		case !ok:
			return s.packWhole(path, form, want, sized(room, form.Rows*form.Cols), finite)
		}
		if err := finite(x); err != nil {
			return nil, err
		}
		p.PackRows(row, n, kernel.Matrix[float32]{Data: x, Stride: form.Cols})
	}
	return p, nil
}

// packWhole packs a parameter whose rows are not contiguous in the file.
func (s source) packWhole(path string, form graph.Packing, want kernel.Quant, x []float32, finite func([]float32) error) (*kernel.Packed, error) {
	err := s.whole(path, x)
	if err == nil {
		err = finite(x)
	}
	if err != nil {
		return nil, err
	}
	return form.Round(want, x), nil
}

// sized returns n numbers in the memory of room, which grows.
func sized(room *[]float32, n int) []float32 {
	if cap(*room) < n {
		*room = make([]float32, n)
	}
	return (*room)[:n]
}
