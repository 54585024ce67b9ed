package ops

import (
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Arg is one operand or one result of a kernel: row-major data and its shape.
type Arg[T kernel.Float] struct {
	F     []T            // data of a floating-point operand; nil for ids, and for an operand or result that is not used
	I     []int32        // data of an id operand
	W     *kernel.Packed // a matrix in few bits in place of F, of an operand that the Def lists in Packed
	Shape []int          // always set; empty for a scalar, whose data has one element

	add *bool // of a result: whether it is added to the content of F; nil means false
}

// Adds reports whether the kernel must add this result to the content of F instead of replacing it. It is true only for results
// that the Def lists in Adds.
func (a Arg[T]) Adds() bool { return a.add != nil && *a.add }

// Adding returns a copy of a that is added to the content of F whenever *add is true.
func (a Arg[T]) Adding(add *bool) Arg[T] {
	a.add = add
	return a
}

// Rows returns the number of rows if the last axis is the columns.
func (a Arg[T]) Rows() int { return size(a.Shape) / max(a.Cols(), 1) }

// Cols returns the length of the last axis, 1 for a scalar.
func (a Arg[T]) Cols() int {
	if len(a.Shape) == 0 {
		return 1
	}
	return a.Shape[len(a.Shape)-1]
}

// Call is one run of a kernel. In and Out belong to the caller and keep their addresses between runs.
type Call[T kernel.Float] struct {
	In      []Arg[T]
	Out     []Arg[T]
	Scratch []T // Def.Scratch elements with undefined content
}

// Kernel is the function of a Def for both floating-point types. It overwrites its results and keeps none of its arguments.
type Kernel struct {
	F32 func(*Call[float32]) error
	F64 func(*Call[float64]) error
}

func (k Kernel) isZero() bool { return k.F32 == nil && k.F64 == nil }

func (k Kernel) runs(dt tensor.Dtype) bool {
	return dt == tensor.Float32 && k.F32 != nil || dt == tensor.Float64 && k.F64 != nil
}

// Def defines an operation. Our own operations and users' operations are made the same way.
//
// Operands are floating-point nodes of one type (float32 or float64) and int32 nodes of ids, which have no gradient.
type Def struct {
	Name  string
	Attrs []any // every hyper-parameter, for printing and for the node's hash

	// Shapes returns the shapes of the results: first the result that New returns, then values that Backward needs.
	Shapes func(in []tensor.Shape) ([]tensor.Shape, error)

	// Forward reads In (the operands) and writes Out (the results). F is nil in a result that nothing reads.
	Forward Kernel

	// Backward reads In: the operands, the results, and last the gradient of the first result. It writes Out: a gradient for each
	// operand. F is nil for operands of ids and for gradients that nothing reads. A Def without Backward and Grad has no gradient.
	Backward Kernel

	// Unread lists the indices of Backward's In that it does not read, so that their memory need not be kept.
	Unread []int

	// Grad replaces Backward if it is set. It declares the gradients as nodes, one for each operand (nil for ids).
	Grad func(d Derivation) ([]*G.Node, error)

	// Constant lists floating-point operands without a gradient.
	Constant []int

	// Targets lists id operands over which the first result is a mean; ids count unless they are IgnoreTarget. Training and
	// evaluation weight batches by this count. The operands must be inputs of the graph. With PadTargets, ids 0 do not count either.
	Targets    []int
	PadTargets bool

	// InPlace lists operands whose memory the first result may reuse. If two of them are the same node, they share memory.
	InPlace []int

	// Adds lists results that Forward can add to their memory, see Arg.Adds. Gradients of a node with several uses are then summed
	// in place.
	Adds []int

	// Packed lists operands that may be matrices in few bits, see Arg.W, in graph.Programs of float32. With PackedTrans the packed matrix
	// is the transpose of the operand.
	Packed      []int
	PackedTrans bool

	// Scratch returns the number of elements of memory that Forward needs while it runs. Nil means none.
	Scratch func(in []tensor.Shape) int

	// Update makes the first result the first operand, changed in place: a cache that is kept between runs.
	Update bool

	// Bits is set if the float32 elements of the first result hold bits that are no numbers.
	Bits bool

	// FLOPs counts the floating-point operations. The shape of a result that nothing reads is nil. Nil FLOPs means 0.
	FLOPs func(in, out []tensor.Shape) int

	// BackwardFLOPs counts those of Backward. The shape of a gradient that nothing reads is nil. Nil means FLOPs for one gradient and
	// twice FLOPs for several, as for a product of two operands.
	BackwardFLOPs func(in, grads []tensor.Shape) int
}

// Derivation is the argument of a Def's Grad.
type Derivation struct {
	In  []*G.Node                    // the operands
	Out func(i int) (*G.Node, error) // the i-th result
	D   *G.Node                      // the gradient of the first result

	of *G.Node // the node to differentiate
}

// Results applies a definition and returns the nodes of all its results, such as several gradients.
func (d Derivation) Results(def Def, in ...*G.Node) ([]*G.Node, error) {
	op, err := newOp(def, in)
	if err != nil {
		return nil, err
	}
	op.of = d.of
	n, err := apply(op, in...)
	if err != nil {
		return nil, err
	}
	results := make([]*G.Node, len(op.out))
	for i := range results {
		if results[i], err = op.result(n, i); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// result applies a definition with one result.
func (d Derivation) result(def Def, in ...*G.Node) (*G.Node, error) {
	r, err := d.Results(def, in...)
	if err != nil {
		return nil, err
	}
	return r[0], nil
}

// New applies a definition to its operands and returns the node of its first result.
//
// It is an error if the operands have mixed or unsupported types, if they belong to different graphs, or if d.Shapes refuses their
// shapes.
func New(d Def, in ...*G.Node) (*G.Node, error) {
	op, err := newOp(d, in)
	if err != nil {
		return nil, err
	}
	n, err := apply(op, in...)
	if err != nil {
		return nil, err
	}
	if len(op.out) == 1 {
		return n, nil
	}
	return apply(&View{op: op, dt: op.dt, shape: op.out[0], id: serial()}, append([]*G.Node{n}, in...)...)
}

// newOp checks the operands and infers the results.
func newOp(d Def, in []*G.Node) (*Op, error) {
	op := &Op{Def: d, in: make([]tensor.Shape, len(in)), id: serial()}
	if len(in) == 0 {
		return nil, errors.Errorf("ops: %s: no operands", d.Name)
	}
	for i, n := range in {
		if n == nil {
			return nil, errors.Errorf("ops: %s: operand %d is nil", d.Name, i)
		}
		op.in[i] = n.Shape()
		op.inSlots = append(op.inSlots, i)
		switch dt := n.Dtype(); {
		case dt == tensor.Int32:
			op.Constant = append(slices.Clip(op.Constant), i)
		case dt != tensor.Float32 && dt != tensor.Float64:
			return nil, errors.Errorf("ops: %s: operand %d is %v, want float32, float64 or int32", d.Name, i, dt)
		case op.dt == (tensor.Dtype{}):
			op.dt = dt
		case op.dt != dt:
			return nil, errors.Errorf("ops: %s: operand %d is %v but an earlier one is %v", d.Name, i, dt, op.dt)
		}
	}
	if op.dt == (tensor.Dtype{}) {
		return nil, errors.Errorf("ops: %s: no floating-point operand", d.Name)
	}
	if err := op.infer(); err != nil {
		return nil, errors.WithMessagef(err, "ops: %s", d.Name)
	}
	return op, nil
}

// infer checks the definition and infers the results from it.
func (o *Op) infer() (err error) {
	switch {
	case o.Shapes == nil:
		return errors.New("the definition has no Shapes")
	case !o.Forward.runs(o.dt):
		return errors.Errorf("the definition's Forward has no kernel for %v", o.dt)
	case !o.Backward.isZero() && !o.Backward.runs(o.dt):
		return errors.Errorf("the definition's Backward has no kernel for %v", o.dt)
	}
	if o.out, err = o.Shapes(o.in); err != nil {
		return err
	}
	if len(o.out) == 0 {
		return errors.New("the definition's Shapes gives no result")
	}
	o.outSlots = upTo(len(o.out))
	return nil
}

// sameShape is the Shapes of operations whose result has the shape of their first operand.
func sameShape(in []tensor.Shape) ([]tensor.Shape, error) { return []tensor.Shape{in[0].Clone()}, nil }

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
