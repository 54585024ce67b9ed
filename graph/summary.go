package graph

import (
	"fmt"
	"strings"

	"gorgonia.org/tensor"
)

// Summary returns a table of the parameters with path, shape, number of elements, whether they are frozen, and the totals.
func (p *Params) Summary() string {
	var s strings.Builder
	width := len("parameter")
	for name := range p.All() {
		width = max(width, len(name))
	}
	fmt.Fprintf(&s, "%-*s  %-18s %12s\n", width, "parameter", "shape", "elements")
	frozen := 0
	for name, v := range p.All() {
		note := ""
		if p.Frozen(name) {
			note, frozen = "  frozen", frozen+v.DataSize()
		}
		fmt.Fprintf(&s, "%-*s  %-18s %12d%s\n", width, name, fmt.Sprint(v.Shape()), v.DataSize(), note)
	}
	fmt.Fprintf(&s, "%d tensors, %d parameters (%d frozen), %.2f MB of %v\n", p.Len(), p.Size(), frozen, float64(p.Size()*int(p.dt.Size()))/1e6, p.dt)
	return s.String()
}

// drawing is the part of a graph that Dot draws.
type drawing struct {
	nodes []drawnNode
	edges [][2]int64
}

type drawnNode struct {
	id    int64
	label string
	path  string
	leaf  bool
}

// draw keeps the needed part of the graph, without views.
func (c *compiler) draw() *drawing {
	d, results := &drawing{}, map[int64]tensor.Shape{}
	for _, s := range c.steps {
		if _, known := results[s.node.ID()]; !known && len(s.out) > 0 {
			results[s.node.ID()] = s.out[0].shape
		}
	}
	for _, n := range c.order {
		l := c.leaves[n]
		switch {
		case l != nil:
			d.nodes = append(d.nodes, drawnNode{n.ID(), fmt.Sprintf("%s\n%v", n.Name(), n.Shape()), c.paths[n.ID()], true})
			continue
		case c.isView(n):
			continue
		case n.Op() != nil:
			label := n.Op().String()
			if name, _, ok := strings.Cut(label, "{"); ok {
				label = name
			}
			d.nodes = append(d.nodes, drawnNode{n.ID(), fmt.Sprintf("%s\n%v", label, results[n.ID()]), c.paths[n.ID()], false})
		}
		for _, x := range c.operands(n) {
			for c.isView(x) {
				x = c.operands(x)[0]
			}
			d.edges = append(d.edges, [2]int64{x.ID(), n.ID()})
		}
	}
	return d
}

// Dot returns the computation, including gradients, in Graphviz's language, grouped by scope path.
func (p *Program) Dot() string {
	root := &cluster{}
	d := p.ran.Load().drawing
	for _, n := range d.nodes {
		root.at(splitPath(n.path)).nodes = append(root.at(splitPath(n.path)).nodes, n)
	}
	var s strings.Builder
	s.WriteString("digraph {\n\trankdir=BT; compound=true;\n\tnode [shape=box, fontname=Helvetica, fontsize=10];\n")
	root.write(&s, "\t", new(int))
	for _, e := range d.edges {
		fmt.Fprintf(&s, "\tn%d -> n%d;\n", e[0], e[1])
	}
	s.WriteString("}\n")
	return s.String()
}

// cluster is the nodes of a scope and the scopes inside it.
type cluster struct {
	name  string
	nodes []drawnNode
	parts []*cluster
}

func (c *cluster) at(path []string) *cluster {
	if len(path) == 0 {
		return c
	}
	for _, p := range c.parts {
		if p.name == path[0] {
			return p.at(path[1:])
		}
	}
	p := &cluster{name: path[0]}
	c.parts = append(c.parts, p)
	return p.at(path[1:])
}

func (c *cluster) write(s *strings.Builder, indent string, number *int) {
	for _, n := range c.nodes {
		style := ""
		if n.leaf {
			style = ", style=filled, fillcolor=\"#eeeeee\""
		}
		fmt.Fprintf(s, "%sn%d [label=%q%s];\n", indent, n.id, n.label, style)
	}
	for _, p := range c.parts {
		*number++
		fmt.Fprintf(s, "%ssubgraph cluster_%d {\n%s\tlabel=%q;\n", indent, *number, indent, p.name)
		p.write(s, indent+"\t", number)
		fmt.Fprintf(s, "%s}\n", indent)
	}
}
