package main

import (
	"bytes"
	"fmt"
)

// The instructions that the assembler does not know, without registers: Vd in the lowest bits, Vn from bit 5, Vm from bit 16.
const (
	smull  = 0x0e20c000 // Vd.8H = Vn.8B · Vm.8B, signed; with the next bit, of the upper halves
	smlal  = 0x0e208000 // adds to Vd
	upper  = 1 << 30
	saddlp = 0x4e602800 // Vd.4S = sums of neighbours of Vn.8H
	sadalp = 0x4e606800 // adds to Vd
	scvtf  = 0x4e21d800 // Vd.4S = Vn.4S as float32
	fcvtl  = 0x0e217800 // Vd.4S = Vn.4H as float32
	fmul   = 0x6e20dc00 // 4S
	fadd   = 0x4e20d400
	faddp  = 0x6e20d400 // sums of neighbours of Vn, then of Vm
)

// dots writes the products of a row with groups of four rows of weights, as the AVX2 kernels do with groups of eight. The registers R12 to
// R15 move along the rows of weights.
type dots struct{ text bytes.Buffer }

func (d *dots) op(format string, args ...any) { fmt.Fprintf(&d.text, "\t"+format+"\n", args...) }

// word writes an instruction that the assembler does not know.
func (d *dots) word(code, vm, vn, vd int) { d.op("WORD $%#x", code|vm<<16|vn<<5|vd) }

const quantSignature = "(groups, blocks int, a *int8, scales *float32, totals *int32, w *byte, stride int, c *float32)"

// quant writes a kernel for weights in blocks of 32 with a scale. add sets the lanes of V16 to the exact sums of a block with four rows.
func (d *dots) quant(name string, constants func(), add func()) {
	fmt.Fprintf(&d.text, "\n// func %s%s\nTEXT ·%[1]s(SB), NOSPLIT, $0-64\n", name, quantSignature)
	for i, arg := range []string{"groups", "blocks", "a", "scales", "totals", "w", "stride", "c"} {
		d.op("MOVD %s+%d(FP), R%d", arg, 8*i, i)
	}
	constants()
	d.text.WriteString("group:\n")
	d.op("MOVD R1, R8")
	d.op("MOVD R2, R9")
	d.op("MOVD R3, R10")
	d.op("MOVD R4, R11")
	d.rows()
	d.op("VEOR V0.B16, V0.B16, V0.B16")
	d.text.WriteString("loop:\n")
	d.op("VLD1.P 32(R9), [V1.B16, V2.B16]")
	d.op("VLD1R.P 4(R10), [V3.S4]")
	for r := range 4 {
		d.op("VLD1.P 2(R%d), V4.H[%d]", 12+r, r)
	}
	d.word(fcvtl, 0, 4, 4)
	d.word(fmul, 3, 4, 4)
	add()
	d.word(scvtf, 0, 16, 16)
	d.word(fmul, 4, 16, 16)
	d.word(fadd, 16, 0, 0)
	d.op("SUBS $1, R8")
	d.op("BNE loop")
	d.next("V0.S4")
}

// rows sets the pointers to four rows of weights from R5 on, and moves R5 behind them.
func (d *dots) rows() {
	for r := range 4 {
		d.op("MOVD R5, R%d", 12+r)
		d.op("ADD R6, R5")
	}
}

// next stores the sums of a group and ends the loop over groups.
func (d *dots) next(sums string) {
	d.op("VST1.P [%s], 16(R7)", sums)
	d.op("SUBS $1, R0")
	d.op("BNE group")
	d.op("RET")
}

func (d *dots) q8() {
	d.quant("quantDotsQ8NEON", func() {}, func() {
		for r := range 4 {
			d.op("VLD1.P 32(R%d), [V5.B16, V6.B16]", 12+r)
			for i := range 2 { // two products have a sum of at most 2·127·128, which fits in 16 bits
				d.word(smull, 1+i, 5+i, 7)
				d.word(smlal|upper, 1+i, 5+i, 7)
				d.word([]int{saddlp, sadalp}[i], 0, 7, 16+r)
			}
		}
		d.op("VADDP V17.S4, V16.S4, V16.S4")
		d.op("VADDP V19.S4, V18.S4, V18.S4")
		d.op("VADDP V18.S4, V16.S4, V16.S4")
	})
}

// q4 sums 16 products, of at most 15·127, in 16 bits. The weights are stored larger by 8.
func (d *dots) q4() {
	d.quant("quantDotsQ4NEON", func() { d.op("VMOVI $15, V30.B16") }, func() {
		for r := range 4 {
			d.op("VLD1.P 16(R%d), [V5.B16]", 12+r)
			d.op("VUSHR $4, V5.B16, V6.B16")
			d.op("VAND V30.B16, V5.B16, V5.B16")
			d.word(smull, 1, 5, 16+r)
			d.word(smlal|upper, 1, 5, 16+r)
			d.word(smlal, 2, 6, 16+r)
			d.word(smlal|upper, 2, 6, 16+r)
		}
		d.op("VADDP V17.H8, V16.H8, V16.H8")
		d.op("VADDP V19.H8, V18.H8, V18.H8")
		d.op("VADDP V18.H8, V16.H8, V16.H8")
		d.word(saddlp, 0, 16, 16)
		d.op("VLD1R.P 4(R11), [V5.S4]")
		d.op("VSHL $3, V5.S4, V5.S4")
		d.op("VSUB V5.S4, V16.S4, V16.S4")
	})
}

const wordSignature = "(groups, n int, a *float32, w *byte, stride int, c *float32)"

// words writes a kernel for weights in 16 bits. A row has eight sums, in two registers from V16 on. widen writes V5 as float32 to V5 and V6.
func (d *dots) words(name string, widen func()) {
	fmt.Fprintf(&d.text, "\n// func %s%s\nTEXT ·%[1]s(SB), NOSPLIT, $0-48\n", name, wordSignature)
	for i, arg := range []struct{ name, register string }{
		{"groups", "R0"}, {"n", "R1"}, {"a", "R2"}, {"w", "R5"}, {"stride", "R6"}, {"c", "R7"},
	} {
		d.op("MOVD %s+%d(FP), %s", arg.name, 8*i, arg.register)
	}
	d.text.WriteString("group:\n")
	d.op("MOVD R1, R8")
	d.op("MOVD R2, R9")
	d.rows()
	for v := range 8 {
		d.op("VEOR V%d.B16, V%[1]d.B16, V%[1]d.B16", 16+v)
	}
	d.text.WriteString("loop:\n")
	d.op("VLD1.P 32(R9), [V1.S4, V2.S4]")
	for r := range 4 {
		d.op("VLD1.P 16(R%d), [V5.H8]", 12+r)
		widen()
		for i := range 2 {
			d.word(fmul, 1+i, 5+i, 5+i)
			d.word(fadd, 5+i, 16+2*r+i, 16+2*r+i)
		}
	}
	d.op("SUBS $8, R8")
	d.op("BNE loop")
	for _, width := range []int{4, 2, 1} {
		for i := range width {
			d.word(faddp, 16+2*i+1, 16+2*i, 16+i)
		}
	}
	d.next("V16.S4")
}

// bfloat writes the kernel for bfloat16, the upper half of a float32.
func (d *dots) bfloat() {
	d.words("bfloatDotsNEON", func() {
		d.op("VUSHLL2 $0, V5.H8, V6.S4")
		d.op("VUSHLL $0, V5.H4, V5.S4")
		d.op("VSHL $16, V5.S4, V5.S4")
		d.op("VSHL $16, V6.S4, V6.S4")
	})
}

// half writes the kernel for binary16.
func (d *dots) half() {
	d.words("halfDotsNEON", func() {
		d.word(fcvtl|upper, 0, 5, 6)
		d.word(fcvtl, 0, 5, 5)
	})
}
