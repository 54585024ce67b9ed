package models

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
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

// Decode is the inverse of Encode. shape is the shape in the file, rest is nil if the file has none.
func (g GGUF) Decode(path string, shape []int, values, rest []float32) (newShape []int, x []float32) {
	l := g.layout(path)
	newShape = l.parameterShape(shape)
	switch {
	case l.transposed && len(shape) == 2:
		return newShape, transposed(values, shape[0], shape[1])
	case l.pairs > 0 || l.heads > 0:
		x = make([]float32, len(values))
		l.moveRows(shape, func(parameter, file, n int) { copy(x[parameter:parameter+n], values[file:file+n]) })
		return newShape, x
	case l.plusOne:
		return newShape, minusOne(values, rest)
	case l.cut > 0 && len(shape) == 2:
		if n := l.cut * shape[1]; len(rest) != n {
			rest = make([]float32, n) // a file of another program: nothing reads these rows
		}
		return newShape, slices.Concat(rest, values)
	}
	return newShape, values
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

// minusOne undoes plusOne.
func minusOne(sum, rest []float32) []float32 {
	w := make([]float32, len(sum))
	for i, s := range sum {
		w[i] = float32(float64(s) - 1)
		if len(rest) == len(sum) {
			w[i] = float32(float64(s) - 1 + float64(rest[i]))
		}
	}
	return w
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

// Read returns a parameter of the file.
func (g GGUF) Read(f GGUFFile, path string) (*tensor.Dense, error) {
	name := g.Name(path)
	values, err := f.Values(name)
	if err != nil {
		return nil, err
	}
	shape, _ := f.Shape(name)
	rest, err := g.readRest(f, path, shape)
	if err != nil {
		return nil, err
	}
	shape, x := g.Decode(path, shape, values, rest)
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x)), nil
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

// Load reads the weights of a file into params, such as graph.Params.All(). It is all or nothing: names and shapes are compared before
// the first value changes, and the error lists every difference.
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
	for path, t := range params {
		x, err := g.Read(f, path)
		if err != nil {
			return err
		}
		if err := tensor.Copy(t, x); err != nil {
			return errors.Wrapf(err, "models: GGUF: %s", g.Name(path))
		}
	}
	return nil
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
