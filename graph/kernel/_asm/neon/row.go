package main

import (
	"fmt"
	"slices"
	"strings"
)

// row describes a loop over rows of n float32, as the rows of the assembly for amd64: the computation on eight elements, in two registers.
// The last elements are copied to the stack and back.
type row struct {
	name, doc string
	in, out   []string // operands; an operand in both is updated
	words     []string // uint32 arguments
	scalars   []string // float32 arguments
	doubles   []string // float64 arguments
	sums      []string // results; sums run in float64
	custom    string   // signature, unless it follows from the operands; begin then loads the pointers
	begin     func(v *vector)
	body      func(v *vector)
	end       func(v *vector)
}

// vector is one iteration of the loop.
type vector struct {
	*function
	row      row
	slices   []string
	tail     bool
	mask     *value         // of the last iteration, if there are sums
	accesses map[string]int // of each operand so far
	total    map[string]int // of each operand in the iteration
	scalars  map[string]*value
	sums     map[string]*value
	state    []*value
}

// slots is the address of the copies on the stack of the last elements, 32 bytes for each operand.
const slots = "R20"

func (v *vector) pointer(name string) string {
	return fmt.Sprintf("R%d", 1+slices.Index(v.slices, name))
}

// operands lists the operands without repetition, outputs first.
func (r row) operands() (list []string) {
	for _, name := range append(slices.Clone(r.out), r.in...) {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

func (r row) signature() string {
	if r.custom != "" {
		return r.custom
	}
	args := []string{"n int", strings.Join(r.operands(), ", ") + " *float32"}
	for _, list := range []struct {
		names []string
		kind  string
	}{{r.words, " uint32"}, {r.scalars, " float32"}, {r.doubles, " float64"}} {
		if len(list.names) > 0 {
			args = append(args, strings.Join(list.names, ", ")+list.kind)
		}
	}
	s := "(" + strings.Join(args, ", ") + ")"
	if len(r.sums) > 0 {
		s += " (" + strings.Join(r.sums, ", ") + " float64)"
	}
	return s
}

func (r row) write() {
	f := newFunction(r.name+"Asm", r.signature())
	v := &vector{function: f, row: r, slices: r.operands(), scalars: map[string]*value{}, sums: map[string]*value{}}
	f.frame = 32 * len(v.slices)
	f.integer("n", "R0")
	for _, name := range v.slices {
		if r.custom == "" {
			f.integer(name, v.pointer(name))
		}
	}
	for _, name := range append(slices.Clone(r.words), r.scalars...) {
		v.scalars[name] = f.scalar(name)
	}
	for _, name := range r.doubles {
		v.scalars[name] = f.double(name)
	}
	for _, name := range r.sums {
		v.sums[name] = f.pin(4)
		f.zero(v.sums[name])
	}
	if r.begin != nil {
		r.begin(v)
	}
	f.raw("SUBS $8, R0")
	f.raw("BLT tail")
	f.raw("loop:")
	v.iterate()
	f.raw("SUBS $8, R0")
	f.raw("BGE loop")
	f.raw("tail:")
	f.raw("ADDS $8, R0")
	f.raw("BEQ done")
	v.copyIn()
	v.tail = true
	v.iterate()
	v.copyOut()
	f.raw("done:")
	for _, name := range r.sums {
		f.storeSum(v.sums[name], name)
	}
	if r.end != nil {
		r.end(v)
	}
	f.raw("RET")
	f.finish(r.doc)
}

// iterate adds the body. It counts the accesses of each operand, because the last one moves the pointer.
func (v *vector) iterate() {
	counts := map[string]int{}
	v.accesses, v.total = map[string]int{}, counts
	v.row.body(v)
	for name, n := range v.accesses {
		counts[name] = n
	}
}

// copyIn copies the last elements of the inputs to the stack, between zeros.
func (v *vector) copyIn() {
	v.raw("MOVD $slots-%d(SP), %s", v.frame, slots)
	for _, name := range v.row.in {
		at := 32 * slices.Index(v.slices, name)
		v.raw("STP (ZR, ZR), %d(%s)", at, slots)
		v.raw("STP (ZR, ZR), %d(%s)", at+16, slots)
	}
	v.copyElements("in", v.row.in, true)
	if len(v.sums) > 0 {
		v.mask = v.lastMask()
	}
}

// lastMask returns the mask of the last elements.
func (v *vector) lastMask() *value {
	n := v.do(instruction{d: &value{width: 1}, emit: func(d []int, _ [][]int) { v.line("VDUP R0, V%d.S4", d[0]) }})
	return v.apply(opHigher, n, v.laneNumbers())
}

// laneNumbers returns 0, 1, … 7.
func (f *function) laneNumbers() *value {
	return f.do(instruction{d: &value{width: 2}, emit: func(d []int, _ [][]int) {
		f.line("MOVD $%s(SB), R22", numbers)
		f.line("FLDPQ (R22), (F%d, F%d)", d[0], d[1])
	}})
}

func (v *vector) copyOut() { v.copyElements("out", v.row.out, false) }

// copyElements copies the last elements between memory and the stack.
func (v *vector) copyElements(label string, names []string, in bool) {
	if len(names) == 0 {
		return
	}
	v.raw("MOVD ZR, R21")
	v.raw("%s:", label)
	v.raw("ADD R21<<2, %s, R23", slots)
	for _, name := range names {
		p, at := v.pointer(name), 32*slices.Index(v.slices, name)
		if in {
			v.raw("MOVWU (%s)(R21<<2), R22", p)
			v.raw("MOVW R22, %d(R23)", at)
		} else {
			v.raw("MOVWU %d(R23), R22", at)
			v.raw("MOVW R22, (%s)(R21<<2)", p)
		}
	}
	v.raw("ADD $1, R21")
	v.raw("CMP R0, R21")
	v.raw("BLT %s", label)
}

// at returns the location of an operand, which moves after its last access, and the suffix of the instruction.
func (v *vector) at(name string) func() (suffix, place string) {
	if v.tail {
		place := fmt.Sprintf("%d(%s)", 32*slices.Index(v.slices, name), slots)
		return func() (string, string) { return "", place }
	}
	v.accesses[name]++
	mine, total, pointer := v.accesses[name], v.total, v.pointer(name)
	return func() (string, string) {
		if mine == total[name] {
			return ".P", "32(" + pointer + ")"
		}
		return "", "(" + pointer + ")"
	}
}

func (v *vector) load(name string) *value {
	at := v.at(name)
	return v.do(instruction{d: &value{width: 2}, emit: func(d []int, _ [][]int) {
		suffix, place := at()
		v.line("FLDPQ%s %s, (F%d, F%d)", suffix, place, d[0], d[1])
	}})
}

func (v *vector) store(name string, x *value) {
	at := v.at(name)
	v.do(instruction{d: nil, s: []*value{x}, emit: func(_ []int, s [][]int) {
		suffix, place := at()
		v.line("FSTPQ%s (F%d, F%d), %s", suffix, s[0][0], s[0][1], place)
	}})
}
