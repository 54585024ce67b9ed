package graph

import (
	"iter"
	"path"
	"slices"
	"sync"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Params owns the weights of a model by path, such as h.3.attn.c_attn.weight, in the order of their declaration. It
// belongs to no graph: the first Program that declares a path makes the tensor, later ones use the same, so that a
// training, an evaluation and a decoding Program share their weights.
//
// Its methods and Build may be called from several goroutines at once. The elements of the tensors are not guarded: nothing may
// write them, as an optimizer does, while a Program over them runs.
type Params struct {
	dt   tensor.Dtype
	seed uint64

	mu       sync.RWMutex
	names    []string
	byName   map[string]*param
	expected *expectation // nil for none
}

type param struct {
	value  *tensor.Dense // never changes
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
func (p *Params) Len() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.names)
}

// Size is the number of elements of all tensors.
func (p *Params) Size() int {
	n := 0
	for _, v := range p.All() {
		n += v.Shape().TotalSize()
	}
	return n
}

// All lists the weights in order of declaration, as they are when the iteration begins. The tensors are the ones in use, not copies.
func (p *Params) All() iter.Seq2[string, *tensor.Dense] {
	return func(yield func(string, *tensor.Dense) bool) {
		p.mu.RLock()
		names := slices.Clone(p.names)
		values := make([]*tensor.Dense, len(names))
		for i, name := range names {
			values[i] = p.byName[name].value
		}
		p.mu.RUnlock()
		for i, name := range names {
			if !yield(name, values[i]) {
				return
			}
		}
	}
}

// Value is the tensor at a path, nil when there is none.
func (p *Params) Value(path string) *tensor.Dense {
	value, _ := p.find(path)
	return value
}

// Freeze keeps the weights whose path matches pattern from being trained by Programs built from now on, and says how many
// they are. The pattern is that of path.Match with the dots as separators: h.*.attn.*.weight, or wte.weight; a
// trailing .** matches everything below. A malformed pattern matches nothing.
func (p *Params) Freeze(pattern string) int { return p.setFrozen(pattern, true) }

// Unfreeze undoes Freeze.
func (p *Params) Unfreeze(pattern string) int { return p.setFrozen(pattern, false) }

// Frozen says whether the weight at a path is kept from being trained.
func (p *Params) Frozen(path string) bool {
	_, frozen := p.find(path)
	return frozen
}

// find returns the tensor at a path, nil for none, and reports whether it is frozen.
func (p *Params) find(path string) (value *tensor.Dense, frozen bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if q, ok := p.byName[path]; ok {
		return q.value, q.frozen
	}
	return nil, false
}

func (p *Params) setFrozen(pattern string, frozen bool) int {
	p.mu.Lock()
	defer p.mu.Unlock()
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

// settle gives the parameters of a graph their tensors, calls bind, and then adds the new tensors to p. A path that another Build has
// added since it was declared gets that Build's tensor. After an error p is as it was.
func (p *Params) settle(leaves []*leaf, bind func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var added []*leaf
	for _, l := range leaves {
		if l.value != nil {
			continue
		}
		if q, ok := p.byName[l.name]; ok {
			if err := sameShape(q.value.Shape(), l.shape); err != nil {
				return errors.WithMessage(err, l.name)
			}
			l.value = q.value
			continue
		}
		l.value = l.init.tensor(p.dt, p.seed, l.name, l.shape)
		added = append(added, l)
	}
	bind()
	for _, l := range added {
		p.byName[l.name] = &param{value: l.value}
		p.names = append(p.names, l.name)
	}
	return nil
}

// sameShape holds a later declaration of a path against the first.
func sameShape(first, later tensor.Shape) error {
	if !slices.Equal(first, later) {
		return errors.Errorf("parameter has shape %v but is declared as %v here", first, later)
	}
	return nil
}
