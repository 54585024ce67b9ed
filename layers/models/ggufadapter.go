package models

import (
	"cmp"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/layers"
)

// GGUFAdapter is the form of a LoRA in a GGUF file, which is llama.cpp's (convert_lora_to_gguf.py and llama-adapter.cpp,
// https://github.com/ggml-org/llama.cpp). A has the name of the weight that it adapts, with the suffix .lora_a, and B with .lora_b. The
// rows of B have the order of the rows of that weight in the file of the base. The file has one alpha, and the scale of a layer is alpha
// divided by the layer's rank. B is multiplied by the rest of the scale in layers that have another one.
type GGUFAdapter struct {
	Keys    map[string]any
	Tensors []GGUFTensor
}

// GGUFTensor is a tensor of a GGUFAdapter.
type GGUFTensor struct {
	Name   string
	Shape  []int // row-major
	Values []float32
}

// The keys of an adapter, and the suffixes of its tensors.
const (
	ggufKind, ggufAdapterType, ggufAlpha = "general.type", "adapter.type", "adapter.lora.alpha"
	ggufA, ggufB                         = ".lora_a", ".lora_b"
)

// NewGGUFAdapter returns the form of the adapter l of m. weights has A and B of every layer, by path. It is an error if GGUF has no architecture
// for m.
func NewGGUFAdapter(l layers.LoRA, m Model, weights map[string]*tensor.Dense) (f GGUFAdapter, err error) {
	g, err := NewGGUF(m)
	if err != nil {
		return f, err
	}
	adapted, err := l.Layers(Declaration(m))
	if err != nil {
		return f, err
	}
	alpha := float32(adapted[0].Scale * float64(adapted[0].Rank))
	f.Keys = map[string]any{"general.architecture": g.arch, ggufKind: "adapter", ggufAdapterType: "lora", ggufAlpha: alpha}
	for _, layer := range adapted {
		a, b := weights[layer.A], weights[layer.B]
		if a == nil || b == nil || a.DataSize() != layer.Rank*layer.In || b.DataSize() != layer.Out*layer.Rank {
			return f, errors.Errorf("models: GGUF: adapter of %s: A or B is missing or has another shape than %d by %d and %d by %d", layer.Path, layer.Rank, layer.In, layer.Out, layer.Rank)
		}
		name, shape := g.Name(layer.Weight), []int{layer.Out, layer.Rank}
		values := scaled(b.Float32s(), float32(layer.Scale*float64(layer.Rank)/float64(alpha)))
		f.Tensors = append(f.Tensors,
			GGUFTensor{name + ggufA, []int{layer.Rank, layer.In}, a.Float32s()},
			GGUFTensor{name + ggufB, shape, g.layout(layer.Weight).fileRows(shape, values)})
	}
	return f, nil
}

// scaled returns x times a, and x itself if a is 1.
func scaled(x []float32, a float32) []float32 {
	if a == 1 {
		return x
	}
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = a * v
	}
	return y
}

// fileRows returns the rows of x in the order of the file.
func (l layout) fileRows(shape []int, x []float32) []float32 {
	if l.pairs == 0 && l.heads == 0 {
		return x
	}
	y := make([]float32, len(x))
	l.moveRows(shape, func(parameter, file, n int) { copy(y[file:file+n], x[parameter:parameter+n]) })
	return y
}

// parameterRows is the inverse of fileRows.
func (l layout) parameterRows(shape []int, x []float32) []float32 {
	if l.pairs == 0 && l.heads == 0 {
		return x
	}
	y := make([]float32, len(x))
	l.moveRows(shape, func(parameter, file, n int) { copy(y[parameter:parameter+n], x[file:file+n]) })
	return y
}

// IsGGUFAdapter reports whether a GGUF file holds an adapter and no model.
func IsGGUFAdapter(f GGUFFile) bool {
	kind, _ := f.Metadata()[ggufKind].(string)
	return kind == "adapter"
}

// OpenGGUFAdapter returns the LoRA in a GGUF file and its weights by path. It is an error if the file has another kind of adapter, or does not
// fit the base m.
func OpenGGUFAdapter(f GGUFFile, m Model) (l layers.LoRA, weights map[string]*tensor.Dense, err error) {
	g, err := NewGGUF(m)
	if err != nil {
		return l, nil, err
	}
	alpha, err := checkGGUFAdapter(f, g.arch)
	if err != nil {
		return l, nil, err
	}
	r := ggufAdapter{file: f, form: g, layers: map[string]layers.Adapted{}, ranks: map[string]int{}, weights: map[string]*tensor.Dense{}}
	all, err := layers.LoRA{Rank: 1, Alpha: 1, Targets: []string{"all"}}.Layers(Declaration(m))
	if err != nil {
		return l, nil, err
	}
	for _, layer := range all {
		r.layers[g.Name(layer.Weight)] = layer
	}
	for _, name := range f.Names() {
		if err := r.read(name); err != nil {
			return l, nil, errors.WithMessage(err, "models: GGUF")
		}
	}
	return r.lora(alpha, all), r.weights, nil
}

// checkGGUFAdapter checks the metadata of an adapter and returns its alpha. 0 means that the scale of every layer is 1.
func checkGGUFAdapter(f GGUFFile, arch string) (alpha float64, err error) {
	keys := f.Metadata()
	for _, c := range []struct{ key, want string }{{ggufKind, "adapter"}, {ggufAdapterType, "lora"}, {"general.architecture", arch}} {
		if got, _ := keys[c.key].(string); got != c.want {
			return 0, errors.Errorf("models: GGUF: %s is %q, want %q: give a LoRA adapter of this base", c.key, got, c.want)
		}
	}
	v, ok := keys[ggufAlpha].(float32)
	if alpha = float64(v); keys[ggufAlpha] != nil && !ok || !(alpha >= 0) || math.IsInf(alpha, 0) {
		return 0, errors.Errorf("models: GGUF: %s is %v, want a finite float32 of at least 0", ggufAlpha, keys[ggufAlpha])
	}
	if len(f.Names()) == 0 {
		return 0, errors.New("models: GGUF: the adapter has no tensors")
	}
	return alpha, nil
}

// ggufAdapter collects the tensors of an adapter.
type ggufAdapter struct {
	file    GGUFFile
	form    GGUF
	layers  map[string]layers.Adapted // by name of the weight
	ranks   map[string]int            // by path of the layer
	weights map[string]*tensor.Dense
}

// read reads A and B of a layer at the name of A. The name of B has no effect, because A is there.
func (r *ggufAdapter) read(name string) error {
	weight, isA := strings.CutSuffix(name, ggufA)
	if !isA {
		var isB bool
		if weight, isB = strings.CutSuffix(name, ggufB); !isB {
			return errors.Errorf("tensor %q: want names that end in %s or %s", name, ggufA, ggufB)
		}
		if _, ok := r.file.Shape(weight + ggufA); !ok {
			return errors.Errorf("tensor %q has no %s: the adapter is not whole", name, weight+ggufA)
		}
		return nil
	}
	layer, ok := r.layers[weight]
	if !ok {
		return errors.Errorf("tensor %q adapts %q, which is no linear layer of the base: give the base that it was trained on", name, weight)
	}
	a, _ := r.file.Shape(name)
	b, ok := r.file.Shape(weight + ggufB)
	if !ok {
		return errors.Errorf("tensor %q has no %s: the adapter is not whole", name, weight+ggufB)
	}
	if len(a) != 2 || a[0] < 1 || a[0] > min(layer.In, layer.Out) || a[1] != layer.In || !slices.Equal(b, []int{layer.Out, a[0]}) {
		return errors.Errorf("tensors %q and %q have shapes %v and %v, want (r, %d) and (%d, r)", name, weight+ggufB, a, b, layer.In, layer.Out)
	}
	x, err := r.file.Values(name)
	if err != nil {
		return err
	}
	y, err := r.file.Values(weight + ggufB)
	if err != nil {
		return err
	}
	r.ranks[layer.Path] = a[0]
	r.weights[layer.A] = tensor.New(tensor.WithShape(a...), tensor.WithBacking(x))
	r.weights[layer.B] = tensor.New(tensor.WithShape(b...), tensor.WithBacking(r.form.layout(layer.Weight).parameterRows(b, y)))
	return nil
}

// lora returns the configuration: the rank of most layers, and the layers of other ranks.
func (r *ggufAdapter) lora(alpha float64, all []layers.Adapted) layers.LoRA {
	count := map[int]int{}
	for _, rank := range r.ranks {
		count[rank]++
	}
	l := layers.LoRA{Rank: slices.MaxFunc(slices.Sorted(maps.Keys(count)), func(a, b int) int { return cmp.Compare(count[a], count[b]) })}
	l.Alpha = cmp.Or(alpha, float64(l.Rank))
	for path, rank := range r.ranks {
		if rank == l.Rank {
			continue
		}
		if l.Ranks == nil {
			l.Ranks, l.Alphas = map[string]int{}, map[string]float64{}
		}
		l.Ranks[regexp.QuoteMeta(path)] = rank
		if alpha == 0 {
			l.Alphas[regexp.QuoteMeta(path)] = float64(rank)
		}
	}
	adapted := slices.DeleteFunc(slices.Clone(all), func(layer layers.Adapted) bool { return r.ranks[layer.Path] == 0 })
	l.Targets = moduleNames(adapted, all)
	return l
}
