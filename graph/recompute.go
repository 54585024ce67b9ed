package graph

import (
	"maps"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/pkg/errors"
)

// Recompute makes a Program in mode Train discard the forward values of some scopes and compute them again in the backward pass.
// This saves memory, costs at most one more forward pass and gives the same bits (Chen et al. 2016, "Training Deep Nets with
// Sublinear Memory Cost", arXiv 1604.06174). Each scope whose path matches the pattern, as in Params.Freeze, is a unit. Only those
// values of a unit that other scopes read are kept. h.* makes each block of a GPT a unit.
func (s *Scope) Recompute(pattern string) { s.b.recomputed = append(s.b.recomputed, pattern) }

// LimitMemory sets the largest Memory.Total of a Program in bytes. In mode Train, Build recomputes as few parts of lists, such as
// the blocks h.0, h.1, …, as the limit allows. Build fails if the limit cannot be met. Runs with Program.Accumulate need room for
// Memory.Accumulate, too.
func (s *Scope) LimitMemory(bytes int) { s.b.limit = bytes }

// compile plans the steps and recomputes as few units as the limit allows.
func (b *builder) compile() (*compiler, error) {
	defer declaring.take()()
	base, err := b.laidOut()
	if err != nil {
		return nil, err
	}
	c := base.planned(nil)
	if b.limit > 0 && c.needs() > b.limit {
		if c, err = base.limited(c); err != nil {
			return nil, err
		}
	}
	return c, c.aim()
}

// needs returns the bytes of a Program with this plan, including the bytes that its other sizes add.
func (c *compiler) needs() int { return c.memory().Total() + c.reserved }

// limited returns a plan that meets the limit, which the plan without recomputation exceeds.
func (c *compiler) limited(all *compiler) (*compiler, error) {
	if units := c.listParts(); c.mode == Train {
		if best := c.within(units); best != nil {
			return best, nil
		}
		all = c.planned(units)
	}
	return nil, errors.Errorf("memory: %d bytes are needed even if all parts of lists are recomputed, the limit is %d", all.needs(), c.limit)
}

// within returns a plan that meets the limit by recomputing the first n units, or nil if none does. It finds a small n by binary
// search: memory falls as n grows, except that the last units may not save any.
func (c *compiler) within(units []string) *compiler {
	var best *compiler
	least := math.MaxInt
	fits := func(n int) (ok, lower bool) {
		p := c.planned(units[:n])
		total := p.needs()
		if ok = total <= c.limit; ok {
			best = p
		}
		lower = total <= least
		least = min(least, total)
		return ok, lower
	}
	most := len(units)
	for ; most > 0; most-- { // past the last units, which may not save any
		if ok, lower := fits(most); ok {
			break
		} else if !lower {
			return nil
		}
	}
	sort.Search(most-1, func(i int) bool { ok, _ := fits(i + 1); return ok })
	return best
}

// unitOf returns a function from the path of a step to the path of its unit, "" for none. A unit is a prefix that matches a
// pattern, or a listed part.
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
			if wanted[prefix] || slices.ContainsFunc(c.recomputed, func(p string) bool { return MatchPath(p, prefix) }) {
				known[path] = prefix
			}
		}
		return known[path]
	}
}

// listParts returns the paths that end in their first number, in order of the forward pass.
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

// backward reports whether a step belongs to the backward pass.
func (c *compiler) backward(s *step) bool { return c.firstGrad > 0 && s.node.ID() >= c.firstGrad }

// unit is a part of the model whose forward values are recomputed.
type unit struct {
	steps []*step        // forward steps, in order
	again map[*step]bool // steps that the backward pass repeats
	first int            // backward step before which they are repeated
}

// recompute computes the units' values again just before the backward pass first reads one, and makes it read the new values.
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
	now := map[*buffer]*buffer{} // new buffers of the units recomputed so far
	for i, s := range c.steps {
		for _, u := range due[i] {
			copies, copied := c.copySteps(u)
			steps = append(steps, copies...)
			maps.Copy(now, copied)
		}
		if c.backward(s) {
			s.in = replaced(s.in, now)
		}
		steps = append(steps, s)
	}
	c.steps = steps
}

// replaced copies values and replaces their buffers according to now.
func replaced(vs []value, now map[*buffer]*buffer) []value {
	vs = slices.Clone(vs)
	for i, v := range vs {
		if b := now[v.buf]; b != nil {
			vs[i].buf = b
		}
	}
	return vs
}

// production is the step that computes a buffer, and the step's unit.
type production struct {
	step *step
	unit *unit
}

// units lists the units in order of the forward pass, and the buffers that they need not keep: no forward step of another unit
// reads them, and they are no roots.
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

// markAgain finds the steps of the units that the backward pass repeats.
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

// copySteps copies the repeated steps of a unit, with their own memory, and returns the new buffer for each old one.
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
