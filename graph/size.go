package graph

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// size is the executable form of a declaration for one size. All sizes of a Program share the arena, the gradients, the states and
// the memory of the inputs.
type size struct {
	steps   []*step
	inputs  map[string]*leaf
	states  map[string]*leaf
	fixed   []*leaf   // constants, and the leaves that a run sets
	foreign []*buffer // results of Gorgonia's operations in other types
	named   map[string]value
	names   []string // of the outputs, in order of declaration
	targets []value
	total   value   // the loss; no buffer for none
	direct  []bool  // Run adds to the gradient of this weight in place
	final   [][]int // weights whose gradients are final after each step
	stream  *leaf
	scale   *leaf
	drawing *drawing

	bound   bool // the steps have their memory
	outputs map[string]*tensor.Dense
	loss    *tensor.Dense // nil for none
}

// size returns the size of a plan, without memory.
func (c *compiler) size() *size {
	z := &size{
		steps: c.steps, stream: c.stream, scale: c.scale, drawing: c.draw(),
		inputs: map[string]*leaf{}, states: map[string]*leaf{}, named: map[string]value{}, outputs: map[string]*tensor.Dense{},
	}
	for _, l := range c.leaves {
		switch l.kind {
		case inputLeaf:
			z.inputs[l.name] = l
		case stateLeaf:
			z.states[l.name] = l
		case constantLeaf:
			z.fixed = append(z.fixed, l)
		}
	}
	for _, b := range c.buffers {
		if b.place == inForeign {
			z.foreign = append(z.foreign, b)
		}
	}
	for _, o := range c.outputs {
		z.named[o.name] = c.values[o.node]
		z.names = append(z.names, o.name)
	}
	for _, t := range c.aims {
		z.targets = append(z.targets, t.value)
	}
	for _, l := range c.trained {
		if c.own[l] != nil {
			z.direct = append(z.direct, c.direct[l])
		}
	}
	z.final = c.final()
	if c.loss != nil {
		z.total = c.values[c.loss]
	}
	return z
}

// final lists for each step the weights whose gradients no later step writes, by their index in Program.Weights.
func (c *compiler) final() [][]int {
	last := map[*buffer]int{}
	for i, s := range c.steps {
		for _, v := range s.out {
			if v.buf != nil {
				last[v.buf] = i
			}
		}
	}
	final, weight := make([][]int, len(c.steps)), 0
	for _, l := range c.trained {
		if own := c.own[l]; own != nil {
			final[last[own]] = append(final[last[own]], weight)
			weight++
		}
	}
	return final
}

// ready gives a size its memory before its first use.
func (p *Program) ready(z *size) (err error) {
	if z.bound {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = errors.Errorf("panic: %v", r)
		}
	}()
	p.furnish(z)
	p.bind(z)
	return nil
}

// furnish makes the constants of a size, and its inputs and foreign results in the pools.
func (p *Program) furnish(z *size) {
	for _, l := range z.fixed {
		l.make()
	}
	next := demand{}
	take := func(at place, dt tensor.Dtype, shape tensor.Shape) *tensor.Dense {
		key := pool{at, dt}
		next[key] += shape.TotalSize()
		return part(p.pools[key], next[key]-shape.TotalSize(), shape)
	}
	for _, name := range p.names {
		l := z.inputs[name]
		l.value = take(inLeaf, l.dt, l.shape)
	}
	for _, b := range z.foreign {
		if len(b.shape) == 0 {
			b.tensor = tensor.New(tensor.Of(b.dt), tensor.WithShape())
		} else {
			b.tensor = take(inForeign, b.dt, b.shape)
		}
	}
}

// bind gives every step the memory of its operands and results, and every output its memory.
func (p *Program) bind(z *size) {
	for name, v := range z.named {
		z.outputs[name] = p.dense(v)
	}
	if z.total.buf != nil {
		z.loss = p.dense(z.total)
	}
	p.bindSteps(z)
	z.bound = true
}

func (p *Program) bindSteps(z *size) {
	for _, s := range z.steps {
		switch {
		case s.kind == foreignStep:
			s.run = p.bindForeign(s)
		case p.params.dt == tensor.Float64:
			s.run = bindStep[float64](p, s)
		default:
			s.run = bindStep[float32](p, s)
		}
	}
}
