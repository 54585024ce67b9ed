package ops

import (
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// DiffWRT implements gorgonia.SDOp.
func (o *Op) DiffWRT(n int) []bool {
	if len(o.out) > 1 {
		return make([]bool, n) // the View of the first result carries the derivative
	}
	return o.differentiable()
}

// SymDiff implements gorgonia.SDOp.
func (o *Op) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return o.derive(Derivation{In: in, D: grad, Out: func(int) (*G.Node, error) { return out, nil }, of: out})
}

func (o *Op) differentiable() []bool {
	d := make([]bool, len(o.in))
	if o.Backward.isZero() && o.Grad == nil {
		return d
	}
	for i := range d {
		d[i] = !slices.Contains(o.Constant, i)
	}
	return d
}

// derive declares the gradients of the operands.
func (o *Op) derive(d Derivation) (G.Nodes, error) {
	if o.Grad != nil {
		return o.Grad(d)
	}
	b, operands, err := o.backward(d)
	if err != nil {
		return nil, err
	}
	n, err := apply(b, operands...)
	if err != nil {
		return nil, err
	}
	grads := make(G.Nodes, len(o.in))
	for i, slot := range b.outSlots {
		if grads[slot], err = b.result(n, i); err != nil {
			return nil, err
		}
	}
	return grads, nil
}

// backward turns Def.Backward into an operation on the operands that it reads.
func (o *Op) backward(d Derivation) (*Op, []*G.Node, error) {
	b := &Op{Def: Def{Name: o.Name + "Backward", Attrs: o.Attrs, Forward: o.Backward}, dt: o.dt, slots: len(o.in), id: serial(), of: d.of}
	b.FLOPs = func(in, grads []tensor.Shape) int { return o.backwardWork(grads) }
	nodes := slices.Clone(d.In)
	for i := range o.out {
		n, err := d.Out(i)
		if err != nil {
			return nil, nil, err
		}
		nodes = append(nodes, n)
	}
	nodes = append(nodes, d.D)
	var operands []*G.Node
	for slot, n := range nodes {
		b.in = append(b.in, n.Shape())
		if !slices.Contains(o.Unread, slot) {
			operands, b.inSlots = append(operands, n), append(b.inSlots, slot)
		}
	}
	for i, diff := range o.differentiable() {
		if diff {
			b.out, b.outSlots = append(b.out, o.in[i]), append(b.outSlots, i)
		}
	}
	return b, operands, nil
}

// backwardWork counts the floating-point operations of Backward for the gradients whose shape is not nil.
func (o *Op) backwardWork(grads []tensor.Shape) int {
	switch {
	case o.BackwardFLOPs != nil:
		return o.BackwardFLOPs(o.in, grads)
	case o.FLOPs == nil:
		return 0
	}
	n := 0
	for _, s := range grads {
		if s != nil {
			n++
		}
	}
	return min(n, 2) * o.FLOPs(o.in, o.out)
}

// result returns the node of the i-th result of the operation's node n.
func (o *Op) result(n *G.Node, i int) (*G.Node, error) {
	if len(o.out) == 1 {
		return n, nil
	}
	offset := 0
	for _, s := range o.out[:i] {
		offset += size(s)
	}
	return view(View{offset: offset, shape: o.out[i], name: "result"}, n)
}
