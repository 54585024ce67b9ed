package page

import (
	"slices"
	"strings"

	"github.com/gorgoformer/gorgoformer/graph"
)

// Graph is the expression graph of a Program, folded by scope.
type Graph struct {
	Root   Node        `json:"root"`
	Memory GraphMemory `json:"memory"`
	Blocks []Block     `json:"blocks"` // of the gradients and the arena, in the order in which operations take them
	Steps  int         `json:"steps"`  // number of operations of a run
}

// GraphMemory is the memory of a Program in bytes.
type GraphMemory struct {
	Weights   int `json:"weights"`
	Gradients int `json:"gradients"`
	Inputs    int `json:"inputs"` // and states
	Arena     int `json:"arena"`
	Total     int `json:"total"`
}

// Block is a part of the memory that the gradients and the arena share, in bytes, that an operation takes. Another operation may take it
// again after Until.
type Block struct {
	Path   string `json:"path"` // of the operation, with the indices of lists
	Name   string `json:"name"`
	From   int    `json:"from"` // index of the operation in a run
	Until  int    `json:"until"`
	Offset int    `json:"offset"`
	Bytes  int    `json:"bytes"`
}

// Node is a scope with its operations and the scopes in it. The indices of lists are merged: h.*.attn.
type Node struct {
	Name       string      `json:"name"`
	Path       string      `json:"path"`
	Parameters int         `json:"parameters"` // number of weights, below, too
	Shapes     []Shape     `json:"shapes"`     // of its own parameters
	Work                   // of all operations below
	Operations []Operation `json:"operations"` // of its own
	Parts      []Node      `json:"parts"`
}

// Shape is a parameter.
type Shape struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
}

// Work is the cost of operations in one run.
type Work struct {
	Count   int     `json:"count"` // of operations
	FLOPs   int     `json:"flops"`
	Seconds float64 `json:"seconds"`
	Bytes   int     `json:"bytes"`  // read and written
	Memory  int     `json:"memory"` // bytes of the arena and of gradients that they take, without reuse
}

// Operation is an operation of a scope, together with the same operation of the other members of a list.
type Operation struct {
	Name   string `json:"name"`
	Shape  []int  `json:"shape"`  // of its result
	Result int    `json:"result"` // bytes of its results
	Shared bool   `json:"shared"` // they overwrite a value that no one reads any more, or are added to one
	Work
}

// NewGraph returns the graph of a Program of these operations, with the weights of params. If the operations are those of a Profile, the
// graph has times.
func NewGraph(params *graph.Params, memory graph.Memory, operations []graph.Operation) *Graph {
	g := &Graph{Root: newNode("", ""), Blocks: []Block{}, Steps: len(operations), Memory: GraphMemory{
		Weights: memory.Params, Gradients: memory.Gradients, Inputs: memory.Inputs + memory.States, Arena: memory.Arena, Total: memory.Total(),
	}}
	for path, t := range params.All() {
		names := Merged(path)
		scope, name := names[:len(names)-1], names[len(names)-1]
		g.Root.along(scope, func(n *Node) { n.Parameters += t.DataSize() })
		leaf := g.Root.at(scope)
		if !slices.ContainsFunc(leaf.Shapes, func(s Shape) bool { return s.Name == name }) {
			leaf.Shapes = append(leaf.Shapes, Shape{Name: name, Shape: slices.Clone([]int(t.Shape()))})
		}
	}
	seen := map[string]int{} // operations of a scope so far, by path
	for i, o := range operations {
		for _, b := range o.Blocks {
			g.Blocks = append(g.Blocks, Block{o.Path, o.Name, i, b.Until, b.Offset, b.Bytes})
		}
		g.Root.add(o, seen[o.Path])
		seen[o.Path]++
	}
	return g
}

func newNode(name, path string) Node {
	return Node{Name: name, Path: path, Shapes: []Shape{}, Operations: []Operation{}, Parts: []Node{}}
}

// at returns the node of a scope, and makes it unless it exists.
func (n *Node) at(scope []string) (leaf *Node) {
	n.along(scope, func(at *Node) { leaf = at })
	return leaf
}

// along calls f for the node and for each one down to the scope.
func (n *Node) along(scope []string, f func(*Node)) {
	f(n)
	for i, name := range scope {
		k := slices.IndexFunc(n.Parts, func(p Node) bool { return p.Name == name })
		if k < 0 {
			n.Parts = append(n.Parts, newNode(name, strings.Join(scope[:i+1], ".")))
			k = len(n.Parts) - 1
		}
		n = &n.Parts[k]
		f(n)
	}
}

// mostSingle bounds the operations of a scope that are listed one by one. Later ones that are equal are merged: a model that reads token
// after token has a thousand.
const mostSingle = 64

// add adds an operation, the i-th of its scope.
func (n *Node) add(o graph.Operation, i int) {
	w := Work{Count: 1, FLOPs: o.FLOPs, Bytes: o.Bytes, Memory: o.Taken + o.Gradients}
	if o.Calls > 0 {
		w.Seconds = o.Time.Seconds() / float64(o.Calls)
	}
	scope := []string{}
	if o.Path != "" {
		scope = Merged(o.Path)
	}
	n.along(scope, func(at *Node) { at.Work.add(w) })
	leaf := n.at(scope)
	same := func(p Operation) bool {
		return p.Name == o.Name && slices.Equal(p.Shape, o.Shape) && p.Shared == o.InPlace
	}
	k := i
	if i >= mostSingle || k < len(leaf.Operations) && !same(leaf.Operations[k]) {
		k = slices.IndexFunc(leaf.Operations, same)
	}
	if k < 0 || k >= len(leaf.Operations) {
		leaf.Operations = append(leaf.Operations, Operation{Name: o.Name, Shape: append([]int{}, o.Shape...), Shared: o.InPlace})
		k = len(leaf.Operations) - 1
	}
	leaf.Operations[k].Work.add(w)
	leaf.Operations[k].Result += o.Result
}

func (w *Work) add(v Work) {
	w.Count, w.FLOPs, w.Seconds, w.Bytes, w.Memory = w.Count+v.Count, w.FLOPs+v.FLOPs, w.Seconds+v.Seconds, w.Bytes+v.Bytes, w.Memory+v.Memory
}
