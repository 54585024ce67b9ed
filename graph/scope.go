package graph

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Mode says what a Program is for. A declaration may differ from mode to mode; there is nothing to switch afterwards.
type Mode uint8

// The modes.
const (
	Train  Mode = iota // dropout is on, gradients are computed
	Eval               // the same values without dropout and gradients
	Decode             // a few tokens at a time, with the keys and values of earlier ones in caches
)

func (m Mode) String() string { return [...]string{"train", "eval", "decode"}[min(m, 2)] }

// Scope is a place in the model while it is declared: layers call it to make parameters, inputs and outputs under their path. It
// exists only inside the function given to Build.
//
// Errors are sticky: the first one stays and is what Build returns; after it every call returns a stand-in node.
type Scope struct {
	b    *builder
	path string
}

// In is the place of a part by name, such as attn.
func (s *Scope) In(name string) *Scope {
	if s.path != "" {
		name = s.path + "." + name
	}
	s.b.last = name
	return &Scope{b: s.b, path: name}
}

// At is the place of the i-th part of a list.
func (s *Scope) At(i int) *Scope { return s.In(strconv.Itoa(i)) }

// Path is where the scope is: h.3.attn. It is empty at the top.
func (s *Scope) Path() string { return s.path }

// Mode is what the Program will be for.
func (s *Scope) Mode() Mode { return s.b.mode }

// Training says whether the mode is Train.
func (s *Scope) Training() bool { return s.b.mode == Train }

// Dtype is the type of the parameters.
func (s *Scope) Dtype() tensor.Dtype { return s.b.params.dt }

// Param is the node of the weight of this name here. The first declaration of its path makes it, with init. The same path
// twice in one graph is an error, and so is another shape: sharing means passing the node.
func (s *Scope) Param(name string, init Init, shape ...int) *G.Node {
	return s.In(name).declare(func(p string) (*G.Node, error) { return s.b.param(p, init, shape) })
}

// Input is a node whose value every Run gets by this name. Its type is tensor.Int32 or that of the parameters.
func (s *Scope) Input(name string, dt tensor.Dtype, shape ...int) *G.Node {
	return s.declare(func(string) (*G.Node, error) { return s.b.input(name, dt, shape) })
}

// State is a node whose value stays with the Program from run to run, zero at first: a cache that an op with Def.Update writes.
func (s *Scope) State(name string, shape ...int) *G.Node {
	return s.In(name).declare(func(p string) (*G.Node, error) { return s.b.state(p, shape) })
}

// Constant is a node with this value, which is copied. It has the parameters' type, or int32.
func (s *Scope) Constant(t *tensor.Dense) *G.Node {
	return s.declare(func(string) (*G.Node, error) { return s.b.constant(t) })
}

// ConstantFunc is a constant whose value fill computes when the Program is made, which is not before its memory is known to suffice: for
// a table that grows with the model. The tensor that fill gets is zero; a nil fill leaves it so. The type is that of the parameters, or
// int32.
func (s *Scope) ConstantFunc(dt tensor.Dtype, fill func(*tensor.Dense), shape ...int) *G.Node {
	return s.declare(func(string) (*G.Node, error) { return s.b.computed(dt, fill, shape) })
}

// Stream is the node that names the random numbers of a run, for ops.Dropout. Program.Stream sets it.
func (s *Scope) Stream() *G.Node {
	return s.declare(func(string) (*G.Node, error) { return s.b.streamNode() })
}

// Key is the key of this place's random numbers.
func (s *Scope) Key() uint64 { return kernel.Key(s.b.params.seed, s.path) }

// Output keeps the value of a node under a name: Program.Output.
func (s *Scope) Output(name string, n *G.Node) {
	s.declare(func(string) (*G.Node, error) { return n, s.b.output(name, n) })
}

// Minimize makes a scalar node the loss whose gradients a Program in mode Train computes. A graph has one.
func (s *Scope) Minimize(loss *G.Node) {
	s.declare(func(string) (*G.Node, error) { return loss, s.b.minimize(loss) })
}

// Dims is the shape of x, which must have n axes; otherwise ones.
func (s *Scope) Dims(x *G.Node, n int) []int {
	if s.b.err == nil && x != nil && x.Dims() == n {
		return x.Shape()
	}
	if x == nil {
		s.Failf("node is nil, want %d axes", n)
	} else {
		s.Failf("shape %v has %d axes, want %d", x.Shape(), x.Dims(), n)
	}
	ones := make([]int, n)
	for i := range ones {
		ones[i] = 1
	}
	return ones
}

// Failf records an error at this place and returns a stand-in node.
func (s *Scope) Failf(format string, args ...any) *G.Node {
	s.b.fail(s.path, errors.Errorf(format, args...))
	return s.b.standIn()
}

// Try adapts a call of an op, ours or Gorgonia's: s.Try(G.Tanh(x)).
func (s *Scope) Try(n *G.Node, err error) *G.Node {
	return s.declare(func(string) (*G.Node, error) { return n, err })
}

// Add is ops.Add, the residual connection.
func (s *Scope) Add(x, y *G.Node) *G.Node {
	if s.b.err != nil {
		return s.b.standIn()
	}
	return s.Try(ops.Add(x, y))
}

// declare runs f unless an error stands, and gives the nodes that were made since to this path.
func (s *Scope) declare(f func(path string) (*G.Node, error)) *G.Node {
	if s.b.err != nil {
		return s.b.standIn()
	}
	n, err := f(s.path)
	if err == nil && n == nil {
		err = errors.New("node is nil")
	}
	if err == nil && n.Graph() != s.b.g {
		err = errors.Errorf("node %v belongs to another graph", n)
	}
	if err == nil {
		err = cmp.Or(s.b.intact(), s.b.checkSize(n))
	}
	if err != nil {
		s.b.fail(s.path, err)
		return s.b.standIn()
	}
	s.b.mark(s.path)
	return n
}

func splitPath(p string) []string {
	if p == "" {
		return nil
	}
	return strings.Split(p, ".")
}

// at puts a path before a message: "h.0.attn: …".
func at(path, message string) string {
	if path == "" {
		return message
	}
	return fmt.Sprintf("%s: %s", path, message)
}
