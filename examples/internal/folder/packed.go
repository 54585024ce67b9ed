package folder

import (
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
	"github.com/gorgoformer/gorgoformer/examples/internal/adapter"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// Weights is a value of the flag -weights: the type of the matrices in memory. The zero value is the types in the file, and float32 for folders.
type Weights struct {
	given bool
	t     gguf.Type
}

// WeightsHelp is the help of -weights.
var WeightsHelp = "`type` of the matrices in memory: f32, bf16, q8_0, q4_k or q4_0, or slower " + strings.Join(slowWeights(), ", ") +
	" (default: as in a .gguf file, f32 for a folder)"

// slowWeights lists the types whose products have no kernel of their own.
func slowWeights() []string {
	return slices.DeleteFunc(strings.Split(gguf.TypeNames(), ", "), func(name string) bool {
		return slices.Contains([]string{"f32", "bf16", "q8_0", "q4_k", "q4_0"}, name)
	})
}

// MarshalText returns the name of the type, "" for the zero value.
func (w Weights) MarshalText() ([]byte, error) {
	if !w.given {
		return nil, nil
	}
	return []byte(w.String()), nil
}

// String returns the name of the type.
func (w Weights) String() string { return strings.ToLower(w.t.String()) }

// UnmarshalText reads the name of a type.
func (w *Weights) UnmarshalText(text []byte) error {
	if len(text) == 0 { // of a run without the flag
		*w = Weights{}
		return nil
	}
	t, ok := gguf.ParseType(string(text))
	if !ok {
		return errors.Errorf("unknown type %q, want one of %s", text, gguf.TypeNames())
	}
	*w = Weights{true, t}
	return nil
}

// Given reports whether w asks for a type.
func (w Weights) Given() bool { return w.given }

// float reports whether w leaves all weights of a folder or a file in float32.
func (w Weights) float(dir string) bool {
	return w.given && w.t == gguf.F32 || !w.given && !flags.IsGGUF(dir)
}

// Use is a declaration that reads the weights, and its mode.
type Use struct {
	Mode    graph.Mode
	Declare func(*graph.Scope)
}

// Pack adds the matrices in a folder or a GGUF file to params in the type that w asks for, if all uses only read them, and only in products and
// lookups. Rows that the type cannot hold are left out. So are all weights if w asks for float32. LoadRest reads the others after Build. It is
// an error if few bits are asked for and the folder holds an adapter, which would be added to them. Tables of positions, which are only looked
// up, stay as in the file.
func Pack(dir string, m Model, w Weights, params *graph.Params, uses ...Use) error {
	below, err := adapter.Below(dir)
	if err != nil {
		return err
	}
	if below != dir && w.given && w.t != gguf.F32 {
		return errors.Errorf("-weights is %v, but %s is an adapter of %s: merge it into its base first, with %s", w, dir, below, flags.Call("gpt", "merge"))
	}
	if below != dir || w.float(dir) {
		return nil
	}
	forms, err := packings(params, uses)
	if err != nil {
		return err
	}
	source, err := openPacked(dir, m)
	if err != nil {
		return err
	}
	defer source.close()
	for _, path := range slices.Sorted(maps.Keys(forms)) {
		form := forms[path]
		if !slices.Equal(source.shapes[path], form.Shape) {
			continue // Load names the missing weights
		}
		packed, err := source.pack(path, form, w)
		if err == nil && packed != nil {
			err = params.Pack(path, form, packed)
		}
		if err != nil {
			return errors.WithMessage(err, dir)
		}
	}
	return nil
}

// packings returns the packings that all uses share.
func packings(params *graph.Params, uses []Use) (all map[string]graph.Packing, err error) {
	for i, u := range uses {
		forms, err := graph.Packings(params, u.Mode, u.Declare)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			all = forms
		}
		for path, form := range all {
			other, ok := forms[path]
			if !ok || other.Trans != form.Trans {
				delete(all, path)
				continue
			}
			form.Table = form.Table && other.Table
			all[path] = form
		}
	}
	return all, nil
}

// Size returns the number of weights of params, those in few bits included.
func Size(params *graph.Params) int {
	n := params.Size()
	for _, w := range params.AllPacked() {
		n += w.Rows * w.Cols
	}
	return n
}

// Sum returns checkpoints.Sum of the weights in a folder or a GGUF file. params have some of them in few bits, whose values are read again
// one at a time, and weights are the others.
func Sum(dir string, m Model, params *graph.Params, weights checkpoints.Tensors) (string, error) {
	var packed []string
	for path := range params.AllPacked() {
		packed = append(packed, path)
	}
	if len(packed) == 0 {
		return checkpoints.Sum(weights), nil
	}
	source, err := openPacked(dir, m)
	if err != nil {
		return "", err
	}
	defer source.close()
	others := maps.Collect(weights)
	return checkpoints.SumOf(slices.Concat(packed, slices.Collect(maps.Keys(others))), func(path string) (*tensor.Dense, error) {
		if t := others[path]; t != nil {
			return t, nil
		}
		return source.values(path)
	})
}

// packedSource reads parameters of a folder or a GGUF file one by one.
type packedSource struct {
	shapes map[string][]int
	kept   func(path string) bool                                // reports whether -weights does not apply
	as     func(path string, trans bool) (*kernel.Packed, error) // as it is in the file, nil if it is not in few bits
	values func(path string) (*tensor.Dense, error)
	close  func() error
}

func openPacked(dir string, m Model) (s packedSource, err error) {
	if flags.IsGGUF(dir) {
		f, form, err := formOf(dir, m)
		if err != nil {
			return s, err
		}
		s.kept = keptBy(form, form.Shapes(f))
		s.as = func(path string, trans bool) (*kernel.Packed, error) { return form.ReadPacked(f, path, trans) }
		s.values = func(path string) (*tensor.Dense, error) { return form.Read(f, path) }
		s.shapes, s.close = form.Shapes(f), f.Close
		return s, nil
	}
	rules, err := rulesOf(dir, m)
	if err != nil {
		return s, err
	}
	s.as = func(string, bool) (*kernel.Packed, error) { return nil, nil }
	s.close = func() error { return nil }
	s.values = func(path string) (*tensor.Dense, error) {
		t, one := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(s.shapes[path]...)), rules
		one.Ignore = func(other string) bool { return other != path }
		return t, checkpoints.LoadWeights(dir, func(yield func(string, *tensor.Dense) bool) { yield(path, t) }, one)
	}
	if s.shapes, err = checkpoints.Shapes(dir, rules); err != nil {
		return s, err
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

// pack returns a parameter in few bits, nil if it stays float32.
func (s packedSource) pack(path string, form graph.Packing, w Weights) (*kernel.Packed, error) {
	have, err := s.as(path, form.Trans)
	want, _ := w.t.Quant()
	if err != nil || !w.given || have != nil && have.Format == want || s.kept(path) {
		return have, err
	}
	if want = form.Format(want); !want.Packs(form.Cols) {
		return nil, nil
	}
	t, err := s.values(path)
	if err != nil {
		return nil, err
	}
	x := t.Float32s()
	for i, v := range x {
		if v-v != 0 {
			return nil, errors.Errorf("%s: weight %d is %v, which %v cannot hold: use -weights f32", path, i, v, want)
		}
	}
	return form.Round(want, x), nil
}
