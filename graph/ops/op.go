package ops

import (
	"encoding/binary"
	"fmt"
	"hash"
	"strings"
	"sync/atomic"

	"github.com/chewxy/hm"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Op is the Gorgonia operation that runs a Def on operands of known types and shapes. If it has several results, its node holds all
// of them in order, and Views of the node are the results.
type Op struct {
	Def
	dt       tensor.Dtype
	in       []tensor.Shape // of every slot of Call.In, including slots without an operand
	out      []tensor.Shape // of the results
	inSlots  []int          // the slot of each operand
	outSlots []int          // the slot of each result
	slots    int            // number of slots of Call.Out; 0 means one per result
	id       uint32
	of       *G.Node // the node that this operation differentiates, nil for none
}

var serials atomic.Uint32

// serial returns a unique number for an operation: otherwise Gorgonia would merge two applications with the same 32-bit hash.
func serial() uint32 { return serials.Add(1) }

// apply makes the node and checks that Gorgonia did not merge it with another node.
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

// Results returns the shapes of the results.
func (o *Op) Results() []tensor.Shape { return o.out }

// Of returns the node that the operation differentiates, nil for a forward operation.
func (o *Op) Of() *G.Node { return o.of }

// Dtype returns the floating-point type of the operation.
func (o *Op) Dtype() tensor.Dtype { return o.dt }

// Work counts the floating-point operations if only the wanted results are computed.
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

// ScratchSize returns the number of elements of memory that the operation needs while it runs.
func (o *Op) ScratchSize() int {
	if o.Scratch == nil {
		return 0
	}
	return o.Scratch(o.in)
}

// Bind returns a function that runs the operation on these operands and results. A result with a nil F is not computed. scratch has
// ScratchSize elements.
func Bind[T kernel.Float](o *Op, in, out []Arg[T], scratch []T) func() error {
	c := &Call[T]{In: make([]Arg[T], len(o.in)), Out: make([]Arg[T], max(o.slots, len(o.out))), Scratch: scratch}
	for i, s := range o.in {
		c.In[i].Shape = s
	}
	for i, slot := range o.inSlots {
		c.In[slot].F, c.In[slot].I, c.In[slot].W = in[i].F, in[i].I, in[i].W
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

// valueType returns the type that Gorgonia gives to a value of this shape: a plain dtype for a scalar.
func valueType(dt tensor.Dtype, shape tensor.Shape) hm.Type {
	if len(shape) == 0 {
		return dt
	}
	return G.TensorType{Dims: len(shape), Of: dt}
}

// shape returns the shape of the node: the shape of its only result, or the total length of several.
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

// Type implements gorgonia.Op. The operands' types are type variables, because newOp has checked them.
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

// ReturnsPtr implements gorgonia.Op. It is false, so that Gorgonia's machine does not mistake the result for an operand.
func (o *Op) ReturnsPtr() bool { return false }

// CallsExtern implements gorgonia.Op.
func (o *Op) CallsExtern() bool { return false }

// OverwritesInput implements gorgonia.Op. In plain Gorgonia no operation runs in place.
func (o *Op) OverwritesInput() int { return -1 }

// WriteHash implements gorgonia.Op.
func (o *Op) WriteHash(h hash.Hash) { writeHash(h, o.String(), o.id) }

// Hashcode implements gorgonia.Op. No two operations have the same one.
func (o *Op) Hashcode() uint32 { return o.id }

func writeHash(h hash.Hash, name string, id uint32) {
	_, _ = h.Write([]byte(name))                              // a hash.Hash never fails
	_, _ = h.Write(binary.LittleEndian.AppendUint32(nil, id)) // a hash.Hash never fails
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
