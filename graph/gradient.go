package graph

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// differentiate declares the gradients of the loss with respect to the trained parameters.
func (b *builder) differentiate() (err error) {
	if b.loss == nil || b.mode != Train || len(b.trained) == 0 {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = errors.Errorf("gradients: panic: %v", r)
		}
	}()
	below := b.reachable(b.loss)
	wrt := make(G.Nodes, len(b.trained))
	for i, l := range b.trained {
		if !below[l.node] {
			return errors.Errorf("%s: parameter does not affect the loss: freeze it or do not declare it", l.name)
		}
		wrt[i] = l.node
	}
	if err := b.differentiable(b.loss, map[*G.Node]bool{}); err != nil {
		return err
	}
	first := len(b.paths)
	b.firstGrad = int64(first)
	scaled, err := b.scaledLoss()
	if err != nil {
		return err
	}
	grads, err := G.Grad(scaled, wrt...)
	if err != nil {
		return errors.Wrap(err, "gradients")
	}
	for i, l := range b.trained {
		b.grads[l] = grads[i]
	}
	b.attribute(first)
	return b.intact()
}

// differentiable visits the nodes between n and the parameters. It returns an error for an operation that does not report which of
// its operands have a gradient: gorgonia.Grad panics on it.
func (b *builder) differentiable(n *G.Node, seen map[*G.Node]bool) error {
	operands := b.children(n)
	if seen[n] || len(operands) == 0 {
		return nil
	}
	seen[n] = true
	var has []bool
	if op, ok := n.Op().(G.SDOp); ok {
		has = op.DiffWRT(len(operands))
	}
	if len(has) != len(operands) {
		return errors.New(at(b.paths[n.ID()], n.Op().String()+" has no gradient: the loss must not depend on it"))
	}
	for i, x := range operands {
		if !has[i] {
			continue
		}
		if err := b.differentiable(x, seen); err != nil {
			return err
		}
	}
	return nil
}

// scaledLoss multiplies the loss by Program.Scale, which Run sets. gorgonia.Grad always starts from a constant 1.
func (b *builder) scaledLoss() (*G.Node, error) {
	n := G.NewScalar(b.g, b.params.dt, G.WithName("scale of the gradient"))
	b.scale = &leaf{kind: constantLeaf, name: "scale", node: n, dt: b.params.dt, shape: tensor.Shape{1}}
	b.leaves[n] = b.scale
	return ops.Mul(b.loss, n)
}

// attribute assigns each gradient node, from ID first on, the scope path of the node that it differentiates.
func (b *builder) attribute(first int) {
	b.mark("")
	for _, n := range b.g.AllNodes() {
		if n.ID() < int64(first) {
			continue
		}
		source := n
		switch op := n.Op().(type) {
		case *ops.Op:
			if op.Of() != nil {
				source = op.Of()
			}
		case *ops.View:
			source = b.children(n)[0]
		}
		if source == n && len(n.DerivOf()) > 0 {
			source = n.DerivOf()[0]
		}
		if children := b.children(n); source == n && len(children) > 0 {
			source = children[len(children)-1]
		}
		b.paths[n.ID()] = b.paths[source.ID()]
	}
}

// children lists a node's operands in order. It caches them, because a graph only grows.
func (b *builder) children(n *G.Node) []*G.Node {
	id := int(n.ID())
	for len(b.kids) <= id {
		b.kids = append(b.kids, nil)
	}
	if b.kids[id] != nil {
		return b.kids[id]
	}
	it := b.g.From(n.ID())
	if it == nil {
		return nil
	}
	nodes := make([]*G.Node, 0, max(it.Len(), 0))
	for it.Next() {
		nodes = append(nodes, it.Node().(*G.Node))
	}
	b.kids[id] = nodes
	return nodes
}

// operands lists the nodes that must be computed before n. The view of a first result has its operation's operands as children for
// the derivative, but reads only the operation's node.
func (b *builder) operands(n *G.Node) []*G.Node {
	c := b.children(n)
	if _, ok := n.Op().(*ops.View); ok {
		return c[:1]
	}
	return c
}

// reachable returns the nodes and everything that they depend on.
func (b *builder) reachable(nodes ...*G.Node) map[*G.Node]bool {
	seen := map[*G.Node]bool{}
	for len(nodes) > 0 {
		n := nodes[len(nodes)-1]
		nodes = nodes[:len(nodes)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		nodes = append(nodes, b.operands(n)...)
	}
	return seen
}
