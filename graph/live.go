package graph

import "slices"

// live sets the first and the last step of every buffer. Outputs live to the end.
func (c *compiler) live() {
	for i := len(c.steps) - 1; i >= 0; i-- {
		for _, b := range c.steps[i].memory() {
			b.first, b.last = i, max(b.last, i)
		}
	}
	for _, n := range c.roots() {
		c.values[n].buf.last = len(c.steps)
	}
}

// memory lists the buffers of a step.
func (s *step) memory() []*buffer {
	var all []*buffer
	for _, v := range slices.Concat(s.in, s.out, []value{s.scratch}) {
		if v.buf != nil {
			all = append(all, v.buf)
		}
	}
	return all
}

// reuseInPlace lets a result reuse the memory of an operand that has no later reader, where the operation allows it.
func (c *compiler) reuseInPlace() {
	taken := map[*buffer]*buffer{}
	now := func(b *buffer) *buffer {
		for taken[b] != nil {
			b = taken[b]
		}
		return b
	}
	for i, s := range c.steps {
		for _, vs := range [][]value{s.in, s.out} {
			for j := range vs {
				vs[j].buf = now(vs[j].buf)
			}
		}
		if s.out[0].buf == nil || s.out[0].adds != never {
			continue
		}
		for _, j := range s.inPlace {
			if x := s.in[j]; c.dies(s, j, i) {
				old := s.out[0].buf
				taken[old], x.buf.last = x.buf, old.last
				s.out[0].buf, s.out[0].offset = x.buf, 0
				break
			}
		}
	}
	for n, v := range c.values {
		v.buf = now(v.buf)
		c.values[n] = v
	}
	c.buffers = slices.DeleteFunc(c.buffers, func(b *buffer) bool { return taken[b] != nil })
}

// dies reports whether the first result of step i may overwrite operand j.
func (c *compiler) dies(s *step, j, i int) bool {
	x, out := s.in[j], s.out[0]
	if x.buf.place != inArena || x.buf.last != i || !x.whole() || x.buf.size != out.size() || x.buf.dt != out.buf.dt {
		return false
	}
	for k, other := range s.in {
		same := other.offset == x.offset && other.size() == x.size() && slices.Contains(s.inPlace, k)
		if k != j && other.buf == x.buf && !same {
			return false
		}
	}
	return true
}

// ownGradients gives each gradient of a parameter a buffer of its own: the one it is computed in, unless that holds other values too. It
// lasts to the end of the run.
func (c *compiler) ownGradients() {
	wanted := map[*buffer]int{}
	for _, n := range c.roots() {
		wanted[c.values[n].buf]++
	}
	for _, l := range c.trained {
		n := c.grads[l]
		if n == nil {
			continue
		}
		v := c.values[n]
		if v.buf.place == inArena && v.whole() && wanted[v.buf] == 1 {
			v.buf.place = inGrad
			c.own[l] = v.buf
			continue
		}
		own := &buffer{place: inGrad, dt: l.dt, size: l.size(), first: len(c.steps)}
		to := value{buf: own, shape: v.shape}
		c.addStep(&step{kind: copyStep, node: n, path: c.paths[l.node.ID()], in: []value{v}, out: []value{to}}) // after all buffer lives
		c.own[l], c.buffers = own, append(c.buffers, own)
	}
	c.addOnRequest()
	for _, n := range c.roots() {
		c.values[n].buf.last = len(c.steps)
	}
	for _, own := range c.own {
		own.last = len(c.steps)
	}
}
