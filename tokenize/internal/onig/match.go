package onig

import (
	"math"
	"math/bits"
	"unicode/utf8"
)

// Machine matches a program in a text or in prefixes of this text. It backtracks. After many steps it remembers failures, so
// that it tries no state twice at the same place.
type Machine struct {
	*Program
	Text   string
	code   []instruction // fast or slow
	stack  []choicePoint
	steps  int
	limit  int      // maximum number of steps
	over   bool     // the limit was passed although failures are remembered; matches may be missing
	failed []uint64 // slow code: bits by branch and place
	runs   []Match  // slow code, by instruction: the last run without a bound
}

// choicePoint is an open choice. If next is negative, it is a mark: when the machine returns to it, all ways of pc have
// failed.
type choicePoint struct {
	pc, next int // the branch to try next
	pos, low int // where to continue; low is the lowest place of an opRun
}

const (
	noMatch = -1
	tooSlow = -2 // the limit was passed

	stepsPerByte = 64 // before failures are remembered
	stepsAtLeast = 1 << 12
	mostPerByte  = 1 << 12 // while failures are remembered, for a program that is not Plain
	mostAtLeast  = 1 << 24
)

// NewMachine returns a Machine for p. Begin sets its text.
func NewMachine(p *Program) *Machine {
	return &Machine{Program: p, code: p.fast, limit: stepsAtLeast}
}

// Begin sets the text. It forgets failures if the length of the text changes: texts of the same length must be equal.
func (m *Machine) Begin(text string) {
	if len(m.Text) != len(text) {
		m.code, m.steps, m.failed = m.fast, 0, m.failed[:0]
		m.limit = stepsAtLeast + stepsPerByte*len(text)
	}
	m.Text = text
}

// remembers reports whether the machine remembers failures.
func (m *Machine) remembers() bool { return len(m.failed) > 0 }

// remember makes the machine remember failures from now on.
func (m *Machine) remember() {
	n := (m.Branches*(len(m.Text)+1) + 64) / 64
	if cap(m.failed) < n {
		m.failed = make([]uint64, n)
	}
	m.failed = m.failed[:n]
	clear(m.failed)
	m.runs = make([]Match, len(m.slow))
	m.code, m.stack = m.slow, m.stack[:0]
	if m.limit = mostAtLeast + mostPerByte*len(m.Text); m.Plain {
		m.limit = math.MaxInt
	}
}

// matchAt returns the end of the match that begins at at, or noMatch or tooSlow.
func (m *Machine) matchAt(at int) int {
	end := m.run(0, at)
	if end == tooSlow && !m.remembers() {
		m.remember()
		end = m.run(0, at)
	}
	m.over = end == tooSlow
	return end
}

// run runs the code from pc at place pos. It returns the end of the match, or noMatch or tooSlow.
func (m *Machine) run(pc, pos int) int {
	base := len(m.stack)
	for {
		if m.steps++; m.steps > m.limit {
			return tooSlow
		}
		in := &m.code[pc]
		ok := false
		switch in.op {
		case opMatch:
			m.stack = m.stack[:base]
			return pos
		case opRun:
			pos, ok = m.runOf(in, pc, pos)
			pc++
		case opBranch:
			pc, ok = m.enter(in, pc, pos)
		case opJump:
			pc, ok = in.target, true
		case opAhead, opBehind, opAtomic:
			if pc, pos, ok = m.apart(in, pc, pos); pos == tooSlow {
				return tooSlow
			}
		default:
			pos, ok = m.one(in, pos)
			pc++
		}
		if !ok {
			if pc, pos = m.back(base); pc < 0 {
				return noMatch
			}
		}
	}
}

// one runs an instruction that matches at most one character and has one way.
func (m *Machine) one(in *instruction, pos int) (end int, ok bool) {
	switch in.op {
	case opSet:
		if pos < len(m.Text) {
			class, w := m.classAt(m.Text, pos)
			return pos + w, in.set[class]
		}
		return pos, false
	case opLook:
		return pos, in.set[m.nextClass(m.Text, pos)] != in.negative
	case opStart:
		return pos, pos == 0
	}
	return pos, pos == len(m.Text) // opEnd
}

// runOf matches as many characters as in allows. It pushes a choice of giving some back.
func (m *Machine) runOf(in *instruction, pc, pos int) (end int, ok bool) {
	text, set := m.Text, in.set
	if m.remembers() && in.max < 0 {
		return m.runAgain(in, pc, pos)
	}
	n, low, at := 0, pos, pos
	if in.max < 0 && in.min <= 1 {
		for at < len(text) && text[at] < utf8.RuneSelf && set[m.ascii[text[at]]] {
			at++
		}
		if n = at - pos; n > 0 && in.min == 1 {
			low++
		}
	}
	for at < len(text) && n != in.max {
		class, w := m.classAt(text, at)
		if !set[class] {
			break
		}
		at += w
		if n++; n == in.min {
			low = at
		}
	}
	m.steps += n >> 2
	if n < in.min {
		return pos, false
	}
	if at > low && !in.possessive {
		m.stack = append(m.stack, choicePoint{pc: pc, pos: at, low: low})
	}
	return at, true
}

// runAgain is runOf for a possessive run without a bound. It reads each run of a text only once.
func (m *Machine) runAgain(in *instruction, pc, pos int) (end int, ok bool) {
	last := &m.runs[pc]
	n, at := 0, pos
	for ; at < len(m.Text); n++ {
		if n >= in.min && last.Start <= at && at < last.End {
			return last.End, true
		}
		class, w := m.classAt(m.Text, at)
		if !in.set[class] {
			break
		}
		at += w
	}
	*last = Match{pos, at}
	return at, n >= in.min
}

// enter takes the first way of in that the next character allows. It pushes a choice for the next such way.
func (m *Machine) enter(in *instruction, pc, pos int) (to int, ok bool) {
	if m.remembers() {
		bit := in.branch.number*(len(m.Text)+1) + pos
		if m.failed[bit/64]>>(bit%64)&1 != 0 {
			return pc, false
		}
		m.stack = append(m.stack, choicePoint{pc: pc, next: -1, pos: pos})
	}
	return m.take(in, pc, pos, 0)
}

// take is enter for the ways from i.
func (m *Machine) take(in *instruction, pc, pos, i int) (to int, ok bool) {
	ways := in.branch.ways[m.nextClass(m.Text, pos)] >> i << i
	if ways == 0 {
		return pc, false
	}
	if others := ways & (ways - 1); others != 0 {
		m.stack = append(m.stack, choicePoint{pc: pc, next: bits.TrailingZeros64(others), pos: pos})
	}
	return in.branch.pcs[bits.TrailingZeros64(ways)], true
}
