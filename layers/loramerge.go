package layers

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// recording collects the linear layers of a declaration.
type recording struct {
	paths   []string
	matched map[string]bool // targets that match a layer
	adapted []Adapted
}

func (r *recording) add(l LoRA, path string, attention bool) {
	r.paths = append(r.paths, path)
	for _, t := range l.Targets {
		r.matched[t] = r.matched[t] || targets(t, path, attention)
	}
}

// Layers returns the layers of a declaration that Targets select, in order of declaration. It allocates no weights. It is an error if a
// field is invalid, if one of Targets selects no layer, or if Rank exceeds a side of a weight.
func (l LoRA) Layers(declare func(*graph.Scope)) ([]Adapted, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	r := &recording{matched: map[string]bool{}}
	if _, err := graph.Estimate(graph.NewParams(tensor.Float32, 0).Carry(l).Carry(r), graph.Eval, declare); err != nil {
		return nil, err
	}
	for _, t := range l.Targets {
		if !r.matched[t] {
			return nil, errors.Errorf("layers: LoRA: target %q selects no linear layer: %s", t, r.remedy())
		}
	}
	return r.adapted, nil
}

// Whole returns the shapes of the weights of a declaration that Saved selects, by path. It is an error if one of Saved selects none.
func (l LoRA) Whole(declare func(*graph.Scope)) (map[string][]int, error) {
	if len(l.Saved) == 0 {
		return nil, nil
	}
	all, err := graph.Declared(graph.NewParams(tensor.Float32, 0), graph.Eval, declare)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(all, func(path string, _ []int) bool { return !l.saves(path) })
	for _, name := range l.Saved {
		one := LoRA{Saved: []string{name}}
		if !slices.ContainsFunc(slices.Collect(maps.Keys(all)), one.saves) {
			return nil, errors.Errorf("layers: LoRA: Saved has %q, which selects no weight: want the name of a module of the model", name)
		}
	}
	return all, nil
}

// NewWeights returns zeros for the weights of an adapter, by path, to load it into: A and B of the layers, which Layers has returned, and the
// weights of Whole.
func NewWeights(layers []Adapted, whole map[string][]int) map[string]*tensor.Dense {
	weights := map[string]*tensor.Dense{}
	for _, l := range layers {
		weights[l.A] = tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(l.Rank, l.In))
		weights[l.B] = tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(l.Out, l.Rank))
	}
	for path, shape := range whole {
		weights[path] = tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(shape...))
	}
	return weights
}

// remedy names the layers that a target could select.
func (r *recording) remedy() string {
	if len(r.paths) == 0 {
		return "the model has none"
	}
	var names []string
	for _, p := range r.paths {
		if name := p[strings.LastIndex(p, ".")+1:]; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return "want all, attn or names among " + strings.Join(names, ", ")
}

// Merge adds s·B·A to the weight of each layer, so that a Program without the adapter computes the same. weights hold the base and the
// adapter by path, as graph.Params.All() does. layers are the result of Layers. After an error nothing has changed. Merging twice adds
// the product twice.
func Merge(weights iter.Seq2[string, *tensor.Dense], layers []Adapted) error {
	byPath := map[string]*tensor.Dense{}
	for path, w := range weights {
		byPath[path] = w
	}
	for _, l := range layers {
		for path, size := range map[string]int{l.Weight: l.In * l.Out, l.A: l.Rank * l.In, l.B: l.Out * l.Rank} {
			if w := byPath[path]; w == nil || w.DataSize() != size {
				return errors.Errorf("layers: merge %s: weight %s is missing or has another size than %d", l.Path, path, size)
			}
		}
	}
	for _, l := range layers {
		w, a, b := byPath[l.Weight], byPath[l.A], byPath[l.B]
		if w.Dtype() == tensor.Float64 {
			merge(l, w.Float64s(), a.Float64s(), b.Float64s())
		} else {
			merge(l, w.Float32s(), a.Float32s(), b.Float32s())
		}
	}
	return nil
}

// merge adds the product of one layer to w, which is (out, in), or (in, out) with InOut.
func merge[T kernel.Float](l Adapted, w, a, b []T) {
	scaled := make([]T, len(b))
	for i, v := range b {
		scaled[i] = T(l.Scale) * v
	}
	g := kernel.Gemm[T]{
		M: l.Out, N: l.In, K: l.Rank, A: kernel.Matrix[T]{Data: scaled, Stride: l.Rank}, B: kernel.Matrix[T]{Data: a, Stride: l.In},
		C: w, StrideC: l.In, Accumulate: true,
	}
	if l.InOut {
		g.M, g.N, g.StrideC = l.In, l.Out, l.Out
		g.A, g.B = kernel.Matrix[T]{Data: a, Stride: l.In, Trans: true}, kernel.Matrix[T]{Data: scaled, Stride: l.Rank, Trans: true}
	}
	g.Run()
}
