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
)

// Weights is a value of the flag -weights: the type of the matrices in memory. The zero value is the types in the file, and float32 for folders.
type Weights struct {
	given bool
	t     gguf.Type
}

// WeightsHelp is the help of -weights.
var WeightsHelp = "`type` of the matrices in memory: " + gguf.TypeNames() + " (default: as in a .gguf file, f32 for a folder)"

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
	source, err := openSource(dir, m)
	if err != nil {
		return err
	}
	defer source.close()
	var room []float32
	for _, path := range slices.Sorted(maps.Keys(forms)) {
		form := forms[path]
		if !slices.Equal(source.shapes[path], form.Shape) {
			continue // Load names the missing weights
		}
		packed, err := source.pack(path, form, w, &room)
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
	source, err := openSource(dir, m)
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
