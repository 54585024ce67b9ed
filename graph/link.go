package graph

import (
	"maps"
	"slices"

	"gorgonia.org/tensor"
)

// link makes the Program of some sizes, allocates its memory and prepares the first size.
func link(plans ...*compiler) (*Program, error) {
	memory := together(plans)
	if err := fits(plans, memory); err != nil {
		return nil, err
	}
	first := plans[0]
	p := &Program{Scale: 1, params: first.params, mode: first.mode, memory: memory, limit: first.limit, guard: new(guard)}
	for _, c := range plans {
		p.sizes = append(p.sizes, c.size())
	}
	p.fed.Store(p.sizes[0])
	p.ran.Store(p.sizes[0])
	p.names = slices.Sorted(maps.Keys(p.sizes[0].inputs))
	for i, a := range first.aims {
		p.targets = append(p.targets, &Target{program: p, index: i, aim: a})
	}
	p.allocate(plans)
	if err := first.params.commit(first.weights, func() error { return p.ready(p.sizes[0]) }); err != nil {
		return nil, err
	}
	values := map[string]*tensor.Dense{}
	for _, l := range first.weights {
		values[l.name] = l.value
	}
	for _, c := range plans[1:] {
		for _, l := range c.weights {
			l.value = values[l.name]
		}
	}
	for _, w := range p.weights {
		w.value = values[w.name]
	}
	return p, nil
}

// allocate makes the gradients and the arena, the pools and the states, and gives them to all sizes.
func (p *Program) allocate(plans []*compiler) {
	gradients, all := p.newShared(plans), demand{}
	for _, c := range plans {
		all.raise(c.demand())
	}
	p.pools = map[pool]*tensor.Dense{}
	for key, n := range all {
		p.pools[key] = tensor.New(tensor.Of(key.dt), tensor.WithShape(max(n, 2))) // the data of one element are no slice
	}
	p.states = map[string]*tensor.Dense{}
	for path, l := range largestStates(plans) {
		p.states[path] = newDense(l.dt, l.shape)
	}
	p.giveStates()
	for _, l := range plans[0].trained {
		if g := gradients[l.name]; g != nil {
			p.weights = append(p.weights, &Weight{name: l.name, grad: g})
		}
	}
}
