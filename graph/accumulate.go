package graph

import "slices"

// sumInPlace takes out Gorgonia's sums of two gradients where one of them comes from an operation that can add: it then adds to
// the memory of the other, which must be there before and be read by nothing else from then on.
func (c *compiler) sumInPlace() {
	for {
		uses := c.uses()
		i := slices.IndexFunc(c.steps, func(s *step) bool { return s.kind == addStep && c.merge(s, uses) })
		if i < 0 {
			return
		}
		c.steps = slices.Delete(c.steps, i, i+1)
	}
}

// uses lists the steps that read or write each buffer, in order, and counts a root as a use behind them all.
func (c *compiler) uses() map[*buffer][]int {
	uses := map[*buffer][]int{}
	for i, s := range c.steps {
		for _, b := range s.memory() {
			uses[b] = append(uses[b], i)
		}
	}
	for _, n := range c.roots() {
		b := c.values[n].buf
		uses[b] = append(uses[b], len(c.steps))
	}
	return uses
}

// merge makes the producer of one operand of a sum add to the other.
func (c *compiler) merge(sum *step, uses map[*buffer][]int) bool {
	at := slices.Index(c.steps, sum)
	for j := range 2 {
		late, early := sum.in[j], sum.in[1-j]
		if late.buf == early.buf || !late.whole() || !early.whole() || late.buf.place != inArena || early.buf.place != inArena {
			continue
		}
		// Only its producer and the sum know of the late one; the early one is complete when the producer runs.
		u, e := uses[late.buf], uses[early.buf]
		if len(u) != 2 || u[1] != at || e[len(e)-1] != at || len(e) > 1 && e[len(e)-2] >= u[0] {
			continue
		}
		p := c.steps[u[0]]
		slot := slices.IndexFunc(p.out, func(v value) bool { return v.buf == late.buf })
		if p.kind != opStep || slot < 0 || !slices.Contains(p.op.Adds, slot) {
			continue
		}
		p.out[slot] = value{buf: early.buf, shape: p.out[slot].shape, adds: always}
		total := sum.out[0].buf
		c.buffers = slices.DeleteFunc(c.buffers, func(b *buffer) bool { return b == late.buf || b == total })
		c.rename(total, early.buf)
		return true
	}
	return false
}

// rename puts one buffer in the place of another everywhere.
func (c *compiler) rename(old, now *buffer) {
	for _, s := range c.steps {
		for _, vs := range [][]value{s.in, s.out} {
			for i := range vs {
				if vs[i].buf == old {
					vs[i].buf = now
				}
			}
		}
	}
	for n, v := range c.values {
		if v.buf == old {
			v.buf = now
			c.values[n] = v
		}
	}
}

// addOnRequest lets the operation that writes a parameter's gradient first add to it while Program.Accumulate is set, where it can
// and all others add to it anyway. Other gradients are put aside and added.
func (c *compiler) addOnRequest(l *leaf) {
	var first *value
	for _, s := range c.steps {
		for i := range s.out {
			v := &s.out[i]
			switch {
			case v.buf != c.own[l] || v.adds == always:
			case first != nil || s.kind != opStep || !slices.Contains(s.op.Adds, i):
				return
			default:
				first = v
			}
		}
	}
	if first != nil {
		first.adds = onRequest
		c.direct[l] = true
	}
}
