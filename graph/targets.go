package graph

import (
	"cmp"
	"maps"
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Target is a set of targets over which the loss of a Program, or a term of it, is a mean. Its values are those of the last feed.
type Target struct {
	program *Program
	index   int
	aim     *aim // of the first size
}

// aim is a Target in one size.
type aim struct {
	node  *G.Node
	path  string   // of the operation that takes the mean, or of Scope.Count
	reads []string // outputs that the operation reads, such as logits
	pad   bool     // ids 0 do not count
	value value
}

// Count declares that the loss is a mean over the entries of n. Ids count unless they are ops.IgnoreTarget. Numbers, as in a mask,
// count by their sum. Use it for a loss composed of several operations. Operations with Def.Targets, such as ops.CrossEntropy,
// declare their targets themselves. n must be an input, a constant, or a reshape or leading slice of one. A loss without targets
// has the same weight in every run.
func (s *Scope) Count(n *G.Node) {
	s.declare(func(path string) (*G.Node, error) {
		if n != nil {
			s.b.counted = append(s.b.counted, &aim{node: n, path: path})
		}
		return n, nil
	})
}

// aim finds the targets of the loss in order of declaration, and their memory.
func (c *compiler) aim() error {
	if c.loss == nil {
		return nil
	}
	all := slices.Clone(c.counted)
	nodes := c.reachable(c.loss)
	for _, n := range slices.SortedFunc(maps.Keys(nodes), func(a, b *G.Node) int { return cmp.Compare(a.ID(), b.ID()) }) {
		op, ok := n.Op().(*ops.Op)
		if !ok || op.Of() != nil {
			continue
		}
		for _, i := range op.Targets {
			all = append(all, &aim{node: c.children(n)[i], path: at(c.paths[n.ID()], op.Name), reads: c.outputsOf(c.children(n)), pad: op.PadTargets})
		}
	}
	for _, t := range all {
		if t.value = c.leafView(t.node); t.value.buf == nil {
			t.value = c.values[t.node]
		}
		if b := t.value.buf; b == nil || b.place != inLeaf && b.place != inForeign {
			return errors.Errorf("%s: its targets are computed by %v: feed them as an input", t.path, t.node.Op())
		}
	}
	c.aims = all
	return nil
}

// leafView returns the value of a leaf or of a view of one. For any other node the value has no buffer.
func (c *compiler) leafView(n *G.Node) value {
	if l := c.leaves[n]; l != nil {
		return leafValue(l, n.Shape())
	}
	view, ok := n.Op().(*ops.View)
	if !ok {
		return value{}
	}
	v := c.leafView(c.operands(n)[0])
	if v.buf == nil {
		return v
	}
	return value{buf: v.buf, offset: v.offset + view.Offset(), shape: n.Shape()}
}

// outputsOf returns the names of the outputs among some nodes.
func (b *builder) outputsOf(nodes []*G.Node) (names []string) {
	for _, o := range b.outputs {
		if slices.Contains(nodes, o.node) {
			names = append(names, o.name)
		}
	}
	return names
}

// Targets lists the targets of the loss. If there are none, every run has the same weight.
func (p *Program) Targets() []*Target { return p.targets }

// Path returns the path of the operation that takes the mean: "CrossEntropy", or "h.0: CrossEntropy".
func (t *Target) Path() string { return t.aim.path }

// Reads reports whether the operation that takes the mean reads the output of this name.
func (t *Target) Reads(output string) bool { return slices.Contains(t.aim.reads, output) }

// Known reports whether the targets are known before a run. They are not if Gorgonia's operations compute them from an input.
func (t *Target) Known() bool { return t.aim.value.buf.leaf != nil }

// value returns the memory of the targets in the size of the last feed.
func (t *Target) value() value { return t.program.fed.Load().targets[t.index] }

// IDs returns the current targets, nil if they are numbers. The slice is not a copy.
func (t *Target) IDs() []int32 {
	if v := t.value(); v.buf.dt == tensor.Int32 {
		return v.buf.dense().Int32s()[v.offset:][:v.size()]
	}
	return nil
}

// Count returns the number of current targets that count: ids that are not ops.IgnoreTarget and do not pad, or the sum of numbers.
func (t *Target) Count() (n float64) {
	v := t.value()
	switch data := v.buf.dense(); v.buf.dt {
	case tensor.Int32:
		for _, id := range t.IDs() {
			if id != ops.IgnoreTarget && (id != 0 || !t.aim.pad) {
				n++
			}
		}
	case tensor.Float32:
		for _, x := range data.Float32s()[v.offset:][:v.size()] {
			n += float64(x)
		}
	case tensor.Float64:
		for _, x := range data.Float64s()[v.offset:][:v.size()] {
			n += x
		}
	}
	return n
}
