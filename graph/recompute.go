package graph

import (
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Recompute makes a Program in mode Train compute the forward values of some scopes a second time in the backward pass instead of
// keeping them from the first: less memory for at most one more forward pass, and the same bits (Chen et al. 2016, "Training Deep Nets
// with Sublinear Memory Cost", arXiv 1604.06174). Each scope whose path matches the pattern, as in Params.Freeze, is a unit: of it
// only what others read is kept. h.* makes a unit of each block of a GPT.
func (s *Scope) Recompute(pattern string) { s.b.recomputed = append(s.b.recomputed, pattern) }

// LimitMemory makes a Program in mode Train recompute as many parts of lists, such as the blocks h.0, h.1, …, as it takes for
// Memory.Total to be at most this many bytes. Build fails if all of them do not suffice.
func (s *Scope) LimitMemory(bytes int) { s.b.limit = bytes }

// compile plans the steps, and plans again with more units to recompute until the limit is met.
func (b *builder) compile() (*Program, error) {
	c, err := b.planned(0)
	if err != nil {
		return nil, err
	}
	units := c.listParts()
	for k := 1; b.limit > 0 && c.memory().Total() > b.limit; k++ {
		if k > len(units) || b.mode != Train {
			return nil, errors.Errorf("memory: %d bytes are needed with everything recomputed that can be, the limit is %d", c.memory().Total(), b.limit)
		}
		if c, err = b.planned(k); err != nil {
			return nil, err
		}
	}
	return c.program()
}

// unit is the path of the unit that a step belongs to, "" for none: a prefix that matches a pattern, or one of the first few parts
// of lists.
func (c *compiler) unit(path string, listed []string) string {
	parts := splitPath(path)
	for n := 1; n <= len(parts); n++ {
		prefix := strings.Join(parts[:n], ".")
		if slices.Contains(listed, prefix) || slices.ContainsFunc(c.recomputed, func(p string) bool { return matchPath(p, prefix) }) {
			return prefix
		}
	}
	return ""
}

// listParts are the paths that end in their first number, in order of the forward pass.
func (c *compiler) listParts() []string {
	var units []string
	for _, s := range c.steps {
		parts := splitPath(s.path)
		i := slices.IndexFunc(parts, func(p string) bool { return strings.Trim(p, "0123456789") == "" })
		if prefix := strings.Join(parts[:i+1], "."); i >= 0 && !slices.Contains(units, prefix) {
			units = append(units, prefix)
		}
	}
	return units
}

// backward says whether a step is of the backward pass.
func (c *compiler) backward(s *step) bool { return c.firstGrad > 0 && s.node.ID() >= c.firstGrad }

// recompute replaces what the backward pass reads of the units by values computed again.
func (c *compiler) recompute(listed []string) {
	if c.firstGrad == 0 {
		return
	}
	var units []string
	forward := map[string][]*step{}
	for _, s := range c.steps {
		u := c.unit(s.path, listed)
		if u == "" || c.backward(s) {
			continue
		}
		if forward[u] == nil {
			units = append(units, u)
		}
		forward[u] = append(forward[u], s)
	}
	for _, u := range units {
		c.recomputeUnit(forward[u])
	}
}

// recomputeUnit copies the steps of a unit that the backward pass needs again, to just before it does.
func (c *compiler) recomputeUnit(unit []*step) {
	producer := map[*buffer]*step{}
	for _, s := range unit {
		for _, v := range s.out {
			if v.buf != nil {
				producer[v.buf] = s
			}
		}
	}
	for _, b := range c.keptOutside(unit) {
		delete(producer, b)
	}
	first, again := -1, map[*step]bool{}
	var need func(b *buffer)
	need = func(b *buffer) {
		s := producer[b]
		if s == nil || again[s] {
			return
		}
		again[s] = true
		for _, v := range s.in {
			need(v.buf)
		}
	}
	for i, s := range c.steps {
		if !c.backward(s) {
			continue
		}
		for _, v := range s.in {
			if producer[v.buf] != nil {
				if first < 0 {
					first = i
				}
				need(v.buf)
			}
		}
	}
	if first < 0 {
		return
	}
	copies, now := c.copySteps(unit, again)
	for _, s := range c.steps[first:] {
		for i, v := range s.in {
			if b := now[v.buf]; b != nil {
				s.in[i].buf = b
			}
		}
	}
	c.steps = slices.Insert(c.steps, first, copies...)
}

// keptOutside lists the buffers of a unit that forward steps outside it read, or that are wanted in the end.
func (c *compiler) keptOutside(unit []*step) []*buffer {
	var kept []*buffer
	for _, s := range c.steps {
		if c.backward(s) || slices.Contains(unit, s) {
			continue
		}
		for _, v := range s.in {
			kept = append(kept, v.buf)
		}
	}
	for _, n := range c.roots() {
		kept = append(kept, c.values[n].buf)
	}
	return kept
}

// copySteps copies the chosen steps of a unit, with memory of their own, and says which buffer stands for which.
func (c *compiler) copySteps(unit []*step, chosen map[*step]bool) (copies []*step, now map[*buffer]*buffer) {
	now = map[*buffer]*buffer{}
	again := func(vs []value) []value {
		vs = slices.Clone(vs)
		for i, v := range vs {
			if b := now[v.buf]; b != nil {
				vs[i].buf = b
			}
		}
		return vs
	}
	for _, s := range unit {
		if !chosen[s] {
			continue
		}
		for _, v := range append(slices.Clone(s.out), s.scratch) {
			if v.buf != nil {
				b := *v.buf
				if b.place == inForeign {
					b.tensor = tensor.New(tensor.Of(b.dt), tensor.WithShape(b.tensor.Shape().Clone()...))
				}
				now[v.buf] = &b
				c.buffers = append(c.buffers, &b)
			}
		}
		t := *s
		t.in, t.out, t.scratch = again(s.in), again(s.out), again([]value{s.scratch})[0]
		copies = append(copies, &t)
	}
	return copies, now
}
