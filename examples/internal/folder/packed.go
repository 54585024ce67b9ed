package folder

import (
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
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
var WeightsHelp = "`type` of the matrices in memory: f32, bf16, q8_0 or q4_0, or slower " + strings.Join(slowWeights(), ", ") +
	" (default: as in a .gguf file, f32 for a folder)"

// slowWeights lists the types whose products have no kernel of their own.
func slowWeights() []string {
	return slices.DeleteFunc(strings.Split(gguf.TypeNames(), ", "), func(name string) bool {
		return slices.Contains([]string{"f32", "bf16", "q8_0", "q4_0"}, name)
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
	t, ok := gguf.ParseType(string(text))
	if !ok {
		return errors.Errorf("unknown type %q, want one of %s", text, gguf.TypeNames())
	}
	*w = Weights{true, t}
	return nil
}

// ExpectPacked is Expect for Programs that only read the weights, as decl declares them in a mode. The matrices that products and lookups
// read are in the parameters already, in the type that w asks for. Rows that the type cannot hold stay float32. So do all weights if
// adapted is set, because an adapter is added to them. Tables of positions, which are only looked up, stay as in the file.
func ExpectPacked(dir string, m Model, w Weights, adapted bool, mode graph.Mode, decl func(*graph.Scope)) (*graph.Params, error) {
	adapted = adapted || checkpoints.IsAdapter(dir)
	if adapted && w.given && w.t != gguf.F32 {
		return nil, errors.Errorf("-weights is %v, but an adapter needs f32: merge it into its base first, with the command merge", w)
	}
	params, err := Expect(dir, m)
	if err != nil || adapted || w.given && w.t == gguf.F32 || !w.given && !flags.IsGGUF(dir) {
		return params, err
	}
	forms, err := graph.Packings(params, mode, decl)
	if err != nil {
		return nil, err
	}
	source, err := openPacked(dir, m)
	if err != nil {
		return nil, err
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
			return nil, errors.WithMessage(err, dir)
		}
	}
	return params, nil
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
