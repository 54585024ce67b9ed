package graph

import (
	"maps"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// State returns the state of a path, with the rows of all sizes, nil if the path is unknown. The tensor is not a copy.
func (p *Program) State(path string) *tensor.Dense { return p.states[path] }

// States lists the paths of the states in order.
func (p *Program) States() []string { return slices.Sorted(maps.Keys(p.states)) }

// Reset sets the states to zero. It implements gorgonia.VM. A Program needs no Reset between runs.
func (p *Program) Reset() {
	for _, t := range p.states {
		t.Zero()
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
		mine, theirs := p.states[path], other.State(path)
		if theirs == nil {
			return errors.Errorf("%s: the other program has no such state", path)
		}
		if !slices.Equal(mine.Shape(), theirs.Shape()) {
			return errors.Errorf("%s: state has shape %v but %v in the other program", path, mine.Shape(), theirs.Shape())
		}
	}
	shared := map[string]*tensor.Dense{}
	for path := range p.states {
		shared[path] = other.states[path]
	}
	p.states = shared
	p.giveStates()
	for _, z := range p.sizes {
		if z.bound {
			p.bind(z)
		}
	}
	p.guard = other.guard
	return nil
}

// giveStates gives every size its rows of the states.
func (p *Program) giveStates() {
	for _, z := range p.sizes {
		for path, l := range z.states {
			l.value = leading(p.states[path], l.shape)
		}
	}
}

// leading returns the leading rows of a state as a tensor of the given shape.
func leading(state *tensor.Dense, shape tensor.Shape) *tensor.Dense {
	if slices.Equal(state.Shape(), shape) {
		return state
	}
	return part(state, 0, shape)
}

// largestStates returns, for every state, its leaf in the size that has the most rows.
func largestStates(plans []*compiler) map[string]*leaf {
	largest := map[string]*leaf{}
	for _, c := range plans {
		c.raiseStates(largest)
	}
	return largest
}

// raiseStates replaces the leaves that are smaller than those of b.
func (b *builder) raiseStates(largest map[string]*leaf) {
	for _, l := range b.leaves {
		if l.kind == stateLeaf && (largest[l.name] == nil || l.size() > largest[l.name].size()) {
			largest[l.name] = l
		}
	}
}

func stateBytes(states map[string]*leaf) (sum int) {
	for _, l := range states {
		sum += l.bytes()
	}
	return sum
}
