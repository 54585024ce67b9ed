package graph

import (
	"iter"
	"path"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Params owns the weights of a model by path, such as h.3.attn.c_attn.weight, in the order of their declaration. It
// belongs to no graph: the first Program that declares a path makes the tensor, later ones use the same, so that a
// training, an evaluation and a decoding Program share their weights.
type Params struct {
	dt     tensor.Dtype
	seed   uint64
	names  []string
	byName map[string]*param
}

type param struct {
	value  *tensor.Dense
	frozen bool
}

// NewParams makes an empty set of weights of type tensor.Float32 or tensor.Float64. A weight's initial value depends
// only on the seed and its path.
func NewParams(dt tensor.Dtype, seed uint64) *Params {
	return &Params{dt: dt, seed: seed, byName: map[string]*param{}}
}

// Dtype is the type of all weights.
func (p *Params) Dtype() tensor.Dtype { return p.dt }

// Seed is the seed of the initial values and of dropout.
func (p *Params) Seed() uint64 { return p.seed }

// Len is the number of tensors.
func (p *Params) Len() int { return len(p.names) }

// Size is the number of elements of all tensors.
func (p *Params) Size() int {
	n := 0
	for _, v := range p.All() {
		n += v.Shape().TotalSize()
	}
	return n
}

// All lists the weights in order of declaration. The tensors are the ones in use, not copies.
func (p *Params) All() iter.Seq2[string, *tensor.Dense] {
	return func(yield func(string, *tensor.Dense) bool) {
		for _, name := range p.names {
			if !yield(name, p.byName[name].value) {
				return
			}
		}
	}
}

// Value is the tensor at a path, nil when there is none.
func (p *Params) Value(path string) *tensor.Dense {
	if q, ok := p.byName[path]; ok {
		return q.value
	}
	return nil
}

// Freeze keeps the weights whose path matches pattern from being trained by Programs built from now on, and says how many
// they are. The pattern is that of path.Match with the dots as separators: h.*.attn.*.weight, or wte.weight; a
// trailing .** matches everything below. A malformed pattern matches nothing.
func (p *Params) Freeze(pattern string) int { return p.setFrozen(pattern, true) }

// Unfreeze undoes Freeze.
func (p *Params) Unfreeze(pattern string) int { return p.setFrozen(pattern, false) }

// Frozen says whether the weight at a path is kept from being trained.
func (p *Params) Frozen(path string) bool {
	q, ok := p.byName[path]
	return ok && q.frozen
}

func (p *Params) setFrozen(pattern string, frozen bool) int {
	n := 0
	for _, name := range p.names {
		if matchPath(pattern, name) {
			p.byName[name].frozen = frozen
			n++
		}
	}
	return n
}

func matchPath(pattern, name string) bool {
	want, have := splitPath(pattern), splitPath(name)
	if n := len(want); n > 0 && want[n-1] == "**" && len(have) >= n {
		want, have = want[:n-1], have[:n-1]
	}
	return slices.EqualFunc(want, have, func(w, h string) bool {
		ok, err := path.Match(w, h)
		return ok && err == nil
	})
}

// declare returns the weight at a path, which init makes when it does not exist.
func (p *Params) declare(name string, shape []int, init Init) (q *param, isNew bool, err error) {
	if q, ok := p.byName[name]; ok {
		if !slices.Equal(q.value.Shape(), shape) {
			return nil, false, errors.Errorf("parameter has shape %v but is declared as %v here", q.value.Shape(), tensor.Shape(shape))
		}
		return q, false, nil
	}
	value, err := init.tensor(p.dt, p.seed, name, shape)
	if err != nil {
		return nil, false, err
	}
	q = &param{value: value}
	p.byName[name] = q
	p.names = append(p.names, name)
	return q, true, nil
}

// truncate forgets the parameters declared after the first n: those of a Build that failed.
func (p *Params) truncate(n int) {
	for _, name := range p.names[n:] {
		delete(p.byName, name)
	}
	p.names = p.names[:n]
}
