package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Feed is the inputs of one run by name: int32 ids, or floats of the parameters' type. Run copies them.
type Feed map[string]*tensor.Dense

// Program runs a declaration that Build has compiled. It implements gorgonia.VM. Its memory is planned at Build. A run allocates
// nothing, except in Gorgonia's own operations, and its results do not depend on GOMAXPROCS.
//
// A Program serves one goroutine at a time: it is an error to call a method that runs or changes it during another such call.
// Programs that share states count as one. Several Programs over the same Params may run at once while nothing trains them. The
// other methods may be called at any time. The next Run overwrites the results of Output, State and Weight.Grad.
type Program struct {
	// Accumulate makes Run add to the gradients instead of replacing them.
	Accumulate bool
	// Scale multiplies the gradients of a run, for example by a micro-batch's share of its step. It is 1 at first.
	Scale float64
	// Stream selects the random numbers of a run: runs with the same Stream have the same dropout.
	Stream uint64
	// TraceNaN makes Run check every value and return an error with the path of the first one that is not finite.
	TraceNaN bool

	params  *Params
	mode    Mode
	steps   []*step
	inputs  map[string]*leaf
	names   []string // of the inputs, in order
	states  map[string]*leaf
	outputs map[string]*tensor.Dense
	named   map[string]value // of the outputs
	weights []*Weight
	stream  *leaf
	scale   *leaf
	loss    *tensor.Dense // nil for none
	memory  Memory
	arena32 []float32 // one of the two is used, by the parameters' type
	arena64 []float64
	profile *Profile
	drawing *drawing
	guard   *guard
	targets []*Target
}

var _ G.VM = (*Program)(nil)

// Weight is a trained parameter and its gradient in one Program. It implements gorgonia.ValueGrad and gorgonia.Namer.
type Weight struct {
	name        string
	value, grad *tensor.Dense
	sum         *tensor.Dense // gradients of earlier runs, while Run accumulates
	direct      bool          // Run adds to grad itself, without sum
}

// Name returns the parameter's path.
func (w *Weight) Name() string { return w.name }

// Value returns the parameter's tensor.
func (w *Weight) Value() G.Value { return w.value }

// Grad returns the gradient of the last run. The error is always nil.
func (w *Weight) Grad() (G.Value, error) { return w.grad, nil }

// Params returns the weights of the Program.
func (p *Program) Params() *Params { return p.params }

// Mode returns the mode that the Program was built for.
func (p *Program) Mode() Mode { return p.mode }

// Memory returns the memory of the Program.
func (p *Program) Memory() Memory { return p.memory }

// Weights lists the trained parameters in order of declaration.
func (p *Program) Weights() []*Weight { return p.weights }

// ValueGrads lists the Weights in the form that a gorgonia.Solver takes.
func (p *Program) ValueGrads() []G.ValueGrad {
	vs := make([]G.ValueGrad, len(p.weights))
	for i, w := range p.weights {
		vs[i] = w
	}
	return vs
}

// Loss returns the loss of the last run, 0 if the graph has none.
func (p *Program) Loss() float64 {
	switch {
	case p.loss == nil:
		return 0
	case p.loss.Dtype() == tensor.Float64:
		return p.loss.Float64s()[0]
	}
	return float64(p.loss.Float32s()[0])
}

// Output returns the value of a named output after the last run, nil if the name is unknown. The next run overwrites it. A scalar
// has shape (1).
func (p *Program) Output(name string) *tensor.Dense { return p.outputs[name] }

// State returns the state of a path, nil if the path is unknown. The tensor is not a copy.
func (p *Program) State(path string) *tensor.Dense {
	if l, ok := p.states[path]; ok {
		return l.value
	}
	return nil
}

// States lists the paths of the states in order.
func (p *Program) States() []string { return sortedKeys(p.states) }

// InputShape returns the shape of an input, nil if the name is unknown.
func (p *Program) InputShape(name string) []int {
	if l, ok := p.inputs[name]; ok {
		return slices.Clone(l.value.Shape())
	}
	return nil
}

// Run sets the inputs and runs the Program. Every input must be fed with its own shape and type. An error names the input, or the
// path of the operation that failed.
func (p *Program) Run(feed Feed) error {
	g, err := p.enter("run")
	if err != nil {
		return err
	}
	defer g.leave()
	if err = p.feed(feed); err == nil {
		err = p.runAll()
	}
	return errors.WithMessage(err, "graph: run")
}

func (p *Program) feed(feed Feed) error {
	for _, name := range p.names {
		v, ok := feed[name]
		if !ok {
			return errors.Errorf("input %s is not fed", name)
		}
		if err := p.set(name, v); err != nil {
			return err
		}
	}
	if len(feed) == len(p.names) {
		return nil
	}
	for _, name := range sortedKeys(feed) {
		if err := p.set(name, feed[name]); err != nil {
			return err
		}
	}
	return nil
}

// Let sets one input for RunAll.
func (p *Program) Let(name string, v *tensor.Dense) error {
	g, err := p.enter("run")
	if err != nil {
		return err
	}
	defer g.leave()
	return errors.WithMessage(p.set(name, v), "graph: run")
}

func (p *Program) set(name string, v *tensor.Dense) error {
	l, ok := p.inputs[name]
	if !ok {
		return errors.Errorf("there is no input %s: the inputs are %s", name, strings.Join(p.names, ", "))
	}
	switch {
	case v == nil:
		return errors.Errorf("input %s is nil", name)
	case !slices.Equal(v.Shape(), l.value.Shape()):
		return errors.Errorf("input %s has shape %v, want %v", name, v.Shape(), l.value.Shape())
	case v.Dtype() != l.value.Dtype():
		return errors.Errorf("input %s has type %v, want %v", name, v.Dtype(), l.value.Dtype())
	case v.RequiresIterator() || v.DataOrder().IsColMajor():
		return errors.Errorf("input %s is not contiguous: clone it", name)
	}
	switch v.Dtype() {
	case tensor.Int32:
		copy(l.value.Int32s(), v.Int32s())
	case tensor.Float32:
		copy(l.value.Float32s(), v.Float32s())
	default:
		copy(l.value.Float64s(), v.Float64s())
	}
	return nil
}

// RunAll runs the Program on the inputs that Let or Set has set. It implements gorgonia.VM.
func (p *Program) RunAll() error {
	g, err := p.enter("run")
	if err != nil {
		return err
	}
	defer g.leave()
	return errors.WithMessage(p.runAll(), "graph: run")
}

func (p *Program) runAll() (err error) {
	at := -1
	defer func() {
		if r := recover(); r != nil {
			err = errors.Errorf("panic: %v", r)
		}
		if err != nil && at >= 0 {
			err = errors.WithMessage(err, p.steps[at].place())
		}
	}()
	if p.stream != nil {
		s := p.stream.value.Int32s()
		s[0], s[1] = int32(uint32(p.Stream)), int32(uint32(p.Stream>>32))
	}
	if p.scale != nil {
		setScalar(p.scale.value, p.Scale)
	}
	if p.Accumulate {
		p.keepGradients()
	}
	for i, s := range p.steps {
		at = i
		if err := p.runStep(s); err != nil {
			return err
		}
	}
	at = -1
	if p.Accumulate {
		p.addGradients()
	}
	return nil
}

func (p *Program) runStep(s *step) error {
	run := s.run
	if p.profile != nil {
		run = func() error { return p.profile.run(s) }
	}
	if err := run(); err != nil {
		return err
	}
	if p.TraceNaN {
		return p.checkFinite(s)
	}
	return nil
}

// place returns the path and name of a step for messages: "h.0.attn: Attention{…}".
func (s *step) place() string { return at(s.path, s.name()) }

func (s *step) name() string {
	switch {
	case s.kind == copyStep:
		return "Copy"
	case s.op != nil:
		return s.op.Name
	case s.kind == addStep:
		return "Add"
	}
	return s.node.Op().String()
}

func setScalar(t *tensor.Dense, v float64) {
	if t.Dtype() == tensor.Float64 {
		t.Float64s()[0] = v
	} else {
		t.Float32s()[0] = float32(v)
	}
}

// keepGradients saves the gradients of earlier runs.
func (p *Program) keepGradients() {
	for _, w := range p.weights {
		if w.direct {
			continue
		}
		if w.sum == nil {
			w.sum = newDense(w.grad.Dtype(), w.grad.Shape())
		}
		copyDense(w.sum, w.grad)
	}
}

func (p *Program) addGradients() {
	for _, w := range p.weights {
		if w.direct {
			continue
		}
		if w.grad.Dtype() == tensor.Float64 {
			kernel.AddScaled(w.grad.Float64s(), 1, w.sum.Float64s())
		} else {
			kernel.AddScaled(w.grad.Float32s(), 1, w.sum.Float32s())
		}
	}
}

func copyDense(dst, src *tensor.Dense) {
	if dst.Dtype() == tensor.Float64 {
		copy(dst.Float64s(), src.Float64s())
	} else {
		copy(dst.Float32s(), src.Float32s())
	}
}

// Reset sets the states to zero. It implements gorgonia.VM. A Program needs no Reset between runs.
func (p *Program) Reset() {
	for _, l := range p.states {
		l.value.Zero()
	}
}

// Close implements gorgonia.VM. It does nothing.
func (p *Program) Close() error { return nil }

// ShareStates makes p use the states of other, so that both read and write the same caches, for example one Program for a whole
// prompt and one for single tokens. It is an error if other lacks a state of p or has it in another shape.
func (p *Program) ShareStates(other *Program) error {
	if other == nil {
		return errors.New("graph: share states: the other program is nil")
	}
	g, err := p.enter("share states")
	if err != nil {
		return err
	}
	defer g.leave()
	return errors.WithMessage(p.shareStates(other), "graph: share states")
}

func (p *Program) shareStates(other *Program) error {
	for _, path := range p.States() {
		mine, theirs := p.states[path].value, other.State(path)
		if theirs == nil {
			return errors.Errorf("%s: the other program has no such state", path)
		}
		if !slices.Equal(mine.Shape(), theirs.Shape()) {
			return errors.Errorf("%s: state has shape %v but %v in the other program", path, mine.Shape(), theirs.Shape())
		}
	}
	for _, l := range p.states {
		l.value = other.states[l.name].value
	}
	p.guard = other.guard
	p.bind()
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (p *Program) String() string {
	return fmt.Sprintf("program for %v: %d steps, %d parameters", p.mode, len(p.steps), p.params.Size())
}
