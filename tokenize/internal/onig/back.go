package onig

import "unicode/utf8"

// back returns where the machine continues after a failure: the next way of the last open choice. Without one, pc is -1.
func (m *Machine) back(base int) (pc, pos int) {
	for len(m.stack) > base {
		m.steps++
		last := len(m.stack) - 1
		c := &m.stack[last]
		in := &m.code[c.pc]
		switch {
		case c.next < 0:
			bit := in.branch.number*(len(m.Text)+1) + c.pos
			m.failed[bit/64] |= 1 << (bit % 64)
			m.stack = m.stack[:last]
		case in.op == opRun:
			_, w := utf8.DecodeLastRuneInString(m.Text[:c.pos])
			pc, pos = c.pc+1, c.pos-w
			if c.pos = pos; pos <= c.low {
				m.stack = m.stack[:last]
			}
			return pc, pos
		default:
			at := *c
			m.stack = m.stack[:last]
			if pc, ok := m.take(in, at.pc, at.pos, at.next); ok {
				return pc, at.pos
			}
		}
	}
	return -1, 0
}

// apart matches the code of an opAhead, opBehind or opAtomic on its own.
func (m *Machine) apart(in *instruction, pc, pos int) (to, end int, ok bool) {
	from := pos
	for n := 0; in.op == opBehind && n < in.min; n++ {
		if from == 0 {
			return in.target, pos, in.negative
		}
		_, w := utf8.DecodeLastRuneInString(m.Text[:from])
		from -= w
	}
	depth := len(m.stack)
	end = m.run(pc+1, from)
	if end == tooSlow {
		return in.target, tooSlow, false
	}
	m.stack = m.stack[:depth]
	if ok = (end >= 0) != in.negative; in.op != opAtomic {
		end = pos
	}
	return in.target, end, ok
}
