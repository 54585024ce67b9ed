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

// Mode is the purpose of a Program. A declaration may differ between modes. A Program's mode never changes.
type Mode uint8

// The modes.
const (
	Train  Mode = iota // with dropout and gradients
	Eval               // the same values without dropout and gradients
	Decode             // a few tokens at a time, with caches of the keys and values of earlier tokens
)

func (m Mode) String() string { return [...]string{"train", "eval", "decode"}[min(m, 2)] }

// Scope is a path in the model under declaration. Layers use it to make parameters, inputs and outputs under that path. It exists
// only inside the function given to Build.
//
// Errors are sticky: Build returns the first error, and after it every call returns a stand-in node.
type Scope struct {
	b      *builder
	path   string
	caches kernel.Quant
}

// In returns the scope of a named part, such as attn.
func (s *Scope) In(name string) *Scope {
	if s.path != "" {
		name = s.path + "." + name
	}
	s.b.last = name
	return &Scope{b: s.b, path: name, caches: s.caches}
}

// At returns the scope of the i-th part of a list.
func (s *Scope) At(i int) *Scope { return s.In(strconv.Itoa(i)) }

// Path returns the path of the scope, such as h.3.attn. It is empty at the top.
func (s *Scope) Path() string { return s.path }

// Mode returns the mode of the Program under declaration.
func (s *Scope) Mode() Mode { return s.b.mode }

// Training reports whether the mode is Train.
func (s *Scope) Training() bool { return s.b.mode == Train }

// Dtype returns the type of the parameters.
func (s *Scope) Dtype() tensor.Dtype { return s.b.params.dt }

// Param returns the node of the weight of this name in the scope. The first declaration of its path makes the weight with init. It
// is an error to declare a path twice in one graph, or with another shape. To share a weight, pass the node.
func (s *Scope) Param(name string, init Init, shape ...int) *G.Node {
	return s.In(name).declare(func(p string) (*G.Node, error) { return s.b.param(p, init, shape) })
}

// Input returns a node that every Run feeds under this name. Its type is tensor.Int32 or the parameters' type.
func (s *Scope) Input(name string, dt tensor.Dtype, shape ...int) *G.Node {
	return s.declare(func(string) (*G.Node, error) { return s.b.input(name, dt, shape) })
}

// State returns a node whose value is kept between runs, for a cache that an op with Def.Update writes. It is zero at first.
func (s *Scope) State(name string, shape ...int) *G.Node {
	return s.In(name).declare(func(p string) (*G.Node, error) { return s.b.state(p, shape) })
}

// Constant returns a node with a copy of this value. It has the parameters' type or int32.
func (s *Scope) Constant(t *tensor.Dense) *G.Node {
	return s.declare(func(string) (*G.Node, error) { return s.b.constant(t) })
}

// ConstantFunc returns a constant whose value fill computes. It suits a table that grows with the model: Build calls fill only when
// it knows that the memory suffices. fill gets a tensor of zeros. A nil fill leaves the zeros. The type is the parameters' type or
// int32.
func (s *Scope) ConstantFunc(dt tensor.Dtype, fill func(*tensor.Dense), shape ...int) *G.Node {
	return s.declare(func(string) (*G.Node, error) { return s.b.computed(dt, fill, shape) })
}

// Stream returns the node that selects the random numbers of a run, for ops.Dropout. Program.Stream sets its value.
func (s *Scope) Stream() *G.Node {
	return s.declare(func(string) (*G.Node, error) { return s.b.streamNode() })
}

// Caching returns the scope of the same path in which layers keep keys and values in a format of few bits; 0 means the parameters' type.
func (s *Scope) Caching(q kernel.Quant) *Scope { return &Scope{b: s.b, path: s.path, caches: q} }

// Caches returns the format in which layers keep keys and values.
func (s *Scope) Caches() kernel.Quant { return s.caches }

// Key returns the key of the scope's random numbers.
func (s *Scope) Key() uint64 { return kernel.Key(s.b.params.seed, s.path) }

// Output makes the value of a node available as Program.Output(name).
func (s *Scope) Output(name string, n *G.Node) {
	s.declare(func(string) (*G.Node, error) { return n, s.b.output(name, n) })
}

// Minimize makes a scalar node the loss, whose gradients a Program in mode Train computes. A graph has one loss.
func (s *Scope) Minimize(loss *G.Node) {
	s.declare(func(string) (*G.Node, error) { return loss, s.b.minimize(loss) })
}

// Dims returns the shape of x. If x does not have n axes, Dims records an error and returns n ones.
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

// Failf records an error at this path and returns a stand-in node.
func (s *Scope) Failf(format string, args ...any) *G.Node {
	s.b.fail(s.path, errors.Errorf(format, args...))
	return s.b.standIn()
}

// Try adapts a call of one of our or Gorgonia's ops: s.Try(G.Tanh(x)).
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

// declare runs f unless an error is recorded, and assigns the new nodes to the scope's path.
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
