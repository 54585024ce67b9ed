package graph

import (
	"cmp"
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// value is the memory of a node's value: a part of a buffer.
type value struct {
	buf    *buffer
	offset int // in elements
	shape  tensor.Shape
	adds   adding // of a result: when it is added to the memory's old content
}

// adding is the condition under which a result is added to its memory instead of replacing it.
type adding uint8

const (
	never     adding = iota
	always           // the sum of two gradients
	onRequest        // a gradient of a parameter, while Program.Accumulate is set
)

func (v value) size() int { return v.shape.TotalSize() }

// bytes returns the size in memory.
func (v value) bytes() int {
	if l := v.buf.leaf; l != nil && l.packed != nil {
		return l.bytes()
	}
	return v.size() * int(v.buf.dt.Size())
}

// whole reports whether the value fills its buffer, so that the buffer may be reused.
func (v value) whole() bool { return v.offset == 0 && v.size() == v.buf.size }

// buffer is a piece of memory and the steps between which it is in use.
type buffer struct {
	place       place
	dt          tensor.Dtype
	size        int // in elements
	first, last int
	offset      int           // in the memory of gradients and arena, in elements
	lent        bool          // the memory is also a gradient's, before the run writes the gradient
	spare       int           // if lent: offset in the memory that replaces it once runs accumulate
	leaf        *leaf         // owner, if inLeaf
	shape       tensor.Shape  // if inForeign
	tensor      *tensor.Dense // if inGrad or inForeign; made with the Program
}

type place uint8

const (
	inArena   place = iota
	inLeaf          // parameter, input, state or constant: never reused
	inGrad          // gradient of a parameter; until the run writes it, its memory may hold values of the arena
	inForeign       // result of a Gorgonia op whose type is not the parameters' type
)

// step is one operation of the schedule.
type step struct {
	kind    stepKind
	node    *G.Node
	path    string
	op      *ops.Op // if opStep
	inPlace []int   // operands whose memory the first result may reuse
	in      []value
	out     []value // a nil buffer marks a result without a reader
	scratch value   // memory of this step only, if any
	run     func() error
	flops   int
	bytes   int  // read and written
	again   bool // the backward pass's copy of a forward step
}

type stepKind uint8

const (
	opStep      stepKind = iota // an operation of package ops
	addStep                     // Gorgonia's sum of two gradients, run by our kernel
	sumStep                     // Gorgonia's sum over axes, run by our kernel
	foreignStep                 // any other Gorgonia operation
	copyStep                    // copies a gradient into its own buffer
)

// compiler turns a declared graph into steps over planned memory.
type compiler struct {
	*builder
	needed  map[*G.Node]bool
	order   []*G.Node
	values  map[*G.Node]value
	parts   map[*G.Node][]value // all results of an operation with several
	buffers []*buffer
	own     map[*leaf]*buffer // gradients of parameters
	direct  map[*leaf]bool    // parameters whose gradients a run adds in place
	steps   []*step
	aims    []*aim
	total   int // elements of all intermediate values, each counted once
	arena   int // elements of the arena: the shared memory without the gradients
	spare   int // elements that replace the lent ones once runs accumulate
}

// laidOut turns the graph into steps without planned memory.
func (b *builder) laidOut() (*compiler, error) {
	c := &compiler{builder: b, values: map[*G.Node]value{}, parts: map[*G.Node][]value{}}
	c.schedule()
	for _, n := range c.order {
		if err := c.place(n); err != nil {
			return nil, errors.WithMessage(err, at(c.paths[n.ID()], n.String()))
		}
	}
	return c, c.checkPacked()
}

// planned copies the steps, recomputes the list parts in units, and plans the memory of the copy.
func (c *compiler) planned(units []string) *compiler {
	c = c.copy()
	c.recompute(units)
	c.sumInPlace()
	c.live()
	c.reuseInPlace()
	c.ownGradients()
	c.share()
	return c
}

// copy copies everything that planning changes: the steps, their buffers and the values of the roots.
func (c *compiler) copy() *compiler {
	d := *c
	d.own, d.direct = map[*leaf]*buffer{}, map[*leaf]bool{}
	buffers := make(map[*buffer]*buffer, len(c.buffers))
	moved := func(v value) value {
		if v.buf == nil || v.buf.place == inLeaf {
			return v
		}
		if buffers[v.buf] == nil {
			b := *v.buf
			buffers[v.buf] = &b
		}
		v.buf = buffers[v.buf]
		return v
	}
	all := func(vs []value) []value {
		vs = slices.Clone(vs)
		for i := range vs {
			vs[i] = moved(vs[i])
		}
		return vs
	}
	d.steps = make([]*step, len(c.steps))
	for i, s := range c.steps {
		t := *s
		t.in, t.out, t.scratch = all(s.in), all(s.out), moved(s.scratch)
		d.steps[i] = &t
	}
	d.values = map[*G.Node]value{}
	for _, n := range c.roots() {
		d.values[n] = moved(c.values[n])
	}
	d.buffers = make([]*buffer, len(c.buffers))
	for i, b := range c.buffers {
		d.buffers[i] = moved(value{buf: b}).buf
	}
	return &d
}

// roots returns the nodes whose values outlive a run: outputs, the loss and the gradients.
func (b *builder) roots() []*G.Node {
	var roots []*G.Node
	for _, o := range b.outputs {
		roots = append(roots, o.node)
	}
	if b.loss != nil {
		roots = append(roots, b.loss)
	}
	for _, l := range b.trained {
		if g := b.grads[l]; g != nil {
			roots = append(roots, g)
		}
	}
	return roots
}

func (c *compiler) isView(n *G.Node) bool {
	_, ok := n.Op().(*ops.View)
	return ok
}

// schedule keeps the nodes that the roots need, in order of declaration. Operands come first. gorgonia.Grad declares the backward
// pass from the loss down, so it frees the values of the forward pass as it proceeds.
func (c *compiler) schedule() {
	c.needed = c.reachable(c.roots()...)
	for n := range c.needed {
		c.order = append(c.order, n)
	}
	slices.SortFunc(c.order, func(a, b *G.Node) int { return cmp.Compare(a.ID(), b.ID()) })
	c.sinkCheap()
}

// sinkCheap moves operations that read only leaves, such as a lookup of positions, to just before their first use.
func (c *compiler) sinkCheap() {
	firstUse := map[*G.Node]int{}
	for i := len(c.order) - 1; i >= 0; i-- {
		for _, x := range c.operands(c.order[i]) {
			firstUse[x] = i
		}
	}
	at := make(map[*G.Node]float64, len(c.order))
	for i, n := range c.order {
		at[n] = float64(i)
	}
	for i := len(c.order) - 1; i >= 0; i-- {
		n := c.order[i]
		use, ok := firstUse[n]
		if n.Op() == nil || !ok || use <= i+1 || slices.ContainsFunc(c.operands(n), c.changes) {
			continue
		}
		at[n] = at[c.order[use]] - 0.5
	}
	slices.SortStableFunc(c.order, func(a, b *G.Node) int { return cmp.Compare(at[a], at[b]) })
}

// changes reports whether a value may change during a run: computed values and states do.
func (c *compiler) changes(n *G.Node) bool {
	l := c.leaves[n]
	return n.Op() != nil || l == nil || l.kind == stateLeaf
}
