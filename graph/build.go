package graph

import (
	"cmp"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// Build runs a declaration and compiles it into a Program over the weights p. It is the only way to make a Program. It returns the
// first error of the declaration, with its path, and then leaves p unchanged.
//
// Memory is allocated last. Shapes, gradients and the arena are planned first, and it is an error if the machine has less memory
// than the Program needs. Estimate only plans.
//
// Several goroutines may build at once, also over the same p. Declarations take turns, so a declaration must not wait for another
// goroutine that builds.
func Build(p *Params, mode Mode, declare func(*Scope)) (_ *Program, err error) {
	defer annotate(&err, "graph: build")
	c, err := planOf(p, mode, declare)
	if err != nil {
		return nil, err
	}
	return link(c)
}

// planOf declares and plans one size.
func planOf(p *Params, mode Mode, declare func(*Scope)) (*compiler, error) {
	b, err := declared(p, mode, declare)
	if err != nil {
		return nil, err
	}
	return b.compile()
}

// annotate turns a panic into an error, such as a panic of an operation's Shapes, and puts prefix before the error.
func annotate(err *error, prefix string) {
	if r := recover(); r != nil {
		*err = errors.Errorf("plan: panic: %v", r)
	}
	*err = errors.WithMessage(*err, prefix)
}

// declared runs a declaration and differentiates its loss. It changes nothing and allocates no values.
func declared(p *Params, mode Mode, declare func(*Scope)) (*builder, error) {
	if p == nil || declare == nil {
		return nil, errors.Errorf("parameters %t, declaration %t: want both, see NewParams", p != nil, declare != nil)
	}
	if mode > Decode {
		return nil, errors.Errorf("unknown mode %d", mode)
	}
	defer declaring.take()()
	b := newBuilder(p, mode)
	if err := b.run(declare); err != nil {
		return nil, err
	}
	if err := b.refuse(); err != nil {
		return nil, err
	}
	return b, b.differentiate()
}

// builder is a graph under declaration.
type builder struct {
	params   *Params
	expected *expectation
	mode     Mode
	g        *G.ExprGraph
	err      error
	tooLarge error // of a shape too large for a tensor; kept back while a file's shapes may give a clearer error

	paths    []string    // of every node of g, by ID
	kids     [][]*G.Node // operands of the nodes asked for so far, by ID
	last     string      // path of the newest scope
	leaves   map[*G.Node]*leaf
	used     map[string]*G.Node // nodes of the paths declared in this graph
	inputs   []*leaf
	outputs  []output
	weights  []*leaf // parameters in order
	trained  []*leaf // parameters that are not frozen
	newBytes int     // of new parameters and states
	stream   *leaf
	scale    *leaf // gradient of the loss with respect to itself, in mode Train
	loss     *G.Node
	counted  []*aim
	stand    *G.Node
	grads    map[*leaf]*G.Node

	absent      int // parameters that the expected file lacks
	firstAbsent string

	firstGrad  int64    // ID of the first gradient node; 0 for none
	recomputed []string // patterns of scopes whose values the backward pass recomputes
	looks      []*look
	limit      int // bytes of memory, 0 for no limit
	reserved   int // bytes that the Program's other sizes add
}

type output struct {
	name string
	node *G.Node
}

func newBuilder(p *Params, mode Mode) *builder {
	b := &builder{
		params: p, expected: p.expects(), mode: mode, g: G.NewGraph(),
		leaves: map[*G.Node]*leaf{}, used: map[string]*G.Node{}, grads: map[*leaf]*G.Node{},
	}
	b.stand = G.NewScalar(b.g, p.dt, G.WithName("a stand-in after an error"))
	b.mark("")
	return b
}

// run calls the declaration. A panic in it, from Gorgonia or the caller, becomes an error at the newest scope. After an error of
// the declaration, a panic is ignored as its consequence.
func (b *builder) run(declare func(*Scope)) (err error) {
	defer func() {
		if r := recover(); r != nil {
			b.fail(b.last, errors.Errorf("panic: %v", r)) // %+v prints the stack of the panic
		}
		err = b.err
	}()
	declare(&Scope{b: b})
	if b.err == nil && b.tooLarge != nil {
		b.err = b.tooLarge
	}
	if b.err == nil {
		b.err = b.unseen()
	}
	if b.err == nil && len(b.outputs) == 0 && b.loss == nil {
		b.fail("", errors.New("nothing is declared: call Output or Minimize"))
	}
	return b.err
}

func (b *builder) fail(path string, err error) {
	if b.err == nil {
		b.err = cmp.Or(b.tooLarge, located(path, err))
	}
}

// located puts a path before an error.
func located(path string, err error) error {
	if path == "" {
		return err
	}
	return errors.WithMessage(err, path)
}

func (b *builder) standIn() *G.Node { return b.stand }

// mark assigns path to the nodes made since the last call.
func (b *builder) mark(path string) {
	all := b.g.AllNodes()
	for int64(len(b.paths)) <= all[len(all)-1].ID() {
		b.paths = append(b.paths, path)
	}
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
		return nil // declare reports it
	case b.loss != nil:
		return errors.New("a loss is declared twice: add both losses")
	case loss.Dims() != 0 || loss.Dtype() != b.params.dt:
		return errors.Errorf("loss of type %v and shape %v: want a scalar of %v", loss.Dtype(), loss.Shape(), b.params.dt)
	}
	b.loss = loss
	return nil
}
