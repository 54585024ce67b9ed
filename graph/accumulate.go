package graph

import "slices"

// sumInPlace removes Gorgonia's sums of two gradients where the operation that computes one of them can add. The operation then
// adds to the memory of the other, which must be complete by then and have no later reader.
func (c *compiler) sumInPlace() {
	var sums []int
	for i, s := range c.steps {
		if s.kind == addStep {
			sums = append(sums, i)
		}
	}
	uses, removed, renamed := c.uses(), map[*step]bool{}, map[*buffer]*buffer{}
	merges := func(i int) bool { return c.merge(i, uses, removed, renamed) }
	for {
		i := slices.IndexFunc(sums, merges)
		if i < 0 {
			break
		}
		sums = slices.Delete(sums, i, i+1)
	}
	c.steps = slices.DeleteFunc(c.steps, func(s *step) bool { return removed[s] })
	c.buffers = slices.DeleteFunc(c.buffers, func(b *buffer) bool { return renamed[b] != nil })
	for n, v := range c.values {
		for renamed[v.buf] != nil {
			v.buf = renamed[v.buf]
		}
		c.values[n] = v
	}
}

// uses lists the steps that read or write each buffer, in order. A root counts as a use after the last step.
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

// merge makes the producer of one operand of the sum at step i add to the other operand, if that is safe.
func (c *compiler) merge(at int, uses map[*buffer][]int, removed map[*step]bool, renamed map[*buffer]*buffer) bool {
	sum := c.steps[at]
	for j := range 2 {
		late, early := sum.in[j], sum.in[1-j]
		if late.buf == early.buf || !late.whole() || !early.whole() || late.buf.place != inArena || early.buf.place != inArena {
			continue
		}
		// The late operand is used only by its producer and the sum. The early one is complete when that producer runs.
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
		readers := uses[total][1:] // index 0 is the sum itself
		for _, i := range readers {
			if i < len(c.steps) {
				c.steps[i].rename(total, early.buf)
			}
		}
		uses[early.buf] = append(append(e[:len(e)-1:len(e)-1], u[0]), readers...)
		renamed[total], renamed[late.buf], removed[sum] = early.buf, early.buf, true
		delete(uses, total)
		delete(uses, late.buf)
		return true
	}
	return false
}

// rename replaces one buffer by another.
func (s *step) rename(old, now *buffer) {
	for _, vs := range [][]value{s.in, s.out} {
		for i := range vs {
			if vs[i].buf == old {
				vs[i].buf = now
			}
		}
	}
}

// addOnRequest lets the operation that first writes a parameter's gradient add to it while Program.Accumulate is set, if the
// operation can and all later writers add anyway. Other gradients are copied before a run and added after it.
func (c *compiler) addOnRequest() {
	type writer struct {
		step *step
		slot int
	}
	first, refused := map[*buffer]writer{}, map[*buffer]bool{}
	for _, s := range c.steps {
		for i, v := range s.out {
			if v.buf == nil || v.buf.place != inGrad || v.adds == always {
				continue
			}
			if _, second := first[v.buf]; second || s.kind != opStep || !slices.Contains(s.op.Adds, i) {
				refused[v.buf] = true
			}
			first[v.buf] = writer{s, i}
		}
	}
	for l, own := range c.own {
		if w, ok := first[own]; ok && !refused[own] {
			w.step.out[w.slot].adds = onRequest
			c.direct[l] = true
		}
	}
}
