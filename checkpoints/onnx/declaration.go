package onnx

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Axis is a size of a model that is known only when the file runs.
type Axis struct {
	Name string // such as batch_size

	// Max is the largest size that the model takes, such as its number of positions. The file refuses larger ones where it uses the size.
	// 0 means any. A model with constants that grow with the size, such as tables of distances, needs it.
	Max int
}

// Declaration is a model to translate.
type Declaration struct {
	Axes []Axis

	// Declare declares the model for the given lengths of the Axes, such as Logits(n[0], n[1]) of a model of package models.
	Declare func(n []int) func(*graph.Scope)

	Names map[string]string // new names of inputs and outputs, such as "tokens": "input_ids"
	Masks map[string]Mask   // inputs of lengths that become masks
	Opset int               // version of ONNX's operator set; 0 means 17
	Rules map[string]Rule   // translations of operations of your own, by ops.Def.Name
}

// Mask replaces an input of lengths, int32 (B), by an input with 1 for each element that counts and 0 for padding, int64 (B, T). Elements
// that attention must not see may be anywhere. For other operations, such as LastPool, padding comes last.
type Mask struct {
	Name string // such as attention_mask
	Like string // the input whose shape the mask has, such as tokens
}

// declared is a declared model in all its sizes.
type declared struct {
	*graph.Listing // in the first size
	probes
	twins map[*graph.Node][]*graph.Node // of each node in every size, nil for a slice that is everything
}

// declare declares the model in several sizes and matches the nodes.
func (d Declaration) declare(params *graph.Params) (*declared, error) {
	if params == nil || d.Declare == nil {
		return nil, errors.New("want parameters and Declare")
	}
	if params.Dtype() != tensor.Float32 {
		return nil, errors.Errorf("the weights are %v: want float32, see graph.NewParams", params.Dtype())
	}
	p, err := probesOf(d.Axes)
	if err != nil {
		return nil, err
	}
	m := &declared{probes: p, twins: map[*graph.Node][]*graph.Node{}}
	for i, n := range p {
		l, err := graph.Trace(params, graph.Eval, d.Declare(slices.Clone(n)))
		if err != nil {
			return nil, errors.WithMessagef(err, "declaration of sizes %v", n)
		}
		if i == 0 {
			m.Listing = l
		}
		if err := m.match(i, l); err != nil {
			return nil, errors.WithMessagef(err, "declarations of sizes %v and %v differ", p[0], n)
		}
	}
	return m, nil
}

// match finds the nodes of size i.
func (m *declared) match(i int, l *graph.Listing) error {
	if len(l.Outputs) != len(m.Outputs) {
		return errors.Errorf("%d and %d outputs", len(m.Outputs), len(l.Outputs))
	}
	for k, o := range m.Outputs {
		if err := m.pair(i, o.Node, l.Outputs[k].Node); err != nil {
			return err
		}
	}
	return nil
}

// pair makes b the node of size i for node a of the first size, and goes on with their operands.
func (m *declared) pair(i int, a, b *graph.Node) error {
	if len(m.twins[a]) > i {
		return nil
	}
	if len(m.twins[a]) < i {
		return errors.Errorf("%s: a value is needed in one size only: declare the same operations in all sizes", a.Path)
	}
	if isSlice(a) && !isSlice(b) { // package ops leaves out a slice that is everything
		m.twins[a] = append(m.twins[a], nil)
		return m.pair(i, a.In[0], b)
	}
	m.twins[a] = append(m.twins[a], b)
	if err := sameNode(a, b); err != nil {
		return errors.WithMessage(err, a.Path)
	}
	for k := range a.In {
		if err := m.pair(i, a.In[k], b.In[k]); err != nil {
			return err
		}
	}
	return nil
}

// sameNode returns an error unless the nodes differ only in their sizes.
func sameNode(a, b *graph.Node) error {
	switch {
	case a.Kind != b.Kind || a.Name != b.Name || len(a.In) != len(b.In) || len(a.Shape) != len(b.Shape):
		return errors.Errorf("%s and %s: declare the same operations in all sizes", describe(a), describe(b))
	case isSlice(a) != isSlice(b):
		return errors.Errorf("%s and %s: a slice is everything in one size only", describe(a), describe(b))
	}
	x, ok := a.Op.(*ops.Op)
	y, _ := b.Op.(*ops.Op)
	if !ok || y == nil || isSlice(a) {
		return nil
	}
	if x.Name != y.Name || !reflect.DeepEqual(x.Attrs, y.Attrs) {
		return errors.Errorf("%s has the attributes %v and %v: a file has one of them, so give this size a fixed length, or a Max up to which they are equal", x.Name, printed(x.Attrs), printed(y.Attrs))
	}
	return nil
}

// printed formats attributes. Frequencies print their values.
func printed(attrs []any) string {
	all := make([]any, len(attrs))
	for i, a := range attrs {
		if f, ok := a.(ops.Frequencies); ok {
			a = []float64(f)
		}
		all[i] = a
	}
	return fmt.Sprint(all...)
}

func describe(n *graph.Node) string {
	switch n.Kind {
	case graph.ParamNode:
		return "parameter " + n.Name
	case graph.InputNode:
		return "input " + n.Name
	case graph.StateNode:
		return "state " + n.Name
	case graph.ConstantNode:
		return fmt.Sprintf("constant of shape %v", n.Shape)
	}
	return fmt.Sprint(n.Op)
}

// isSlice reports whether n selects a part of one axis.
func isSlice(n *graph.Node) bool {
	switch op := n.Op.(type) {
	case *ops.View:
		return sizeOf(n.Shape) != sizeOf(n.In[0].Shape)
	case *ops.Op:
		return op.Name == "Slice"
	}
	return false
}

func sizeOf(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// sliced returns the axis and the first index of a slice.
func sliced(n *graph.Node) (axis, lo int) {
	if op, ok := n.Op.(*ops.Op); ok {
		return op.Attrs[0].(int), op.Attrs[1].(int)
	}
	x := n.In[0].Shape
	for axis < len(x)-1 && x[axis] == n.Shape[axis] {
		axis++
	}
	return axis, n.Op.(*ops.View).Offset() / max(sizeOf(x[axis+1:]), 1)
}

// shape returns the Sizes of a node.
func (m *declared) shape(n *graph.Node) ([]Size, error) {
	all := make([]Size, len(n.Shape))
	for axis := range all {
		values := make([]int, len(m.probes))
		for i := range m.probes {
			values[i] = m.at(n, i).Shape[axis]
		}
		var err error
		if all[axis], err = m.fit(values); err != nil {
			return nil, errors.WithMessagef(err, "%s: axis %d of %s", n.Path, axis, describe(n))
		}
	}
	return all, nil
}

// at returns node n in size i. A slice that is everything is its operand.
func (m *declared) at(n *graph.Node, i int) *graph.Node {
	for m.twins[n][i] == nil {
		n = n.In[0]
	}
	return m.twins[n][i]
}

// start returns the axis of a slice and its first index.
func (m *declared) start(n *graph.Node) (axis int, lo Size, err error) {
	axis, _ = sliced(n)
	values := make([]int, len(m.probes))
	for i := range m.probes {
		if t := m.twins[n][i]; t != nil {
			_, values[i] = sliced(t)
		}
	}
	lo, err = m.fit(values)
	return axis, lo, errors.WithMessagef(err, "%s: slice", n.Path)
}
