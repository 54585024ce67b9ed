package tokenize

import (
	"math"
	"math/bits"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// machine matches a program with texts of which each is the same or a prefix of one text. It backtracks; once that has
// taken many steps, it remembers where it failed, so that no state is tried at one place twice.
type machine struct {
	*program
	text   string
	code   []instruction // fast or slow
	stack  []choicePoint
	steps  int
	limit  int      // of steps
	over   bool     // the limit is passed even with the memory of failures, so that matches are missing
	failed []uint64 // by branch and place, for slow
}

// choicePoint is a way that is still open, or with next below 0 a mark: when it is reached, all ways of pc have failed.
type choicePoint struct {
	pc, next int // the branch to try next
	pos, low int // where to go on; of an opRun also the lowest place
}

const (
	noMatch = -1
	tooSlow = -2 // the limit is passed

	stepsPerByte = 64 // without the memory of failures
	stepsAtLeast = 1 << 12
	mostPerByte  = 1 << 12 // with it, for a program that is not plain
	mostAtLeast  = 1 << 24
)

func newMachine(p *program) *machine {
	return &machine{program: p, code: p.fast, limit: stepsAtLeast}
}

// begin sets the text.
func (m *machine) begin(text string) {
	if len(m.text) != len(text) {
		m.code, m.steps, m.failed = m.fast, 0, m.failed[:0]
		m.limit = stepsAtLeast + stepsPerByte*len(text)
	}
	m.text = text
}

// remembers reports whether failures are remembered.
func (m *machine) remembers() bool { return len(m.failed) > 0 }

// remember begins to remember failures.
func (m *machine) remember() {
	n := (m.branches*(len(m.text)+1) + 64) / 64
	if cap(m.failed) < n {
		m.failed = make([]uint64, n)
	}
	m.failed = m.failed[:n]
	clear(m.failed)
	m.code, m.stack = m.slow, m.stack[:0]
	if m.limit = mostAtLeast + mostPerByte*len(m.text); m.plain {
		m.limit = math.MaxInt
	}
}

// find returns the first match that begins at at or after; ok is false if there is none.
func (m *machine) find(at int) (s Span, ok bool) {
	for {
		class, w := uint8(0), 0
		if at < len(m.text) {
			class, w = m.classAt(m.text, at)
		}
		if m.starts[class] {
			if end := m.matchAt(at); end >= 0 {
				return Span{at, end}, true
			}
		}
		if at >= len(m.text) || m.over {
			return s, false
		}
		at += w
	}
}

// matchAt returns the end of the match that begins at at, or noMatch.
func (m *machine) matchAt(at int) int {
	end := m.run(0, at)
	if end == tooSlow && !m.remembers() {
		m.remember()
		end = m.run(0, at)
	}
	m.over = end == tooSlow
	return end
}

// run returns where the code from pc on ends that begins at pos, or noMatch.
func (m *machine) run(pc, pos int) int {
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
		case opSet:
			if pos < len(m.text) {
				class, w := m.classAt(m.text, pos)
				ok = in.set[class]
				pos += w
			}
			pc++
		case opRun:
			pos, ok = m.runOf(in, pc, pos)
			pc++
		case opBranch:
			pc, ok = m.enter(in, pc, pos)
		case opJump:
			pc, ok = in.target, true
		case opLook:
			ok = in.set[m.nextClass(m.text, pos)] != in.negative
			pc++
		case opAhead, opBehind, opAtomic:
			if pc, pos, ok = m.apart(in, pc, pos); pos == tooSlow {
				return tooSlow
			}
		case opStart:
			ok = pos == 0
			pc++
		case opEnd:
			ok = pos == len(m.text)
			pc++
		}
		if !ok {
			if pc, pos = m.back(base); pc < 0 {
				return noMatch
			}
		}
	}
}

// runOf takes as many characters as in allows, and leaves a choice to give some back.
func (m *machine) runOf(in *instruction, pc, pos int) (end int, ok bool) {
	text, set := m.text, in.set
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

// enter goes to the first way of in that the next character allows, and leaves a choice for the next one.
func (m *machine) enter(in *instruction, pc, pos int) (to int, ok bool) {
	if m.remembers() {
		bit := in.branch.number*(len(m.text)+1) + pos
		if m.failed[bit/64]>>(bit%64)&1 != 0 {
			return pc, false
		}
		m.stack = append(m.stack, choicePoint{pc: pc, next: -1, pos: pos})
	}
	return m.take(in, pc, pos, 0)
}

// take is enter from way i on.
func (m *machine) take(in *instruction, pc, pos, i int) (to int, ok bool) {
	ways := in.branch.ways[m.nextClass(m.text, pos)] >> i << i
	if ways == 0 {
		return pc, false
	}
	if others := ways & (ways - 1); others != 0 {
		m.stack = append(m.stack, choicePoint{pc: pc, next: bits.TrailingZeros64(others), pos: pos})
	}
	return in.branch.pcs[bits.TrailingZeros64(ways)], true
}

// back returns the state of the last choice that is still open, or −1.
func (m *machine) back(base int) (pc, pos int) {
	for len(m.stack) > base {
		m.steps++
		last := len(m.stack) - 1
		c := &m.stack[last]
		in := &m.code[c.pc]
		switch {
		case c.next < 0:
			bit := in.branch.number*(len(m.text)+1) + c.pos
			m.failed[bit/64] |= 1 << (bit % 64)
			m.stack = m.stack[:last]
		case in.op == opRun:
			_, w := utf8.DecodeLastRuneInString(m.text[:c.pos])
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

// apart matches the code of in by itself.
func (m *machine) apart(in *instruction, pc, pos int) (to, end int, ok bool) {
	from := pos
	for n := 0; in.op == opBehind && n < in.min; n++ {
		if from == 0 {
			return in.target, pos, in.negative
		}
		_, w := utf8.DecodeLastRuneInString(m.text[:from])
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

// findAll returns the matches in text, from left to right. An empty match does not directly follow another match. It is an
// error if a program that is not plain takes too many steps.
func (p *program) findAll(text string) ([]Span, error) {
	m := newMachine(p)
	m.begin(text)
	return m.findAll()
}

func (m *machine) findAll() (found []Span, err error) {
	last := -1
	for at := 0; at <= len(m.text); {
		s, ok := m.find(at)
		switch {
		case m.over:
			return nil, errors.Errorf("byte %d: more than %d steps: use an expression without nested repeats", at, m.limit)
		case !ok:
			return found, nil
		}
		if s.Start < s.End || s.Start != last {
			found = append(found, s)
		}
		last, at = s.End, s.End
		if s.Start == s.End {
			w := 1
			if at < len(m.text) {
				_, w = utf8.DecodeRuneInString(m.text[at:])
			}
			at += w
		}
	}
	return found, nil
}
