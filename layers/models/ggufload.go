package models

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Read returns a parameter of the file.
func (g GGUF) Read(f GGUFFile, path string) (*tensor.Dense, error) {
	shape, _ := f.Shape(g.Name(path))
	t := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(g.layout(path).parameterShape(shape)...))
	return t, g.ReadInto(f, path, t.Float32s())
}

// ReadInto reads a parameter of the file into x, row-major.
func (g GGUF) ReadInto(f GGUFFile, path string, x []float32) error {
	parts, err := g.parts(f, path, x)
	if err != nil {
		return err
	}
	return readParts(f, parts)
}

// Load reads the weights of a file into params, such as graph.Params.All(). It is all or nothing: names and shapes are compared before
// the first value changes, and the error lists every difference. Tensors are read in parts on all processors.
func (g GGUF) Load(f GGUFFile, params iter.Seq2[string, *tensor.Dense]) error {
	left := g.Shapes(f)
	var missing, misshaped []string
	for path, t := range params {
		shape, ok := left[path]
		switch {
		case !ok:
			missing = append(missing, g.Name(path))
		case !slices.Equal(shape, []int(t.Shape())):
			misshaped = append(misshaped, fmt.Sprintf("%s (%v in the file, want %v)", g.Name(path), shape, t.Shape()))
		case t.Dtype() != tensor.Float32 || t.RequiresIterator():
			misshaped = append(misshaped, fmt.Sprintf("%s (want a whole tensor of float32, not of %v)", g.Name(path), t.Dtype()))
		}
		delete(left, path)
	}
	var unexpected []string
	for _, path := range slices.Sorted(maps.Keys(left)) {
		unexpected = append(unexpected, g.Name(path))
	}
	if err := differences(missing, misshaped, unexpected); err != nil {
		return err
	}
	var parts []ggufPart
	for path, t := range params {
		some, err := g.parts(f, path, t.Float32s())
		if err != nil {
			return err
		}
		parts = append(parts, some...)
	}
	return readParts(f, parts)
}

// printable returns a text, which may come from a file, without characters that control a terminal: quoted if it has any.
func printable(text string) string {
	if q := strconv.Quote(text); q != `"`+text+`"` {
		return q
	}
	return text
}

// differences returns an error that lists the differences between a file and a model.
func differences(missing, misshaped, unexpected []string) error {
	var parts []string
	for _, p := range []struct {
		problem string
		names   []string
	}{{"missing in the file", missing}, {"of another shape", misshaped}, {"unexpected in the file", unexpected}} {
		for i, name := range p.names {
			p.names[i] = printable(name)
		}
		if n := len(p.names); n > 12 {
			p.names = append(slices.Clip(p.names[:12]), fmt.Sprintf("… and %d more", n-12))
		}
		if len(p.names) > 0 {
			parts = append(parts, p.problem+": "+strings.Join(p.names, ", "))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return errors.Errorf("models: GGUF: the tensors do not fit the model: %s", strings.Join(parts, "; "))
}
