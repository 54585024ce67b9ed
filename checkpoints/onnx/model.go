package onnx

import (
	"slices"

	"github.com/pkg/errors"
)

// The versions of ONNX's operator set that a Model can have. The operations that Translate uses have the same meaning in all of them.
const (
	FirstOpset = 17
	LastOpset  = 21
)

// irVersions holds the version of the file format that came with each operator set, from FirstOpset on.
var irVersions = [...]int64{8, 8, 9, 9, 10}

// Model is an ONNX model: a list of nodes, each after those whose results it reads.
type Model struct {
	Name    string // of the graph
	Opset   int    // version of the operator set
	Nodes   []Node
	Inputs  []Value
	Outputs []Value
	Weights []Tensor // initializers

	// MaxFile is the largest size of the file in bytes. If the weights do not fit, they are in a second file. 0 means 2³¹−1, the most
	// that programs can read.
	MaxFile int64
}

// Node applies an operator of ONNX.
type Node struct {
	Op    string // such as MatMul
	Name  string
	In    []string // names of values; "" for an optional one that is missing
	Out   []string
	Attrs []Attr
}

// Attr is an attribute of a Node: an int, a float32 or []int.
type Attr struct {
	Name  string
	Value any
}

// Value is an input or an output of a Model.
type Value struct {
	Name  string
	Type  Type
	Shape []Dim
}

// Dim is the length of an axis.
type Dim struct {
	Size int    // if Name is empty
	Name string // of a length that is known only at run time, such as batch_size
}

// Tensor is a constant of a Model. Its Data, row-major, is []float32, []float64, []int32, []int64 or []bool.
type Tensor struct {
	Name  string
	Shape []int
	Data  any
}

// Type is a type of elements, with ONNX's numbers.
type Type int32

// The types of elements.
const (
	Float32 Type = 1
	Int32   Type = 6
	Int64   Type = 7
	Bool    Type = 9
	Float64 Type = 11
)

// typeOf returns the type of a Tensor's data, its number of elements and their size. The type is 0 if it is unknown.
func typeOf(data any) (t Type, n, size int) {
	switch d := data.(type) {
	case []float32:
		return Float32, len(d), 4
	case []float64:
		return Float64, len(d), 8
	case []int32:
		return Int32, len(d), 4
	case []int64:
		return Int64, len(d), 8
	case []bool:
		return Bool, len(d), 1
	}
	return 0, 0, 0
}

// bytes returns the size of a tensor's data.
func (t Tensor) bytes() int64 {
	_, n, size := typeOf(t.Data)
	return int64(n) * int64(size)
}

// check returns an error if the model is not valid: an unknown version, a name that is missing or used twice, a node before one whose
// result it reads, or data of another size than its shape.
func (m *Model) check() error {
	if err := checkOpset(m.Opset); err != nil {
		return err
	}
	c := checker{known: map[string]string{}}
	for _, v := range m.Inputs {
		c.define(v.Name, "an input")
		if v.Type == 0 {
			c.fail("input %s has no type", v.Name)
		}
	}
	for _, t := range m.Weights {
		c.define(t.Name, "a weight")
		c.tensor(t)
	}
	for _, n := range m.Nodes {
		c.node(n)
	}
	for _, v := range m.Outputs {
		if v.Name == "" || c.known[v.Name] == "" {
			c.fail("output %q is the result of no node", v.Name)
		}
	}
	if c.err == nil && len(m.Outputs) == 0 {
		c.fail("the model has no outputs")
	}
	return c.err
}

func checkOpset(v int) error {
	if v < FirstOpset || v > LastOpset {
		return errors.Errorf("operator set %d: want %d to %d", v, FirstOpset, LastOpset)
	}
	return nil
}

// checker keeps the names of a model and the first error.
type checker struct {
	known map[string]string // the definition of each name
	err   error
}

func (c *checker) fail(format string, args ...any) {
	if c.err == nil {
		c.err = errors.Errorf(format, args...)
	}
}

func (c *checker) define(name, kind string) {
	switch {
	case name == "":
		c.fail("%s has no name", kind)
	case c.known[name] != "":
		c.fail("the name %s belongs to %s and to %s: want one of them", name, c.known[name], kind)
	}
	c.known[name] = kind
}

func (c *checker) tensor(t Tensor) {
	want := 1
	for _, d := range t.Shape {
		want *= d
	}
	switch kind, n, _ := typeOf(t.Data); {
	case kind == 0:
		c.fail("weight %s has data of type %T: want []float32, []float64, []int32, []int64 or []bool", t.Name, t.Data)
	case n != want || slices.ContainsFunc(t.Shape, func(d int) bool { return d < 0 }):
		c.fail("weight %s has %d elements, its shape %v has %d", t.Name, n, t.Shape, want)
	}
}

func (c *checker) node(n Node) {
	if n.Op == "" || len(n.Out) == 0 {
		c.fail("node %q with operator %q has %d results: want an operator and a result", n.Name, n.Op, len(n.Out))
	}
	for _, in := range n.In {
		if in != "" && c.known[in] == "" {
			c.fail("node %s (%s) reads %s, which nothing before it defines", n.Name, n.Op, in)
		}
	}
	for _, a := range n.Attrs {
		switch a.Value.(type) {
		case int, float32, []int:
		default:
			c.fail("node %s (%s): attribute %s is a %T: want int, float32 or []int", n.Name, n.Op, a.Name, a.Value)
		}
	}
	for _, out := range n.Out {
		c.define(out, "a result of "+n.Op)
	}
}
