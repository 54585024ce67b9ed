package graph

import (
	"slices"
	"strconv"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Build runs a declaration and compiles what it declares into a Program over the weights p. It is the only way to
// a Program. It returns the first error of the declaration, with the path at which it arose; p is then as it was before.
func Build(p *Params, mode Mode, declare func(*Scope)) (_ *Program, err error) {
	if p == nil || declare == nil {
		return nil, errors.Errorf("graph: build: parameters %t, declaration %t: want both, see NewParams", p != nil, declare != nil)
	}
	known := p.Len()
	defer func() {
		if r := recover(); r != nil { // of an operation that is asked for its sizes
			err = errors.Errorf("plan: panic: %v", r)
		}
		if err != nil {
			p.truncate(known)
			err = errors.WithMessage(err, "graph: build")
		}
	}()
	if mode > Decode {
		return nil, errors.Errorf("unknown mode %d", mode)
	}
	b := newBuilder(p, mode)
	if err := b.run(declare); err != nil {
		return nil, err
	}
	if err := b.refuse(); err != nil {
		return nil, err
	}
	if err := b.differentiate(); err != nil {
		return nil, err
	}
	return b.compile()
}

// builder is a graph that is being declared.
type builder struct {
	params *Params
	mode   Mode
	g      *G.ExprGraph
	err    error

	paths   []string // of every node of g, by its ID
	last    string   // path of the scope made last
	leaves  map[*G.Node]*leaf
	used    map[string]*G.Node // paths declared in this graph
	inputs  []*leaf
	outputs []output
	trained []*leaf // parameters that are not frozen, in order
	stream  *leaf
	scale   *leaf // gradient of the loss's own, in mode Train
	loss    *G.Node
	counted []*Target
	stand   *G.Node
	grads   map[*leaf]*G.Node

	firstGrad  int64    // ID of the first node of the gradients, 0 when there are none
	recomputed []string // patterns of scopes whose values the backward pass computes again
	limit      int      // bytes of memory, 0 for none
}

// leaf is a node without an operation, and where its value lies.
type leaf struct {
	kind  leafKind
	name  string
	node  *G.Node
	value *tensor.Dense
}

type leafKind uint8

const (
	paramLeaf leafKind = iota
	inputLeaf
	stateLeaf
	constantLeaf
)

type output struct {
	name string
	node *G.Node
}

func newBuilder(p *Params, mode Mode) *builder {
	b := &builder{
		params: p, mode: mode, g: G.NewGraph(),
		leaves: map[*G.Node]*leaf{}, used: map[string]*G.Node{}, grads: map[*leaf]*G.Node{},
	}
	b.stand = G.NewScalar(b.g, p.dt, G.WithName("a stand-in after an error"))
	b.mark("")
	return b
}

// run calls the declaration. A panic in it, Gorgonia's or the caller's own, becomes an error at the scope that was made last; one
// that follows an error of the declaration is taken for its consequence.
func (b *builder) run(declare func(*Scope)) (err error) {
	defer func() {
		if r := recover(); r != nil {
			b.fail(b.last, errors.Errorf("panic: %v", r)) // with the stack of the panic, which %+v prints
		}
		err = b.err
	}()
	declare(&Scope{b: b})
	if b.err == nil && len(b.outputs) == 0 && b.loss == nil {
		b.fail("", errors.New("nothing is declared: call Output or Minimize"))
	}
	return b.err
}

func (b *builder) fail(path string, err error) {
	if b.err == nil {
		if path != "" {
			err = errors.WithMessage(err, path)
		}
		b.err = err
	}
}

func (b *builder) standIn() *G.Node { return b.stand }

// mark gives the nodes made since the last call to a path.
func (b *builder) mark(path string) {
	all := b.g.AllNodes()
	for int64(len(b.paths)) <= all[len(all)-1].ID() {
		b.paths = append(b.paths, path)
	}
}

// addLeaf makes the node of a value. Gorgonia takes inputs of one name for the same node, so names are unique.
func (b *builder) addLeaf(kind leafKind, name string, value *tensor.Dense) (*leaf, error) {
	prefix := [...]string{"", "input ", "state ", "constant "}[kind]
	if _, ok := b.used[prefix+name]; ok {
		return nil, errors.Errorf("%sis declared twice in one graph: pass the node to share it", [...]string{"parameter ", "input " + name + " ", "state ", "constant "}[kind])
	}
	n := G.NewTensor(b.g, value.Dtype(), value.Dims(), G.WithShape(value.Shape()...), G.WithName(prefix+name))
	if b.leaves[n] != nil {
		return nil, errors.Errorf("gorgonia merged %s%s with another node: their hashes collide", prefix, name)
	}
	l := &leaf{kind: kind, name: name, node: n, value: value}
	b.leaves[n], b.used[prefix+name] = l, n
	return l, nil
}

func (b *builder) param(path string, init Init, shape []int) (*G.Node, error) {
	q, _, err := b.params.declare(path, shape, init)
	if err != nil {
		return nil, err
	}
	l, err := b.addLeaf(paramLeaf, path, q.value)
	if err != nil {
		return nil, err
	}
	if !q.frozen {
		b.trained = append(b.trained, l)
	}
	return l.node, nil
}

func (b *builder) input(name string, dt tensor.Dtype, shape []int) (*G.Node, error) {
	if dt != tensor.Int32 && dt != b.params.dt {
		return nil, errors.Errorf("input %s of type %v, want int32 or the parameters' %v", name, dt, b.params.dt)
	}
	if err := checkShape(shape); err != nil {
		return nil, errors.WithMessagef(err, "input %s", name)
	}
	l, err := b.addLeaf(inputLeaf, name, newDense(dt, shape))
	if err != nil {
		return nil, err
	}
	b.inputs = append(b.inputs, l)
	return l.node, nil
}

func newDense(dt tensor.Dtype, shape []int) *tensor.Dense {
	return tensor.New(tensor.Of(dt), tensor.WithShape(slices.Clone(shape)...))
}

// newLarge is newDense for what every run goes through from end to end.
func newLarge(dt tensor.Dtype, shape []int) *tensor.Dense {
	t := newDense(dt, shape)
	kernel.LargePages(t)
	return t
}

func (b *builder) state(path string, shape []int) (*G.Node, error) {
	if err := checkShape(shape); err != nil {
		return nil, errors.WithMessage(err, "state")
	}
	l, err := b.addLeaf(stateLeaf, path, newDense(b.params.dt, shape))
	if err != nil {
		return nil, err
	}
	return l.node, nil
}

func (b *builder) constant(t *tensor.Dense) (*G.Node, error) {
	switch {
	case t == nil:
		return nil, errors.New("constant is nil")
	case t.Dtype() != tensor.Int32 && t.Dtype() != b.params.dt:
		return nil, errors.Errorf("constant of type %v, want int32 or the parameters' %v", t.Dtype(), b.params.dt)
	case t.Dims() == 0:
		return nil, errors.New("constant without axes: a single number has shape (1)")
	case t.RequiresIterator() || t.DataOrder().IsColMajor():
		return nil, errors.New("constant is not contiguous: clone it")
	}
	l, err := b.addLeaf(constantLeaf, strconv.Itoa(len(b.used)), t.Clone().(*tensor.Dense))
	if err != nil {
		return nil, err
	}
	return l.node, nil
}

func (b *builder) streamNode() (*G.Node, error) {
	if b.stream == nil {
		l, err := b.addLeaf(constantLeaf, "stream", newDense(tensor.Int32, ops.StreamShape))
		if err != nil {
			return nil, err
		}
		b.stream = l
	}
	return b.stream.node, nil
}

func (b *builder) output(name string, n *G.Node) error {
	for _, o := range b.outputs {
		if o.name == name {
			return errors.Errorf("output %s is declared twice", name)
		}
	}
	b.outputs = append(b.outputs, output{name, n})
	return nil
}

func (b *builder) minimize(loss *G.Node) error {
	switch {
	case loss == nil:
		return nil // declare says so
	case b.loss != nil:
		return errors.New("a loss is declared twice: add the two")
	case loss.Dims() != 0 || loss.Dtype() != b.params.dt:
		return errors.Errorf("loss of type %v and shape %v: want a scalar of %v", loss.Dtype(), loss.Shape(), b.params.dt)
	}
	b.loss = loss
	return nil
}
