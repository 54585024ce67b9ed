package graph

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// value is where a node's value lies: part of a buffer.
type value struct {
	buf    *buffer
	offset int // in elements
	shape  tensor.Shape
	adds   adding // of a result: what becomes of the memory's former value
}

// adding says whether a result is added to what its memory holds.
type adding uint8

const (
	never     adding = iota
	always           // the sum of two gradients
	onRequest        // a gradient of a parameter, while Program.Accumulate is set
)

func (v value) size() int { return v.shape.TotalSize() }

// whole says whether the value is all of its buffer, so that the buffer may be handed on.
func (v value) whole() bool { return v.offset == 0 && v.size() == v.buf.size }

// buffer is a piece of memory and when it is needed, in steps of the schedule.
type buffer struct {
	place       place
	dt          tensor.Dtype
	size        int // in elements
	first, last int
	offset      int           // in the arena, in elements
	leaf        *leaf         // inLeaf: whose value it is
	tensor      *tensor.Dense // inGrad, inForeign
}

type place uint8

const (
	inArena   place = iota
	inLeaf          // parameter, input, state or constant: never reused
	inGrad          // gradient of a parameter, in memory of its own
	inForeign       // result of a Gorgonia op of another type than the parameters'
)

// step is one operation of the schedule.
type step struct {
	kind    stepKind
	node    *G.Node
	path    string
	op      *ops.Op // of an opStep
	inPlace []int   // operands whose memory the first result may take over
	in      []value
	out     []value // nil buffer: nothing reads this result
	scratch value   // memory for the step alone, if any
	run     func() error
	flops   int
	bytes   int // read and written
}

type stepKind uint8

const (
	opStep      stepKind = iota // one of ours
	addStep                     // Gorgonia's sum of two gradients, run by our kernel
	foreignStep                 // another of Gorgonia's own
	copyStep                    // of a gradient into its own memory
)

// compiler turns a declared graph into steps over planned memory.
type compiler struct {
	*builder
	needed  map[*G.Node]bool
	order   []*G.Node
	values  map[*G.Node]value
	parts   map[*G.Node][]value // results of an operation with several
	buffers []*buffer
	own     map[*leaf]*buffer // gradients of parameters
	direct  map[*leaf]bool    // those to which a run can add where they lie
	steps   []*step
	total   int // elements of all intermediate values, each counted once
	arena   int // elements of the memory planned for them
}

// planned turns the graph into steps, of which the first k list parts are recomputed, and gives their values memory.
func (b *builder) planned(k int) (*compiler, error) {
	c := &compiler{builder: b, values: map[*G.Node]value{}, parts: map[*G.Node][]value{}, own: map[*leaf]*buffer{}, direct: map[*leaf]bool{}}
	c.schedule()
	for _, n := range c.order {
		if err := c.place(n); err != nil {
			return nil, errors.WithMessage(err, at(c.paths[n.ID()], n.String()))
		}
	}
	units := c.listParts()
	c.recompute(units[:min(k, len(units))])
	c.sumInPlace()
	c.live()
	c.reuseInPlace()
	c.ownGradients()
	c.arena = plan(c.buffers)
	return c, nil
}

// roots are the nodes whose values are wanted.
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

// schedule keeps what the roots need, in order of declaration: operands come first, and the backward pass, which
// gorgonia.Grad declares from the loss down, frees what the forward pass kept as it goes.
func (c *compiler) schedule() {
	c.needed = c.reachable(c.roots()...)
	for n := range c.needed {
		c.order = append(c.order, n)
	}
	slices.SortFunc(c.order, func(a, b *G.Node) int { return cmp.Compare(a.ID(), b.ID()) })
	c.sinkCheap()
}

// sinkCheap moves operations that only read leaves, such as a lookup of positions, to just before their first use.
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
		if n.Op() == nil || !ok || use <= i+1 || slices.ContainsFunc(c.operands(n), func(x *G.Node) bool { return x.Op() != nil }) {
			continue
		}
		at[n] = at[c.order[use]] - 0.5
	}
	slices.SortStableFunc(c.order, func(a, b *G.Node) int { return cmp.Compare(at[a], at[b]) })
}

// place decides where a node's value lies, and appends the step that computes it.
func (c *compiler) place(n *G.Node) error {
	if l := c.leaves[n]; l != nil {
		c.values[n] = leafValue(l, n.Shape())
		return nil
	}
	switch op := n.Op().(type) {
	case nil:
		return errors.New("input was not declared with Scope.Input")
	case *ops.View:
		c.placeView(n, op)
	case *ops.Op:
		if s := c.children(n)[0]; op.Update && (c.leaves[s] == nil || c.leaves[s].kind != stateLeaf) {
			return errors.New("the operand that is updated must be a Scope.State")
		}
		c.placeOp(n, op)
	default:
		return c.placeForeign(n)
	}
	return nil
}

func leafValue(l *leaf, shape tensor.Shape) value {
	return value{buf: &buffer{place: inLeaf, dt: l.value.Dtype(), size: l.value.DataSize(), leaf: l}, shape: shape}
}

// fresh is a new buffer for a result.
func (c *compiler) fresh(dt tensor.Dtype, shape tensor.Shape) value {
	b := &buffer{dt: dt, size: shape.TotalSize()}
	if dt == c.params.dt {
		c.total += b.size
	} else {
		b.place, b.tensor = inForeign, tensor.New(tensor.Of(dt), tensor.WithShape(shape.Clone()...))
	}
	c.buffers = append(c.buffers, b)
	return value{buf: b, shape: shape}
}

func (c *compiler) placeView(n *G.Node, op *ops.View) {
	x, at := c.operands(n)[0], op.Offset()
	for _, part := range c.parts[x] {
		if at == 0 {
			c.values[n] = value{buf: part.buf, offset: part.offset, shape: n.Shape()}
			return
		}
		at -= part.size()
	}
	v := c.values[x]
	c.values[n] = value{buf: v.buf, offset: v.offset + op.Offset(), shape: n.Shape()}
}

func (c *compiler) placeOp(n *G.Node, op *ops.Op) {
	s := c.newStep(opStep, n)
	s.op, s.inPlace = op, op.InPlace
	wanted := c.wanted(n, op)
	s.flops = op.Work(func(i int) bool { return wanted[i] })
	for i, shape := range op.Results() {
		out := value{shape: shape}
		switch {
		case i == 0 && op.Update:
			out = s.in[0]
		case wanted[i]:
			out = c.fresh(op.Dtype(), shape)
		}
		s.out = append(s.out, out)
	}
	if n := op.ScratchSize(); n > 0 {
		s.scratch = c.fresh(op.Dtype(), tensor.Shape{n})
	}
	c.addStep(s)
	if len(s.out) == 1 {
		c.values[n] = s.out[0]
	} else {
		c.parts[n] = s.out
	}
}

func (c *compiler) newStep(kind stepKind, n *G.Node) *step {
	s := &step{kind: kind, node: n, path: c.paths[n.ID()]}
	for _, x := range c.children(n) {
		s.in = append(s.in, c.values[x])
	}
	return s
}

// placeForeign takes Gorgonia's own operations: constants, sums of gradients, reshapes that gorgonia.Grad makes, and the
// rest, which run as they are.
func (c *compiler) placeForeign(n *G.Node) error {
	if _, ok := n.Op().(interface{ Value() G.Value }); ok {
		t, err := denseOf(n.Value())
		c.values[n] = leafValue(&leaf{kind: constantLeaf, node: n, value: t}, n.Shape())
		return err
	}
	s := c.newStep(foreignStep, n)
	switch name := opType(n.Op()); {
	case name == "reshapeOp":
		c.values[n] = value{buf: s.in[0].buf, offset: s.in[0].offset, shape: n.Shape()}
		return nil
	case name == "elemBinOp" && strings.HasPrefix(n.Op().String(), "+") && slices.Equal(s.in[0].shape, s.in[1].shape) && n.Dtype() == c.params.dt:
		s.kind, s.inPlace, s.flops = addStep, []int{0, 1}, n.Shape().TotalSize()
	}
	s.out = []value{c.fresh(n.Dtype(), n.Shape())}
	c.addStep(s)
	c.values[n] = s.out[0]
	return nil
}

// denseOf copies a constant's value; a scalar becomes a tensor of shape (1).
func denseOf(v G.Value) (*tensor.Dense, error) {
	switch v := v.(type) {
	case *tensor.Dense:
		return v.Clone().(*tensor.Dense), nil
	case G.Scalar:
		t := newDense(v.Dtype(), []int{1})
		return t, t.Memset(v.Data())
	}
	return nil, errors.Errorf("constant of type %T", v)
}

// wanted says which results are read: those with a view that is needed.
func (c *compiler) wanted(n *G.Node, op *ops.Op) []bool {
	wanted := make([]bool, len(op.Results()))
	if len(wanted) == 1 {
		wanted[0] = true
		return wanted
	}
	users := c.g.To(n.ID())
	for users.Next() {
		v, ok := users.Node().(*G.Node)
		if !ok || !c.needed[v] {
			continue
		}
		at := v.Op().(*ops.View).Offset()
		for i, shape := range op.Results() {
			if at == 0 {
				wanted[i] = true
				break
			}
			at -= shape.TotalSize()
		}
	}
	return wanted
}

func (c *compiler) addStep(s *step) {
	for _, v := range slices.Concat(s.in, s.out) {
		if v.buf != nil {
			s.bytes += v.size() * int(v.buf.dt.Size())
		}
	}
	c.steps = append(c.steps, s)
}

// live finds the life of every buffer: from its first step to its last; outputs live to the end.
func (c *compiler) live() {
	for i := len(c.steps) - 1; i >= 0; i-- {
		for _, b := range c.steps[i].memory() {
			b.first, b.last = i, max(b.last, i)
		}
	}
	for _, n := range c.roots() {
		c.values[n].buf.last = len(c.steps)
	}
}

// memory lists the buffers of a step.
func (s *step) memory() []*buffer {
	var all []*buffer
	for _, v := range slices.Concat(s.in, s.out, []value{s.scratch}) {
		if v.buf != nil {
			all = append(all, v.buf)
		}
	}
	return all
}

// reuseInPlace lets a result take over the memory of an operand that dies at this step, where the operation allows it.
func (c *compiler) reuseInPlace() {
	taken := map[*buffer]*buffer{}
	now := func(b *buffer) *buffer {
		for taken[b] != nil {
			b = taken[b]
		}
		return b
	}
	for i, s := range c.steps {
		for _, vs := range [][]value{s.in, s.out} {
			for j := range vs {
				vs[j].buf = now(vs[j].buf)
			}
		}
		if s.out[0].buf == nil || s.out[0].adds != never {
			continue
		}
		for _, j := range s.inPlace {
			if x := s.in[j]; c.dies(s, j, i) {
				old := s.out[0].buf
				taken[old], x.buf.last = x.buf, old.last
				s.out[0].buf, s.out[0].offset = x.buf, 0
				break
			}
		}
	}
	for n, v := range c.values {
		v.buf = now(v.buf)
		c.values[n] = v
	}
	c.buffers = slices.DeleteFunc(c.buffers, func(b *buffer) bool { return taken[b] != nil })
}

// dies says whether operand j of step i may be overwritten by the first result.
func (c *compiler) dies(s *step, j, i int) bool {
	x, out := s.in[j], s.out[0]
	if x.buf.place != inArena || x.buf.last != i || !x.whole() || x.buf.size != out.size() || x.buf.dt != out.buf.dt {
		return false
	}
	for k, other := range s.in {
		same := other.offset == x.offset && other.size() == x.size() && slices.Contains(s.inPlace, k)
		if k != j && other.buf == x.buf && !same {
			return false
		}
	}
	return true
}

// ownGradients gives each gradient of a parameter memory of its own: the one it is computed in, unless something else is there too.
func (c *compiler) ownGradients() {
	wanted := map[*buffer]int{}
	for _, n := range c.roots() {
		wanted[c.values[n].buf]++
	}
	for _, l := range c.trained {
		n := c.grads[l]
		if n == nil {
			continue
		}
		v := c.values[n]
		if v.buf.place == inArena && v.whole() && wanted[v.buf] == 1 {
			v.buf.place = inGrad
			c.own[l] = v.buf
			c.addOnRequest(l)
			continue
		}
		own := &buffer{place: inGrad, dt: l.value.Dtype(), size: l.value.DataSize()}
		to := value{buf: own, shape: v.shape}
		c.addStep(&step{kind: copyStep, node: n, path: c.paths[l.node.ID()], in: []value{v}, out: []value{to}}) // behind all lives
		c.own[l] = own
	}
	for _, n := range c.roots() {
		c.values[n].buf.last = len(c.steps)
	}
}
