package main

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

// The functions written so far: text and declarations.
var functions struct{ text, declarations bytes.Buffer }

// finish adds a function, whose documentation follows its name.
func (f *function) finish(doc string) {
	functions.text.WriteString(f.write())
	fmt.Fprintf(&functions.declarations, "\n// %s %s\n//\n//go:noescape\nfunc %[1]s%[3]s\n", f.name, doc, f.signature)
}

// constantBits lists the constants in memory, sixteen bytes each.
var constantBits []uint32

func constantOffset(bits uint32) int {
	for i, b := range constantBits {
		if b == bits {
			return 16 * i
		}
	}
	constantBits = append(constantBits, bits)
	return 16 * (len(constantBits) - 1)
}

// numbers is the name of the vector 0, 1, … 7.
const numbers = "numbers<>"

// constantTable returns the constants as data.
func constantTable() string {
	var b strings.Builder
	b.WriteString("\n")
	for i, bits := range constantBits {
		for k := range lanes {
			fmt.Fprintf(&b, "DATA rows<>+%d(SB)/4, $%#08x\n", 16*i+4*k, bits)
		}
	}
	fmt.Fprintf(&b, "GLOBL rows<>(SB), RODATA|NOPTR, $%d\n\n", 16*len(constantBits))
	for k := range 2 * lanes {
		fmt.Fprintf(&b, "DATA %s+%d(SB)/4, $%d\n", numbers, 4*k, k)
	}
	fmt.Fprintf(&b, "GLOBL %s(SB), RODATA|NOPTR, $%d\n", numbers, 8*lanes)
	return b.String()
}

// argument is an argument or result of a function with its place in the frame.
type argument struct {
	name, kind string
	offset     int
}

// argumentsOf parses a signature. Results are aligned to eight bytes.
func argumentsOf(signature string) (list []argument, size int) {
	in, out, _ := strings.Cut(strings.TrimPrefix(signature, "("), ")")
	out = strings.Trim(out, " ()")
	if out != "" && !strings.Contains(out, " ") {
		out = "ret " + out
	}
	for _, part := range []string{in, out} {
		if part == "" {
			continue
		}
		size = (size + 7) &^ 7
		for _, p := range parameters(part) {
			bytes := bytesOf(p.kind)
			size = (size + bytes - 1) &^ (bytes - 1)
			list = append(list, argument{p.name, p.kind, size})
			size += bytes
		}
	}
	return list, size
}

// bytesOf returns the size of an argument.
func bytesOf(kind string) int {
	if kind == "float32" || kind == "uint32" {
		return 4
	}
	return 8
}

// parameters returns the names and types of a list such as "n int, x, y *float32".
func parameters(list string) (all []argument) {
	if list == "" {
		return nil
	}
	open := 0 // the first parameter without a type
	for _, p := range strings.Split(list, ", ") {
		name, kind, _ := strings.Cut(p, " ")
		all = append(all, argument{name: name})
		if kind == "" {
			continue
		}
		for ; open < len(all); open++ {
			all[open].kind = kind
		}
	}
	return all
}

func argumentBytes(signature string) int { _, size := argumentsOf(signature); return size }

// argument returns the place of an argument.
func (f *function) argument(name string) string {
	list, _ := argumentsOf(f.signature)
	for _, a := range list {
		if a.name == name {
			return fmt.Sprintf("%s+%d(FP)", name, a.offset)
		}
	}
	panic(f.name + " has no argument " + name)
}

// integer loads an argument into a general register.
func (f *function) integer(name, register string) { f.raw("MOVD %s, %s", f.argument(name), register) }

// scalar returns an argument of four bytes in all elements of a register.
func (f *function) scalar(name string) *value {
	v, place := f.pin(1), f.argument(name)
	f.do(instruction{s: []*value{v}, emit: func(_ []int, s [][]int) {
		f.line("FMOVS %s, F%d", place, s[0][0])
		f.line("VDUP V%d.S[0], V%[1]d.S4", s[0][0])
	}})
	return v
}

func (f *function) number(v float64) *value { return f.constant(math.Float32bits(float32(v))) }
