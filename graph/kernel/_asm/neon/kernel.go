package main

import (
	"bytes"
	"fmt"
	"strings"
)

// lanes is the number of elements in a vector register.
const lanes = 4

// unroll is the number of steps along the depth in one iteration of the inner loop.
const unroll = 4

// The vector registers after the sums, which start at V0. After the inner loop, the registers of B hold the old C, and the
// registers of A hold alpha and minus zeros.
const (
	rowB     = 24
	elementA = 28
	alpha    = 28
	negative = 29 // zeros with a minus sign
)

// arguments lists the general registers that hold an argument throughout the kernel, in the order of the arguments.
var arguments = []struct{ name, register string }{
	{"count", "R0"}, {"depth", "R1"}, {"a", "R2"}, {"aRow", "R3"}, {"aStep", "R4"}, {"aNext", "R5"}, {"b", "R6"}, {"bStep", "R7"},
	{"c", "R8"}, {"cRow", "R9"}, {"cNext", "R10"}, {"alpha", ""}, {"accumulate", "R11"}, {"mask", "R12"},
}

// pointers are the registers that move along the rows of A. R18 belongs to the operating system.
var pointers = []string{"R13", "R14", "R15", "R16", "R17", "R19"}

// kernel is the state of the generator of one micro-kernel, which computes rows by vectors·lanes elements of C.
type kernel struct {
	rows, vectors int
	text          bytes.Buffer
}

func (k *kernel) name() string { return fmt.Sprintf("gemm%dx%dNEON", k.rows, lanes*k.vectors) }

// rowBytes is the size of a row of sums.
func (k *kernel) rowBytes() int { return 16 * k.vectors }

// op writes an instruction, label a target of jumps.
func (k *kernel) op(format string, args ...any) { fmt.Fprintf(&k.text, "\t"+format+"\n", args...) }
func (k *kernel) label(name string)             { fmt.Fprintf(&k.text, "%s:\n", name) }

// registers lists the vector registers of one row of sums, from the given register on.
func (k *kernel) registers(from int) string {
	var list []string
	for v := range k.vectors {
		list = append(list, fmt.Sprintf("V%d.S4", from+v))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// multiply writes the kernel. The kernel loops over count groups of rows. Its stack holds the sums if only some columns
// are stored.
func (k *kernel) multiply() {
	fmt.Fprintf(&k.text, "\n// func %s%s\nTEXT ·%[1]s(SB), NOSPLIT, $%[3]d-136\n", k.name(), signature, k.rows*k.rowBytes())
	for i, a := range arguments {
		if a.register != "" {
			k.op("MOVD %s+%d(FP), %s", a.name, 8*i, a.register)
		}
	}
	k.label("group")
	k.sum()
	k.store()
	k.op("ADD R5, R2")
	k.op("ADD R10, R8")
	k.op("SUBS $1, R0")
	k.op("BNE group")
	k.op("RET")
}

// sum multiplies one group of rows along the whole depth.
func (k *kernel) sum() {
	for v := range k.rows * k.vectors {
		k.op("VEOR V%d.B16, V%[1]d.B16, V%[1]d.B16", v)
	}
	k.op("MOVD R2, %s", pointers[0])
	for r := 1; r < k.rows; r++ {
		k.op("ADD R3, %s, %s", pointers[r-1], pointers[r])
	}
	k.op("MOVD R6, R20")
	k.op("SUBS $%d, R1, R21", unroll)
	k.op("BLT rest")
	k.label("deep")
	for range unroll {
		k.step()
	}
	k.op("SUBS $%d, R21", unroll)
	k.op("BGE deep")
	k.label("rest")
	k.op("ADDS $%d, R21", unroll)
	k.op("BEQ done")
	k.label("single")
	k.step()
	k.op("SUBS $1, R21")
	k.op("BNE single")
	k.label("done")
}

// step multiplies one column of A by one row of B.
func (k *kernel) step() {
	k.op("VLD1.P (R20)(R7), %s", k.registers(rowB))
	for r := range k.rows {
		a := elementA + r%4
		k.op("VLD1R.P (%s)(R4), [V%d.S4]", pointers[r], a)
		for v := range k.vectors {
			k.op("VFMLA V%d.S4, V%d.S4, V%d.S4", a, rowB+v, r*k.vectors+v)
		}
	}
}

// store writes the sums. With a mask, it writes only the columns in the mask. The assembler has no product of vectors,
// but it can add a product to minus zero, which changes no bit of the product.
func (k *kernel) store() {
	k.op("FMOVS alpha+88(FP), F%d", alpha)
	k.op("VDUP V%d.S[0], V%[1]d.S4", alpha)
	k.op("MOVD $0x80000000, R22")
	k.op("VDUP R22, V%d.S4", negative)
	k.op("MOVD R8, R22")
	k.op("CBNZ R12, masked")
	k.op("CBNZ R11, add")
	for r := range k.rows {
		for v := range k.vectors {
			k.op("VMOV V%d.B16, V%d.B16", negative, rowB+v)
		}
		k.rowOut(r)
	}
	k.op("B stored")
	k.label("add")
	for r := range k.rows {
		k.op("VLD1 (R22), %s", k.registers(rowB))
		k.rowOut(r)
	}
	k.op("B stored")
	k.label("masked")
	k.storeMasked()
	k.label("stored")
}

// rowOut adds alpha times row r to the registers of B and stores the result.
func (k *kernel) rowOut(r int) {
	for v := range k.vectors {
		k.op("VFMLA V%d.S4, V%d.S4, V%d.S4", alpha, r*k.vectors+v, rowB+v)
	}
	k.op("VST1.P %s, (R22)(R9)", k.registers(rowB))
}

// storeMasked computes element by element, from the sums on the stack to C, up to the first zero of the mask.
func (k *kernel) storeMasked() {
	k.op("MOVD $sums-%d(SP), R20", k.rows*k.rowBytes())
	k.op("MOVD R20, R23")
	for r := range k.rows {
		k.op("VST1.P %s, %d(R23)", k.registers(r*k.vectors), k.rowBytes())
	}
	k.op("MOVD $%d, R21", k.rows)
	k.label("row")
	k.op("MOVD R20, R23")
	k.op("MOVD R22, R24")
	k.op("MOVD R12, R25")
	k.label("element")
	k.op("FMOVS.P 4(R23), F%d", rowB)
	k.op("FMOVS F%d, F%d", negative, rowB+1)
	k.op("CBZ R11, product")
	k.op("FMOVS (R24), F%d", rowB+1)
	k.label("product")
	k.op("FMADDS F%d, F%d, F%d, F%[2]d", alpha, rowB+1, rowB)
	k.op("FMOVS.P F%d, 4(R24)", rowB+1)
	k.op("MOVWU.W 4(R25), R26")
	k.op("CBNZW R26, element")
	k.op("ADD $%d, R20", k.rowBytes())
	k.op("ADD R9, R22")
	k.op("SUBS $1, R21")
	k.op("BNE row")
}
