package graph

import (
	"maps"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// State returns the state of a path, nil if the path is unknown. The tensor is not a copy.
func (p *Program) State(path string) *tensor.Dense {
	if l, ok := p.states[path]; ok {
		return l.value
	}
	return nil
}

// States lists the paths of the states in order.
func (p *Program) States() []string { return slices.Sorted(maps.Keys(p.states)) }

// Reset sets the states to zero. It implements gorgonia.VM. A Program needs no Reset between runs.
func (p *Program) Reset() {
	for _, l := range p.states {
		l.value.Zero()
	}
}

// ShareStates makes p use the states of other, so that both read and write the same caches, for example one Program for a whole
// prompt and one for single tokens. It is an error if other lacks a state of p or has it in another shape.
func (p *Program) ShareStates(other *Program) error {
	if other == nil {
		return errors.New("graph: share states: the other program is nil")
	}
	g, err := p.enter("share states")
	if err != nil {
		return err
	}
	defer g.leave()
	return errors.WithMessage(p.shareStates(other), "graph: share states")
}

func (p *Program) shareStates(other *Program) error {
	for _, path := range p.States() {
		mine, theirs := p.states[path].value, other.State(path)
		if theirs == nil {
			return errors.Errorf("%s: the other program has no such state", path)
		}
		if !slices.Equal(mine.Shape(), theirs.Shape()) {
			return errors.Errorf("%s: state has shape %v but %v in the other program", path, mine.Shape(), theirs.Shape())
		}
	}
	for _, z := range p.sizes {
		for path, l := range z.states {
			l.value = other.states[path].value
		}
		if z.bound {
			p.bind(z)
		}
	}
	p.guard = other.guard
	return nil
}
