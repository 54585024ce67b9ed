package models

import (
	"math"
	"reflect"
	"slices"

	"github.com/pkg/errors"
)

// layout is the way in which a GGUF file holds a parameter. The zero value is the parameter itself.
type layout struct {
	transposed bool // (in, out) becomes (out, in)
	pairs      int  // heads whose rows are in the order of interleaved rotary pairs
	heads      int  // heads by which the rows of queries, keys and values are grouped in the parameter
	plusOne    bool // 1 is added
	cut        int  // number of first rows that the file lacks
}

// layout returns the layout of the parameter at a path. Only tables and vectors of weights are cut or grow by 1.
func (g GGUF) layout(path string) layout {
	stem, _, last := stemOf(path)
	l := g.layouts[stem]
	if last != "weight" {
		l.transposed, l.plusOne = false, false
	}
	return l
}

// Shape returns the shape in a GGUF file of a parameter with a shape.
func (g GGUF) Shape(path string, shape []int) []int {
	l := g.layout(path)
	shape = slices.Clone(shape)
	switch {
	case l.transposed && len(shape) == 2:
		slices.Reverse(shape)
	case l.cut > 0 && len(shape) == 2:
		shape[0] -= l.cut
	}
	return shape
}

// Encode returns the values in a GGUF file of a parameter. rest is nil unless the layout loses something that must be kept: the rounding
// of 1 + w, or the rows that are cut. x is not changed.
func (g GGUF) Encode(path string, shape []int, x []float32) (values, rest []float32) {
	l := g.layout(path)
	switch {
	case l.transposed && len(shape) == 2:
		return transposed(x, shape[0], shape[1]), nil
	case l.pairs > 0 || l.heads > 0:
		values = make([]float32, len(x))
		l.moveRows(shape, func(parameter, file, n int) { copy(values[file:file+n], x[parameter:parameter+n]) })
		return values, nil
	case l.plusOne:
		return plusOne(x)
	case l.cut > 0 && len(shape) == 2:
		n := l.cut * shape[1]
		return x[n:], x[:n]
	}
	return x, nil
}

// parameterShape returns the shape of the parameter of a tensor.
func (l layout) parameterShape(shape []int) []int {
	shape = slices.Clone(shape)
	switch {
	case l.transposed && len(shape) == 2:
		slices.Reverse(shape)
	case l.cut > 0 && len(shape) == 2:
		shape[0] += l.cut
	}
	return shape
}

// transposed returns the transpose of a matrix.
func transposed(x []float32, rows, columns int) []float32 {
	y := make([]float32, len(x))
	for i := range rows {
		for j := range columns {
			y[j*rows+i] = x[i*columns+j]
		}
	}
	return y
}

// moveRows calls move with the place of each row in the parameter and in the file, and with its length.
func (l layout) moveRows(shape []int, move func(parameter, file, n int)) {
	n := 1
	for _, axis := range shape[1:] {
		n *= axis
	}
	for row := range shape[0] {
		file := row
		if l.pairs > 0 { // of a head: first half, second half → pairs
			d := max(shape[0]/l.pairs, 2)
			head, i := row/d, row%d
			file = head*d + i%(d/2)*2 + i/(d/2)
		} else { // head, query|key|value, channel → query|key|value, head, channel
			d := max(shape[0]/3/l.heads, 1)
			head, part, i := row/d/3, row/d%3, row%d
			file = part*d*l.heads + head*d + i
		}
		if file < shape[0] {
			move(row*n, file*n, n)
		}
	}
}

// plusOne returns 1 + w in float32 and the rounding error, which is a float32 (Knuth, The Art of Computer Programming 2, section 4.2.2).
// rest is nil if all errors are 0.
func plusOne(w []float32) (sum, rest []float32) {
	sum, errs := make([]float32, len(w)), make([]float32, len(w))
	for i, v := range w {
		sum[i] = 1 + v
		if errs[i] = float32(float64(v) - (float64(sum[i]) - 1)); errs[i] != 0 || v == 0 && math.Signbit(float64(v)) {
			rest = errs
		}
	}
	return sum, rest
}

// minusOne undoes plusOne in place.
func minusOne(x, rest []float32) {
	for i, sum := range x {
		w := float64(sum) - 1
		if len(rest) == len(x) {
			w += float64(rest[i])
		}
		x[i] = float32(w)
	}
}

// Loses reports whether Encode may return a rest for a parameter.
func (g GGUF) Loses(path string) bool {
	l := g.layout(path)
	return l.plusOne || l.cut > 0
}

// Rest returns the key of the values that Encode returns as rest.
func (g GGUF) Rest(path string) string { return ggufRest + g.Name(path) }

// Shapes returns the shapes of the parameters in a file, by path. With graph.Params.Expect, a wrong configuration costs no memory.
func (g GGUF) Shapes(f GGUFFile) map[string][]int {
	shapes := map[string][]int{}
	for _, name := range f.Names() {
		if _, fixed := g.Fixed[name]; fixed || name == ropeDivisors {
			continue
		}
		path := g.Path(name)
		shape, _ := f.Shape(name)
		shapes[path] = g.layout(path).parameterShape(shape)
	}
	return shapes
}

// readRest returns the rest of a parameter, nil if the file has none. shape is the shape in the file.
func (g GGUF) readRest(f GGUFFile, path string, shape []int) ([]float32, error) {
	v, ok := f.Metadata()[g.Rest(path)]
	if !ok || !g.Loses(path) {
		return nil, nil
	}
	want := 1
	for _, axis := range shape {
		want *= axis
	}
	if l := g.layout(path); l.cut > 0 && len(shape) == 2 {
		want = l.cut * shape[1]
	}
	rest, ok := v.([]float32)
	if !ok || len(rest) != want {
		return nil, errors.Errorf("models: GGUF: %s is a %T of %d elements, want %d of float32 for shape %v: convert the model again", g.Rest(path), v, lengthOf(v), want, shape)
	}
	return rest, nil
}

// lengthOf returns the length of a slice, and 1 for other values.
func lengthOf(v any) int {
	if r := reflect.ValueOf(v); r.Kind() == reflect.Slice {
		return r.Len()
	}
	return 1
}
