package graph

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// leaf is a node without an operation. Its value is made with the Program unless it exists already.
type leaf struct {
	kind   leafKind
	name   string
	node   *G.Node
	dt     tensor.Dtype
	shape  tensor.Shape
	value  *tensor.Dense       // nil until it is made
	init   Init                // of a new parameter
	packed *kernel.Packed      // of a parameter in few bits, which has no value
	fill   func(*tensor.Dense) // of a computed constant; nil leaves zeros
}

type leafKind uint8

const (
	paramLeaf leafKind = iota
	inputLeaf
	stateLeaf
	constantLeaf
)

func (l *leaf) size() int { return l.shape.TotalSize() }
func (l *leaf) bytes() int {
	if l.packed != nil {
		return len(l.packed.Data)
	}
	return l.size() * int(l.dt.Size())
}

// make makes the value of an input, a state or a constant.
func (l *leaf) make() {
	if l.value != nil {
		return
	}
	l.value = newDense(l.dt, l.shape)
	if l.fill != nil {
		l.fill(l.value)
	}
}

// addLeaf makes the node of a leaf. Gorgonia merges inputs of the same name, so names are unique.
func (b *builder) addLeaf(l *leaf) (*G.Node, error) {
	prefix := [...]string{"", "input ", "state ", "constant "}[l.kind]
	key := prefix + l.name
	if _, ok := b.used[key]; ok {
		name := [...]string{"parameter", "input " + l.name, "state", "constant"}[l.kind]
		return nil, errors.Errorf("%s is declared twice in one graph: pass the node to share it", name)
	}
	l.node = G.NewTensor(b.g, l.dt, len(l.shape), G.WithShape(l.shape...), G.WithName(key))
	if b.leaves[l.node] != nil {
		return nil, errors.Errorf("gorgonia merged %s with another node: their hashes collide", key)
	}
	b.leaves[l.node], b.used[key] = l, l.node
	return l.node, nil
}

func (b *builder) param(path string, init Init, shape []int) (*G.Node, error) {
	value, frozen := b.params.find(path)
	packed := b.params.findPacked(path)
	l := &leaf{kind: paramLeaf, name: path, dt: b.params.dt, shape: slices.Clone(shape), value: value, init: init}
	var err error
	switch n := b.used[path]; {
	case packed != nil:
		l.packed, frozen, err = packed.w, true, sameShape(packed.shape, shape)
	case value != nil:
		err = sameShape(value.Shape(), shape)
	case n != nil:
		err = sameShape(n.Shape(), shape)
	default:
		err = b.newParam(l)
	}
	if err != nil {
		return nil, err
	}
	n, err := b.addLeaf(l)
	if err != nil {
		return nil, err
	}
	b.weights = append(b.weights, l)
	if value == nil && packed == nil {
		b.newBytes += l.bytes()
	}
	if !frozen {
		b.trained = append(b.trained, l)
	}
	return n, nil
}

// newParam checks a parameter that Params does not have yet.
func (b *builder) newParam(l *leaf) error {
	if err := b.expect(l.name, l.shape); err != nil {
		b.tooLarge = nil // this error is clearer
		return err
	}
	return l.init.check(l.dt, l.shape)
}

func (b *builder) input(name string, dt tensor.Dtype, shape []int) (*G.Node, error) {
	if dt != tensor.Int32 && dt != b.params.dt {
		return nil, errors.Errorf("input %s of type %v, want int32 or the parameters' %v", name, dt, b.params.dt)
	}
	if err := b.checkShape("input "+name, shape); err != nil {
		return nil, err
	}
	l := &leaf{kind: inputLeaf, name: name, dt: dt, shape: slices.Clone(shape)}
	n, err := b.addLeaf(l)
	if err != nil {
		return nil, err
	}
	b.inputs = append(b.inputs, l)
	return n, nil
}

func (b *builder) state(path string, shape []int) (*G.Node, error) {
	if err := b.checkShape("state", shape); err != nil {
		return nil, err
	}
	l := &leaf{kind: stateLeaf, name: path, dt: b.params.dt, shape: slices.Clone(shape)}
	b.newBytes += l.bytes()
	return b.addLeaf(l)
}

// checkShape returns an error if a leaf cannot have the shape.
func (b *builder) checkShape(name string, shape []int) error {
	err := errors.WithMessage(checkShape(shape), name)
	if err != nil && isLarge(shape) {
		return b.large(err)
	}
	return err
}

// large handles the error of a shape that is too large. While a file's shapes are expected, it keeps the error and lets the
// declaration continue, because a parameter of another shape than the file's gives a clearer error.
func (b *builder) large(err error) error {
	if b.expected == nil {
		return err
	}
	b.tooLarge = cmp.Or(b.tooLarge, located(b.last, err))
	return nil
}

func (b *builder) constant(t *tensor.Dense) (*G.Node, error) {
	switch {
	case t == nil:
		return nil, errors.New("constant is nil")
	case t.Dims() == 0:
		return nil, errors.New("constant without axes: a single number has shape (1)")
	case t.RequiresIterator() || t.DataOrder().IsColMajor():
		return nil, errors.New("constant is not contiguous: clone it")
	}
	return b.newConstant(&leaf{dt: t.Dtype(), shape: t.Shape().Clone(), value: t.Clone().(*tensor.Dense)})
}

// computed declares a constant whose value is made with the Program.
func (b *builder) computed(dt tensor.Dtype, fill func(*tensor.Dense), shape []int) (*G.Node, error) {
	if err := b.checkShape("constant", shape); err != nil {
		return nil, err
	}
	return b.newConstant(&leaf{dt: dt, shape: slices.Clone(shape), fill: fill})
}

func (b *builder) newConstant(l *leaf) (*G.Node, error) {
	if l.dt != tensor.Int32 && l.dt != b.params.dt {
		return nil, errors.Errorf("constant of type %v, want int32 or the parameters' %v", l.dt, b.params.dt)
	}
	l.kind, l.name = constantLeaf, strconv.Itoa(len(b.used))
	return b.addLeaf(l)
}

func (b *builder) streamNode() (*G.Node, error) {
	if b.stream == nil {
		l := &leaf{kind: constantLeaf, name: "stream", dt: tensor.Int32, shape: slices.Clone(ops.StreamShape)}
		if _, err := b.addLeaf(l); err != nil {
			return nil, err
		}
		b.stream = l
	}
	return b.stream.node, nil
}

func newDense(dt tensor.Dtype, shape []int) *tensor.Dense {
	return tensor.New(tensor.Of(dt), tensor.WithShape(slices.Clone(shape)...))
}

// newLarge is newDense for memory that every run reads or writes completely.
func newLarge(dt tensor.Dtype, shape []int) *tensor.Dense {
	t := newDense(dt, shape)
	kernel.LargePages(t)
	return t
}
