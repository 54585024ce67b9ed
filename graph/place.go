package graph

import (
	"slices"
	"strings"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// place assigns memory to a node's value and appends the step that computes it.
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
			return errors.New("the updated operand must be a Scope.State")
		}
		c.placeOp(n, op)
	default:
		return c.placeForeign(n)
	}
	return nil
}

func leafValue(l *leaf, shape tensor.Shape) value {
	return value{buf: &buffer{place: inLeaf, dt: l.dt, size: l.size(), leaf: l}, shape: shape}
}

// fresh returns a new buffer for a result.
func (c *compiler) fresh(dt tensor.Dtype, shape tensor.Shape) value {
	b := &buffer{dt: dt, size: shape.TotalSize()}
	if dt == c.params.dt {
		c.total += b.size
	} else {
		b.place, b.shape = inForeign, shape.Clone()
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

// placeForeign handles Gorgonia's own operations: constants, sums, reshapes made by gorgonia.Grad, and all others,
// which run unchanged.
func (c *compiler) placeForeign(n *G.Node) error {
	if _, ok := n.Op().(interface{ Value() G.Value }); ok {
		t, err := denseOf(n.Value())
		if err != nil {
			return err
		}
		c.values[n] = leafValue(&leaf{kind: constantLeaf, node: n, dt: t.Dtype(), shape: t.Shape(), value: t}, n.Shape())
		return nil
	}
	s := c.newStep(foreignStep, n)
	switch name := opType(n.Op()); {
	case name == "reshapeOp":
		c.values[n] = value{buf: s.in[0].buf, offset: s.in[0].offset, shape: n.Shape()}
		return nil
	case name == "elemBinOp" && strings.HasPrefix(n.Op().String(), "+") && slices.Equal(s.in[0].shape, s.in[1].shape) && n.Dtype() == c.params.dt:
		s.kind, s.inPlace, s.flops = addStep, []int{0, 1}, n.Shape().TotalSize()
	case c.sums(s):
		s.kind, s.flops = sumStep, s.in[0].size()
	}
	s.out = []value{c.fresh(n.Dtype(), n.Shape())}
	c.addStep(s)
	c.values[n] = s.out[0]
	return nil
}

// denseOf copies a constant's value. A scalar becomes a tensor of shape (1).
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

// wanted reports for each result whether a needed view reads it.
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
			s.bytes += v.bytes()
		}
	}
	c.steps = append(c.steps, s)
}
