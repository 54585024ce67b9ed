package graph

import (
	"iter"
	"path"
	"slices"
	"sync"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Params owns the weights of a model by path, such as h.3.attn.c_attn.weight, in order of declaration. It belongs to no graph. The
// first Program that declares a path makes the tensor and later Programs use it, so that Programs for training, evaluation and
// decoding share their weights.
//
// Its methods and Build may be called from several goroutines at once. The elements of the tensors are not guarded: nothing may
// write them, as an optimizer does, while a Program over them runs.
type Params struct {
	*store
	carried []any
}

// store is the weights that all views of a Params share.
type store struct {
	dt   tensor.Dtype
	seed uint64

	mu       sync.RWMutex
	names    []string
	byName   map[string]*tensor.Dense
	packed   map[string]*packed
	freezes  []freeze     // the last one that matches a path counts
	expected *expectation // nil for none
}

// freeze is a call of Freeze or Unfreeze.
type freeze struct {
	pattern string
	frozen  bool
}

// NewParams makes an empty set of weights of type tensor.Float32 or tensor.Float64. The initial value of a weight depends only on
// the seed and its path.
func NewParams(dt tensor.Dtype, seed uint64) *Params {
	return &Params{store: &store{dt: dt, seed: seed, byName: map[string]*tensor.Dense{}}}
}

// Dtype returns the type of all weights.
func (p *Params) Dtype() tensor.Dtype { return p.dt }

// Seed returns the seed of the initial values and of dropout.
func (p *Params) Seed() uint64 { return p.seed }

// Len returns the number of tensors.
func (p *Params) Len() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.names)
}

// Size returns the number of elements of all tensors.
func (p *Params) Size() int {
	n := 0
	for _, v := range p.All() {
		n += v.Shape().TotalSize()
	}
	return n
}

// All iterates over the weights in order of declaration, as of the start of the iteration. The tensors are not copies.
func (p *Params) All() iter.Seq2[string, *tensor.Dense] {
	return func(yield func(string, *tensor.Dense) bool) {
		p.mu.RLock()
		names := slices.Clone(p.names)
		values := make([]*tensor.Dense, len(names))
		for i, name := range names {
			values[i] = p.byName[name]
		}
		p.mu.RUnlock()
		for i, name := range names {
			if !yield(name, values[i]) {
				return
			}
		}
	}
}

// Give makes t the value of the parameter at a path, which p must not have yet. Programs built from now on use t itself. So weights may be in
// memory of another kind, such as a file that is mapped.
func (p *Params) Give(path string, t *tensor.Dense) error {
	switch {
	case t.Dtype() != p.dt:
		return errors.Errorf("graph: give %s: the tensor is of %v, the parameters of %v", path, t.Dtype(), p.dt)
	case t.RequiresIterator() || t.DataOrder().IsColMajor():
		return errors.Errorf("graph: give %s: the tensor is a view or a transpose: copy it first", path)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byName[path] != nil || p.packed[path] != nil {
		return errors.Errorf("graph: give %s: the parameter exists already: give it before the first Build", path)
	}
	p.byName[path], p.names = t, append(p.names, path)
	return nil
}

// Value returns the tensor at a path, nil for none.
func (p *Params) Value(path string) *tensor.Dense {
	value, _ := p.find(path)
	return value
}

// Freeze excludes the weights whose path matches pattern from training, in Programs built from now on, and returns the number of
// these weights that exist. It also holds for weights that are declared later. The pattern is as in path.Match with dots as
// separators, for example h.*.attn.*.weight or wte.weight. A trailing .** matches everything below, and ** before a dot any path or none:
// **.bias is every bias. A malformed pattern matches nothing.
func (p *Params) Freeze(pattern string) int { return p.setFrozen(pattern, true) }

// Unfreeze undoes Freeze for the weights whose path matches pattern.
func (p *Params) Unfreeze(pattern string) int { return p.setFrozen(pattern, false) }

// Frozen reports whether the weight at a path is excluded from training.
func (p *Params) Frozen(path string) bool {
	_, frozen := p.find(path)
	return frozen
}

// find returns the tensor at a path, nil for none, and reports whether it is frozen.
func (p *Params) find(path string) (value *tensor.Dense, frozen bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, f := range slices.Backward(p.freezes) {
		if MatchPath(f.pattern, path) {
			return p.byName[path], f.frozen
		}
	}
	return p.byName[path], false
}

func (p *Params) setFrozen(pattern string, frozen bool) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	same := func(f freeze) bool { return f.pattern == pattern }
	p.freezes = append(slices.DeleteFunc(p.freezes, same), freeze{pattern, frozen})
	n := 0
	for _, name := range p.names {
		if MatchPath(pattern, name) {
			n++
		}
	}
	return n
}

// MatchPath reports whether the path of a weight matches a pattern, as in Params.Freeze.
func MatchPath(pattern, name string) bool { return matchParts(splitPath(pattern), splitPath(name)) }

func matchParts(want, have []string) bool {
	switch {
	case len(want) == 0:
		return len(have) == 0
	case want[0] == "**" && len(want) == 1:
		return len(have) > 0
	case want[0] == "**":
		return matchParts(want[1:], have) || len(have) > 0 && matchParts(want, have[1:])
	case len(have) == 0:
		return false
	}
	ok, err := path.Match(want[0], have[0])
	return ok && err == nil && matchParts(want[1:], have[1:])
}

// commit gives the parameters of a graph their tensors, calls ready, and then adds the new tensors to p. If another Build has added
// a path since it was declared, that Build's tensor is used. On an error p is unchanged.
func (p *Params) commit(leaves []*leaf, ready func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var added []*leaf
	for _, l := range leaves {
		if l.value != nil || l.packed != nil {
			continue
		}
		if q, ok := p.byName[l.name]; ok {
			if err := sameShape(q.Shape(), l.shape); err != nil {
				return errors.WithMessage(err, l.name)
			}
			l.value = q
			continue
		}
		if p.expected.has(l.name) {
			l.value = newLarge(p.dt, l.shape) // its values are in the file
		} else {
			l.value = l.init.tensor(p.dt, p.seed, l.name, l.shape)
		}
		added = append(added, l)
	}
	if err := ready(); err != nil {
		return err
	}
	for _, l := range added {
		p.byName[l.name] = l.value
		p.names = append(p.names, l.name)
	}
	return nil
}

// sameShape returns an error if a later declaration of a path has another shape than the first.
func sameShape(first, later tensor.Shape) error {
	if !slices.Equal(first, later) {
		return errors.Errorf("parameter has shape %v but is declared as %v here", first, later)
	}
	return nil
}
