package ops

import (
	"fmt"
	"hash"
	"slices"

	"github.com/chewxy/hm"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// View is the Gorgonia operation that returns a contiguous part of its first operand under another shape: one of several results of
// an operation, a reshape, or a slice of the leading axis. graph.Program runs nothing for it. Gorgonia's own machines get a copy,
// because they overwrite shared operands.
type View struct {
	op     *Op // set in the first result of op, which carries op's derivative
	dt     tensor.Dtype
	offset int // in elements
	shape  tensor.Shape
	name   string
	grad   func(x, d *G.Node) (*G.Node, error) // gradient of the operand, nil for none
	id     uint32
}

// view applies a View that is not the first result of an operation.
func view(v View, x *G.Node) (*G.Node, error) {
	v.dt, v.id = x.Dtype(), serial()
	return apply(&v, x)
}

// Offset returns the first element of the operand that the view covers.
func (v *View) Offset() int { return v.offset }

// Op returns the operation whose first result the node is, nil for other views.
func (v *View) Op() *Op { return v.op }

// Arity implements gorgonia.Op.
func (v *View) Arity() int {
	if v.op != nil {
		return 1 + v.op.Arity()
	}
	return 1
}

// Type implements gorgonia.Op.
func (v *View) Type() hm.Type { return fnType(v.Arity(), valueType(v.dt, v.shape)) }

// InferShape implements gorgonia.Op.
func (v *View) InferShape(...G.DimSizer) (tensor.Shape, error) { return v.shape.Clone(), nil }

// ReturnsPtr implements gorgonia.Op.
func (v *View) ReturnsPtr() bool { return false }

// CallsExtern implements gorgonia.Op.
func (v *View) CallsExtern() bool { return false }

// OverwritesInput implements gorgonia.Op.
func (v *View) OverwritesInput() int { return -1 }

// WriteHash implements gorgonia.Op.
func (v *View) WriteHash(h hash.Hash) { writeHash(h, v.String(), v.id) }

// Hashcode implements gorgonia.Op.
func (v *View) Hashcode() uint32 { return v.id }

func (v *View) String() string {
	if v.op != nil {
		return v.op.String()
	}
	return fmt.Sprintf("%s%v", v.name, v.shape)
}

// Do implements gorgonia.Op for plain Gorgonia machines.
func (v *View) Do(in ...G.Value) (G.Value, error) {
	switch v.dt {
	case tensor.Float32:
		return copyView[float32](v, in[0])
	case tensor.Float64:
		return copyView[float64](v, in[0])
	}
	a, err := argOf[float32](in[0])
	if err != nil {
		return nil, errors.WithMessagef(err, "ops: %v", v)
	}
	part := slices.Clone(a.I[v.offset : v.offset+size(v.shape)])
	return tensor.New(tensor.WithShape(v.shape.Clone()...), tensor.WithBacking(part)), nil
}

func copyView[T kernel.Float](v *View, x G.Value) (G.Value, error) {
	a, err := argOf[T](x)
	if err != nil {
		return nil, errors.WithMessagef(err, "ops: %v", v)
	}
	return valueOf(slices.Clone(a.F[v.offset:v.offset+size(v.shape)]), v.shape), nil
}

// DiffWRT implements gorgonia.SDOp.
func (v *View) DiffWRT(n int) []bool {
	if v.op != nil {
		return append([]bool{false}, v.op.differentiable()...)
	}
	return []bool{v.grad != nil}
}

// SymDiff implements gorgonia.SDOp.
func (v *View) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	if v.op == nil {
		d, err := v.grad(in[0], grad)
		return G.Nodes{d}, err
	}
	results := func(i int) (*G.Node, error) { return v.op.result(in[0], i) }
	grads, err := v.op.derive(Derivation{In: in[1:], D: grad, Out: results, of: out})
	return append(G.Nodes{nil}, grads...), err
}
