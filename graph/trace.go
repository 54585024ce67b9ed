package graph

import (
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Listing is the graph of a declaration as a list of nodes, for programs that translate it into another form, such as ONNX.
type Listing struct {
	Nodes   []*Node // that the outputs need; operands come before results
	Inputs  []*Node // that the outputs need, in order of declaration
	Outputs []Output
}

// Output is a named output of a Listing.
type Output struct {
	Name string
	Node *Node
}

// Node is a value in a Listing: a leaf or the result of an operation.
type Node struct {
	Kind  NodeKind
	Name  string // path of a parameter or a state, name of an input, number of a constant, "" for a result
	Path  string // of the scope that declared it
	Dtype tensor.Dtype
	Shape []int
	Op    G.Op    // of a result: an *ops.Op, an *ops.View or an operation of Gorgonia
	In    []*Node // operands of Op

	leaf *leaf
}

// NodeKind is the origin of a Node's value.
type NodeKind uint8

// The kinds of nodes.
const (
	ResultNode NodeKind = iota
	ParamNode
	InputNode
	StateNode
	ConstantNode
)

// Tensor returns the value of a parameter or a constant. It is nil for other nodes, and for a parameter that no Program has made yet.
func (n *Node) Tensor() *tensor.Dense {
	switch n.Kind {
	case ConstantNode:
		n.leaf.make()
		return n.leaf.value
	case ParamNode:
		return n.leaf.value
	}
	return nil
}

// Trace runs a declaration as Build does and lists its graph, without a loss and gradients. It allocates no memory for values and leaves
// p unchanged. An operation with several results is one node with the first result: only gradients read the others.
func Trace(p *Params, mode Mode, declare func(*Scope)) (_ *Listing, err error) {
	defer annotate(&err, "graph: trace")
	b, err := declared(p, mode, declare)
	if err != nil {
		return nil, err
	}
	t := tracer{builder: b, seen: map[*G.Node]*Node{}}
	for _, o := range b.outputs {
		n, err := t.trace(o.node)
		if err != nil {
			return nil, err
		}
		t.Outputs = append(t.Outputs, Output{o.name, n})
	}
	for _, l := range b.inputs {
		if n := t.seen[l.node]; n != nil {
			t.Inputs = append(t.Inputs, n)
		}
	}
	return &t.Listing, nil
}

// tracer lists the nodes of a declared graph.
type tracer struct {
	Listing
	*builder
	seen map[*G.Node]*Node
}

// trace returns the listed node of x. It lists the operands of x first.
func (t *tracer) trace(x *G.Node) (*Node, error) {
	if n := t.seen[x]; n != nil {
		return n, nil
	}
	n := &Node{Path: t.paths[x.ID()], Dtype: x.Dtype(), Shape: slices.Clone(x.Shape()), Op: x.Op()}
	switch l := t.leaves[x]; {
	case l != nil:
		n.leaf, n.Name = l, l.name
		n.Kind = [...]NodeKind{paramLeaf: ParamNode, inputLeaf: InputNode, stateLeaf: StateNode, constantLeaf: ConstantNode}[l.kind]
	case n.Op == nil:
		return nil, errors.WithMessage(errors.New("input was not declared with Scope.Input"), at(n.Path, x.String()))
	}
	operands := t.children(x)
	if v, ok := n.Op.(*ops.View); ok && v.Op() != nil { // the first result of an operation with several
		n.Op, operands = v.Op(), operands[1:]
	}
	for _, o := range operands {
		in, err := t.trace(o)
		if err != nil {
			return nil, err
		}
		n.In = append(n.In, in)
	}
	t.seen[x], t.Nodes = n, append(t.Nodes, n)
	return n, nil
}
