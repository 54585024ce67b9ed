package graph

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/pkg/errors"
)

// Recompute makes a Program in mode Train compute the forward values of some scopes a second time in the backward pass instead of
// keeping them from the first: less memory for at most one more forward pass, and the same bits (Chen et al. 2016, "Training Deep Nets
// with Sublinear Memory Cost", arXiv 1604.06174). Each scope whose path matches the pattern, as in Params.Freeze, is a unit: of it
// only what others read is kept. h.* makes a unit of each block of a GPT.
func (s *Scope) Recompute(pattern string) { s.b.recomputed = append(s.b.recomputed, pattern) }

// LimitMemory makes a Program in mode Train recompute as many parts of lists, such as the blocks h.0, h.1, …, as it takes for
// Memory.Total to be at most this many bytes. Build fails if all of them do not suffice.
func (s *Scope) LimitMemory(bytes int) { s.b.limit = bytes }

// compile plans the steps, with as few units to recompute as the limit allows.
func (b *builder) compile() (*compiler, error) {
	base, err := b.laidOut()
	if err != nil {
		return nil, err
	}
	all := base.planned(nil)
	if b.limit <= 0 || all.memory().Total() <= b.limit {
		return all, nil
	}
	if units := base.listParts(); b.mode == Train {
		if c := base.within(units); c != nil {
			return c, nil
		}
		all = base.planned(units)
	}
	return nil, errors.Errorf("memory: %d bytes are needed with everything recomputed that can be, the limit is %d", all.memory().Total(), b.limit)
}

// within returns a plan that meets the limit and recomputes the first of the units, as few as a search by halves finds; nil means that
// none does. More of them need less memory, except that the last ones may not.
func (c *compiler) within(units []string) *compiler {
	var best *compiler
	fits := func(n int) bool {
		p := c.planned(units[:n])
		if p.memory().Total() > c.limit {
			return false
		}
		best = p
		return true
	}
	most := len(units)
	for most > 0 && !fits(most) {
		most--
	}
	sort.Search(most-1, func(i int) bool { return fits(i + 1) })
	return best
}

// unitOf returns the function that gives the path of the unit that a step belongs to, "" for none: a prefix that matches a pattern, or one
// of the listed parts.
func (c *compiler) unitOf(listed []string) func(path string) string {
	known, wanted := map[string]string{}, map[string]bool{}
	for _, u := range listed {
		wanted[u] = true
	}
	return func(path string) string {
		if u, ok := known[path]; ok {
			return u
		}
		known[path] = ""
		parts := splitPath(path)
		for n := 1; n <= len(parts) && known[path] == ""; n++ {
			prefix := strings.Join(parts[:n], ".")
			if wanted[prefix] || slices.ContainsFunc(c.recomputed, func(p string) bool { return matchPath(p, prefix) }) {
				known[path] = prefix
			}
		}
		return known[path]
	}
}

// listParts are the paths that end in their first number, in order of the forward pass.
func (c *compiler) listParts() []string {
	var units []string
	seen := map[string]bool{}
	for _, s := range c.steps {
		parts := splitPath(s.path)
		i := slices.IndexFunc(parts, func(p string) bool { return strings.Trim(p, "0123456789") == "" })
		if prefix := strings.Join(parts[:i+1], "."); i >= 0 && !seen[prefix] {
			seen[prefix] = true
			units = append(units, prefix)
		}
	}
	return units
}

// backward says whether a step is of the backward pass.
func (c *compiler) backward(s *step) bool { return c.firstGrad > 0 && s.node.ID() >= c.firstGrad }

// unit is a part of the model whose forward values are recomputed.
type unit struct {
	steps []*step        // of the forward pass, in order
	again map[*step]bool // those that the backward pass needs again
	first int            // step of the backward pass before which they are computed again
}

// recompute replaces what the backward pass reads of the units by values computed again, just before it reads the first of them.
func (c *compiler) recompute(listed []string) {
	if c.firstGrad == 0 || len(listed) == 0 && len(c.recomputed) == 0 {
		return
	}
	units, producer := c.units(listed)
	c.markAgain(units, producer)
	due := map[int][]*unit{}
	for _, u := range units {
		if len(u.again) > 0 {
			due[u.first] = append(due[u.first], u)
		}
	}
	var steps []*step
	now := map[*buffer]*buffer{} // of the units computed again so far
	for i, s := range c.steps {
		for _, u := range due[i] {
			copies, stands := c.copySteps(u)
			steps = append(steps, copies...)
			maps.Copy(now, stands)
		}
		if c.backward(s) {
			s.in = replaced(s.in, now)
		}
		steps = append(steps, s)
	}
	c.steps = steps
}

// replaced copies values, with other buffers in the place of some.
func replaced(vs []value, now map[*buffer]*buffer) []value {
	vs = slices.Clone(vs)
	for i, v := range vs {
		if b := now[v.buf]; b != nil {
			vs[i].buf = b
		}
	}
	return vs
}

// production is the step that computes a buffer and the unit that it belongs to.
type production struct {
	step *step
	unit *unit
}

// units lists the units in order of the forward pass, and the buffers that they need not keep: those that no other forward step reads
// and that are not wanted in the end.
func (c *compiler) units(listed []string) ([]*unit, map[*buffer]production) {
	var units []*unit
	byPath, unitOf := map[string]*unit{}, c.unitOf(listed)
	producer := map[*buffer]production{}
	for _, s := range c.steps {
		if c.backward(s) {
			continue
		}
		path := unitOf(s.path)
		u := byPath[path]
		if u == nil && path != "" {
			u = &unit{again: map[*step]bool{}}
			byPath[path], units = u, append(units, u)
		}
		for _, v := range s.in {
			if p, ok := producer[v.buf]; ok && p.unit != u {
				delete(producer, v.buf)
			}
		}
		if u == nil {
			continue
		}
		u.steps = append(u.steps, s)
		for _, v := range s.out {
			if v.buf != nil && v.buf.place != inLeaf {
				producer[v.buf] = production{s, u}
			}
		}
	}
	for _, n := range c.roots() {
		delete(producer, c.values[n].buf)
	}
	return units, producer
}

// markAgain finds the steps of the units that the backward pass needs again.
func (c *compiler) markAgain(units []*unit, producer map[*buffer]production) {
	var need func(b *buffer)
	need = func(b *buffer) {
		p, ok := producer[b]
		if !ok || p.unit.again[p.step] {
			return
		}
		p.unit.again[p.step] = true
		for _, v := range p.step.in {
			need(v.buf)
		}
	}
	for i, s := range c.steps {
		if !c.backward(s) {
			continue
		}
		for _, v := range s.in {
			if p, ok := producer[v.buf]; ok {
				if len(p.unit.again) == 0 {
					p.unit.first = i
				}
				need(v.buf)
			}
		}
	}
}

// copySteps copies the steps of a unit that are needed again, with memory of their own, and says which buffer stands for which.
func (c *compiler) copySteps(u *unit) (copies []*step, now map[*buffer]*buffer) {
	now = map[*buffer]*buffer{}
	for _, s := range u.steps {
		if !u.again[s] {
			continue
		}
		for _, v := range append(slices.Clone(s.out), s.scratch) {
			if v.buf != nil {
				b := *v.buf
				now[v.buf] = &b
				c.buffers = append(c.buffers, &b)
			}
		}
		t := *s
		t.in, t.out, t.scratch, t.again = replaced(s.in, now), replaced(s.out, now), replaced([]value{s.scratch}, now)[0], true
		copies = append(copies, &t)
	}
	return copies, now
}
