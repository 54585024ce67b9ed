package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// value is a value of a kernel: eight elements in two vector registers, in four registers in float64, or one register whose four elements
// are equal, such as a constant.
type value struct {
	registers []int
	width     int
	last      int  // the last instruction that uses it
	pinned    bool // keeps its register from the beginning to the end of the function
	constant  bool
	bits      uint32 // of a constant
}

// instruction computes d from s. If tied, d begins as s[0]. If straight, register i of d depends on registers i of the operands only, so that
// d may take the registers of an operand.
type instruction struct {
	d              *value
	s              []*value
	tied, straight bool
	emit           func(d []int, s [][]int)
}

// function is the state of the generator of one function: instructions on values, whose registers are chosen at the end.
type function struct {
	name, signature string
	instructions    []instruction
	pinned          []*value
	constants       []*value
	uses            map[*value]int
	frame           int
	text            *bytes.Buffer
	free            []int
}

// vectors is the number of vector registers. table is the general register that holds the address of the constants.
const (
	vectors = 32
	table   = "R8"
)

func newFunction(name, signature string) *function {
	return &function{name: name, signature: signature, uses: map[*value]int{}}
}

// raw adds a line of text: an instruction without values, or a label, which ends in a colon.
func (f *function) raw(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	f.do(instruction{emit: func([]int, [][]int) { f.line("%s", line) }})
}

// do adds an instruction.
func (f *function) do(i instruction) *value {
	f.instructions = append(f.instructions, i)
	for _, s := range i.s {
		s.last = len(f.instructions) - 1
		f.uses[s]++
	}
	return i.d
}

// line writes a line of the function. A label is not indented.
func (f *function) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !strings.HasSuffix(text, ":") {
		text = "\t" + text
	}
	fmt.Fprintln(f.text, text)
}

// word writes an instruction that the assembler does not know, with its name.
func (f *function) word(o opcode, vm, vn, vd int) {
	f.line("WORD $%#08x // %s V%d, V%d, V%d", o.code|vm<<16|vn<<5|vd, o.name, vm, vn, vd)
}

// pin returns a value of some registers that lives in the whole function.
func (f *function) pin(width int) *value {
	v := &value{width: width, pinned: true}
	f.pinned = append(f.pinned, v)
	return v
}

// constant returns a value of equal elements.
func (f *function) constant(bits uint32) *value {
	for _, c := range f.constants {
		if c.bits == bits {
			return c
		}
	}
	c := &value{width: 1, constant: true, bits: bits}
	f.constants = append(f.constants, c)
	return c
}

// write chooses registers and returns the text. It keeps as many constants in registers as there is room for, the most frequent ones first.
func (f *function) write() string {
	slices.SortStableFunc(f.constants, func(a, b *value) int { return f.uses[b] - f.uses[a] })
	for kept := len(f.constants); kept >= 0; kept-- {
		f.text = &bytes.Buffer{}
		if f.assign(kept) == nil {
			return f.text.String()
		}
	}
	panic("too few registers for " + f.name)
}

var errRegisters = errors.New("too few registers")

// assign writes the function with the first kept constants in registers.
func (f *function) assign(kept int) error {
	f.free = nil
	for r := range vectors {
		f.free = append(f.free, r)
	}
	fmt.Fprintf(f.text, "\n// func %s%s\nTEXT ·%[1]s(SB), NOSPLIT, $%[3]d-%[4]d\n", f.name, f.signature, f.frame, argumentBytes(f.signature))
	if len(f.constants) > 0 {
		f.line("MOVD $rows<>(SB), %s", table)
	}
	for _, v := range f.pinned {
		if v.registers = f.take(v.width); v.registers == nil {
			return errRegisters
		}
	}
	for i, c := range f.constants {
		c.registers = nil
		if i < kept {
			if c.registers = f.take(1); c.registers == nil {
				return errRegisters
			}
			f.loadConstant(c, c.registers[0])
		}
	}
	for at := range f.instructions {
		if err := f.place(at); err != nil {
			return err
		}
	}
	return nil
}

// take removes registers from the free ones. It returns nil if there are too few.
func (f *function) take(n int) []int {
	if len(f.free) < n {
		return nil
	}
	list := slices.Clone(f.free[:n])
	f.free = f.free[n:]
	return list
}

func (f *function) give(list []int) {
	f.free = append(f.free, list...)
	slices.Sort(f.free)
}

// place chooses the registers of one instruction and writes it.
func (f *function) place(at int) error {
	i := f.instructions[at]
	width := 0
	if i.d != nil {
		width = i.d.width
	}
	for _, s := range i.s {
		width = max(width, s.width)
	}
	operands, spare, err := f.operands(i, width)
	if err != nil {
		return err
	}
	var stolen *value
	if i.d != nil {
		if stolen = i.donor(at); stolen != nil {
			i.d.registers = stolen.registers
		} else if i.d.registers = f.take(i.d.width); i.d.registers == nil {
			return errRegisters
		}
		if i.tied && stolen == nil {
			f.copy(i.s[0], i.d.registers)
		}
		if i.tied {
			operands[0] = i.d.registers
		}
		i.emit(i.d.registers, operands)
	} else {
		i.emit(nil, operands)
	}
	f.give(spare)
	f.release(i, at, stolen)
	return nil
}

// operands returns the registers of each operand, one for each of the width registers of the result. Constants without a register are loaded
// into spare registers, except for the one that the result begins with.
func (f *function) operands(i instruction, width int) (list [][]int, spare []int, err error) {
	for k, s := range i.s {
		registers := s.registers
		if s.constant && registers == nil && (k > 0 || !i.tied) {
			if registers = f.take(1); registers == nil {
				return nil, nil, errRegisters
			}
			f.loadConstant(s, registers[0])
			spare = append(spare, registers...)
		}
		for len(registers) == 1 && width > 1 && len(registers) < width {
			registers = slices.Repeat(registers, width)
		}
		list = append(list, registers)
	}
	return list, spare, nil
}

// donor returns the operand whose registers the result takes, or nil.
func (i instruction) donor(at int) *value {
	for k, s := range i.s {
		dies := s.last == at && !s.pinned && !s.constant && s.width == i.d.width
		switch {
		case i.tied && k == 0 && dies:
			return s
		case i.tied:
			return nil
		case i.straight && dies:
			return s
		}
	}
	return nil
}

// release frees the registers of operands that no later instruction uses, and of a result that none uses.
func (f *function) release(i instruction, at int, stolen *value) {
	var done []*value
	for _, s := range i.s {
		if s.last == at && !s.pinned && !s.constant && s != stolen && !slices.Contains(done, s) {
			f.give(s.registers)
			done = append(done, s)
		}
	}
	if i.d != nil && i.d.last <= at {
		f.give(i.d.registers)
	}
}

// copy sets registers to a value.
func (f *function) copy(from *value, to []int) {
	for k, r := range to {
		switch {
		case from.constant && from.registers == nil:
			f.loadConstant(from, r)
		default:
			f.line("VMOV V%d.B16, V%d.B16", from.registers[k%len(from.registers)], r)
		}
	}
}

func (f *function) loadConstant(c *value, register int) {
	f.line("FMOVQ %d(%s), F%d", constantOffset(c.bits), table, register)
}
