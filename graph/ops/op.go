package ops

import (
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/chewxy/hm"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Op is the Gorgonia operation that runs a Def on operands of known types and shapes. Its node holds all results, one behind
// the other, when there are several; Views of that node are the results themselves.
type Op struct {
	Def
	dt       tensor.Dtype
	in       []tensor.Shape // of every slot of Call.In, also those without an operand
	out      []tensor.Shape // of the results
	inSlots  []int          // the slot of each operand
	outSlots []int          // the slot of each result
	slots    int            // of Call.Out; 0 means as many as results
	id       uint32
	of       *G.Node // the node whose gradient this is, if any
}

var serials atomic.Uint32

// serial numbers operations: Gorgonia merges nodes by a 32-bit hash that would otherwise not tell two applications apart.
func serial() uint32 { return serials.Add(1) }

// apply makes the node and checks that Gorgonia did not merge it with another one.
func apply(op G.Op, in ...*G.Node) (*G.Node, error) {
	n, err := G.ApplyOp(op, in...)
	if err != nil {
		return nil, errors.Wrapf(err, "ops: %v", op)
	}
	if n.Op() != op {
		return nil, errors.Errorf("ops: %v: gorgonia merged the node with %v: their hashes collide", op, n)
	}
	return n, nil
}

// Results gives the shapes of the results.
func (o *Op) Results() []tensor.Shape { return o.out }

// Of is the node whose gradient the operation computes, nil for a forward operation.
func (o *Op) Of() *G.Node { return o.of }

// Dtype is the floating-point type of the operation.
func (o *Op) Dtype() tensor.Dtype { return o.dt }

// Work counts the floating-point operations when only the wanted results are computed.
func (o *Op) Work(wanted func(i int) bool) int {
	if o.FLOPs == nil {
		return 0
	}
	out := make([]tensor.Shape, max(o.slots, len(o.out)))
	for i, slot := range o.outSlots {
		if wanted(i) {
			out[slot] = o.out[i]
		}
	}
	return o.FLOPs(o.in, out)
}

// ScratchSize is how many elements of memory the operation needs while it runs.
func (o *Op) ScratchSize() int {
	if o.Scratch == nil {
		return 0
	}
	return o.Scratch(o.in)
}

// Bind returns a function that runs the operation on these operands and results. An out with a nil F is not wanted; scratch has
// ScratchSize elements.
func Bind[T kernel.Float](o *Op, in, out []Arg[T], scratch []T) func() error {
	c := &Call[T]{In: make([]Arg[T], len(o.in)), Out: make([]Arg[T], max(o.slots, len(o.out))), Scratch: scratch}
	for i, s := range o.in {
		c.In[i].Shape = s
	}
	for i, slot := range o.inSlots {
		c.In[slot].F, c.In[slot].I = in[i].F, in[i].I
	}
	for i, slot := range o.outSlots {
		c.Out[slot] = Arg[T]{F: out[i].F, Shape: o.out[i], add: out[i].add}
	}
	run := kernelOf[T](o.Forward)
	return func() error { return run(c) }
}

func kernelOf[T kernel.Float](k Kernel) func(*Call[T]) error {
	var f func(*Call[T]) error
	switch p := any(&f).(type) {
	case *func(*Call[float32]) error:
		*p = k.F32
	case *func(*Call[float64]) error:
		*p = k.F64
	}
	return f
}

// valueType is the type Gorgonia gives to a value of this shape: a plain dtype for a scalar.
func valueType(dt tensor.Dtype, shape tensor.Shape) hm.Type {
	if len(shape) == 0 {
		return dt
	}
	return G.TensorType{Dims: len(shape), Of: dt}
}

// shape is that of the node: the only result's, or the length of all of them.
func (o *Op) shape() tensor.Shape {
	if len(o.out) == 1 {
		return o.out[0]
	}
	n := 0
	for _, s := range o.out {
		n += size(s)
	}
	return tensor.Shape{n}
}

// Arity implements gorgonia.Op.
func (o *Op) Arity() int { return len(o.inSlots) }

// Type implements gorgonia.Op. The operands' types are type variables: newOp has checked them.
func (o *Op) Type() hm.Type { return fnType(len(o.inSlots), valueType(o.dt, o.shape())) }

func fnType(arity int, result hm.Type) hm.Type {
	ts := make([]hm.Type, arity+1)
	for i := range arity {
		ts[i] = hm.TypeVariable(rune('c' + i))
	}
	ts[arity] = result
	return hm.NewFnType(ts...)
}

// InferShape implements gorgonia.Op.
func (o *Op) InferShape(...G.DimSizer) (tensor.Shape, error) { return o.shape().Clone(), nil }

// ReturnsPtr implements gorgonia.Op: Gorgonia's machine must not take the result for one of the operands.
func (o *Op) ReturnsPtr() bool { return false }

// CallsExtern implements gorgonia.Op.
func (o *Op) CallsExtern() bool { return false }

// OverwritesInput implements gorgonia.Op: in plain Gorgonia nothing is done in place.
func (o *Op) OverwritesInput() int { return -1 }

// WriteHash implements gorgonia.Op.
func (o *Op) WriteHash(h hash.Hash) { writeHash(h, o.String(), o.id) }

// Hashcode implements gorgonia.Op: no two operations are the same one.
func (o *Op) Hashcode() uint32 { return o.id }

func writeHash(h hash.Hash, name string, id uint32) {
	_, _ = h.Write([]byte(name))                              // a hash.Hash never fails
	_, _ = h.Write(binary.LittleEndian.AppendUint32(nil, id)) // nor here
}

func (o *Op) String() string {
	if len(o.Attrs) == 0 {
		return o.Name
	}
	attrs := make([]string, len(o.Attrs))
	for i, a := range o.Attrs {
		attrs[i] = fmt.Sprint(a)
	}
	return o.Name + "{" + strings.Join(attrs, " ") + "}"
}

// Do implements gorgonia.Op for plain Gorgonia machines; graph.Program binds memory of its own instead.
func (o *Op) Do(in ...G.Value) (G.Value, error) {
	if o.dt == tensor.Float64 {
		return do[float64](o, in)
	}
	return do[float32](o, in)
}

func do[T kernel.Float](o *Op, in []G.Value) (G.Value, error) {
	args := make([]Arg[T], len(in))
	for i, v := range in {
		var err error
		if args[i], err = argOf[T](v); err != nil {
			return nil, errors.WithMessagef(err, "ops: %s: operand %d", o.Name, i)
		}
	}
	flat := make([]T, size(o.shape()))
	out, rest := make([]Arg[T], len(o.out)), flat
	for i, s := range o.out {
		out[i].F, rest = rest[:size(s)], rest[size(s):]
	}
	if o.Update {
		copy(out[0].F, args[0].F)
	}
	if err := Bind(o, args, out, make([]T, o.ScratchSize()))(); err != nil {
		return nil, errors.WithMessagef(err, "ops: %s", o.Name)
	}
	return valueOf(flat, o.shape()), nil
}

// argOf reads a Gorgonia value in place, or a copy of it when it is not contiguous.
func argOf[T kernel.Float](v G.Value) (Arg[T], error) {
	switch v := v.(type) {
	case *tensor.Dense:
		if v.RequiresIterator() || v.IsMasked() {
			v = v.Materialize().(*tensor.Dense)
		}
		return Arg[T]{F: floats[T](v), I: ints(v), Shape: v.Shape()}, nil
	case *G.F32:
		return Arg[T]{F: []T{T(*v)}}, nil
	case *G.F64:
		return Arg[T]{F: []T{T(*v)}}, nil
	}
	return Arg[T]{}, errors.Errorf("value of type %T, want a dense tensor or a float scalar", v)
}

func floats[T kernel.Float](t *tensor.Dense) []T {
	var f []T
	switch p := any(&f).(type) {
	case *[]float32:
		if t.Dtype() == tensor.Float32 {
			*p = t.Float32s()
		}
	case *[]float64:
		if t.Dtype() == tensor.Float64 {
			*p = t.Float64s()
		}
	}
	return f
}

func ints(t *tensor.Dense) []int32 {
	if t.Dtype() == tensor.Int32 {
		return t.Int32s()
	}
	return nil
}

func valueOf[T kernel.Float](flat []T, shape tensor.Shape) G.Value {
	if len(shape) > 0 {
		return tensor.New(tensor.WithShape(shape.Clone()...), tensor.WithBacking(flat))
	}
	switch f := any(flat).(type) {
	case []float32:
		return G.NewF32(f[0])
	case []float64:
		return G.NewF64(f[0])
	}
	panic("ops: valueOf: no such type") // Float has only these two
}

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

// backward turns Def.Backward into an operation on the operands it reads.
func (o *Op) backward(d Derivation) (*Op, []*G.Node, error) {
	b := &Op{Def: Def{Name: o.Name + "Backward", Attrs: o.Attrs, Forward: o.Backward}, dt: o.dt, slots: len(o.in), id: serial(), of: d.of}
	if o.FLOPs != nil {
		b.FLOPs = func(in, out []tensor.Shape) int { return o.backwardWork(out) }
	}
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

// backwardWork is the usual rule: as much as the forward pass for each gradient wanted.
func (o *Op) backwardWork(out []tensor.Shape) int {
	n := 0
	for _, s := range out {
		if s != nil {
			n++
		}
	}
	return min(n, 2) * o.FLOPs(o.in, o.out)
}

// result is the node of the i-th result of the operation's node n.
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
