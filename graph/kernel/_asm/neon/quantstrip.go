package main

import "fmt"

// More instructions that the assembler does not know.
const (
	smlalWords = 0x0e608000 // adds Vn.4H · Vm.4H to Vd.4S, signed; with the next bit, of the upper halves
	fsub       = 0x4ea0d400 // Vd = Vn − Vm, 4S
)

const (
	stripSignature  = "(blocks int, a *int16, stride int, scales *float32, scalesStride int, b *int16, bScales *float32, c *float32)"
	minimaSignature = "(blocks int, a *int16, stride int, scales *float32, scalesStride int, b *int16, bScales, totals, minima, c *float32)"
)

// strip writes the product of four rows of words with a panel of 16 columns, like the kernel for AVX2, two rows at a time. The sums of two
// rows are in the registers from V16 on, with two neighbours for each column.
func (d *dots) strip(minima bool) {
	name, signature, args := "quantStripNEON", stripSignature, []string{"blocks", "a", "stride", "scales", "scalesStride", "b", "bScales", "c"}
	if minima {
		name, signature = "quantStripMinimaNEON", minimaSignature
		args = []string{"blocks", "a", "stride", "scales", "scalesStride", "b", "bScales", "c", "totals", "minima"}
	}
	fmt.Fprintf(&d.text, "\n// func %s%s\nTEXT ·%[1]s(SB), NOSPLIT, $0-%[3]d\n", name, signature, 8*len(args))
	for i, arg := range args {
		at := 8 * i
		switch {
		case arg == "c":
			at = 8 * (len(args) - 1)
		case i > 7:
			at -= 8
		}
		d.op("MOVD %s+%d(FP), R%d", arg, at, i)
	}
	d.text.WriteString("block:\n")
	d.op("MOVD R1, R10")
	d.op("MOVD R3, R14")
	d.op("MOVD R7, R15")
	if minima {
		d.op("MOVD R8, R16")
	}
	for pair := range 2 {
		d.pairOfRows(pair)
		for r := range 2 {
			d.addScaled(16+8*r, minima)
		}
	}
	for _, move := range []struct{ register, bytes int }{{1, 64}, {3, 4}, {5, 1024}, {6, 64}} {
		d.op("ADD $%d, R%d", move.bytes, move.register)
	}
	if minima {
		d.op("ADD $4, R8")
		d.op("ADD $64, R9")
	}
	d.op("SUBS $1, R0")
	d.op("BNE block")
	d.op("RET")
}

// pairOfRows multiplies the two rows from R10 on, and moves R10 behind them.
func (d *dots) pairOfRows(pair int) {
	for v := range 16 {
		d.op("VEOR V%d.B16, V%[1]d.B16, V%[1]d.B16", 16+v)
	}
	d.op("MOVD R10, R11")
	d.op("ADD R2, R10")
	d.op("MOVD R10, R12")
	d.op("ADD R2, R10")
	d.op("MOVD R5, R13")
	d.op("MOVD $16, R17")
	fmt.Fprintf(&d.text, "pair%d:\n", pair)
	d.op("VLD1.P 64(R13), [V4.H8, V5.H8, V6.H8, V7.H8]")
	for r := range 2 {
		d.op("VLD1R.P 4(R%d), [V%d.S4]", 11+r, r)
		for i := range 4 {
			d.word(smlalWords, r, 4+i, 16+8*r+2*i)
			d.word(smlalWords|upper, r, 4+i, 17+8*r+2*i)
		}
	}
	d.op("SUBS $1, R17")
	d.op("BNE pair%d", pair)
}

// addScaled adds the eight registers of sums, times the scales, to a row of c at R15, and goes on to the next row. R14 and R16 point to the scale
// and the total of the row.
func (d *dots) addScaled(sums int, minima bool) {
	d.op("VLD1R (R14), [V0.S4]")
	d.op("ADD R4, R14")
	d.op("VLD1 (R6), [V4.S4, V5.S4, V6.S4, V7.S4]")
	d.op("VLD1 (R15), [V8.S4, V9.S4, V10.S4, V11.S4]")
	if minima {
		d.op("VLD1R (R16), [V1.S4]")
		d.op("ADD R4, R16")
		d.op("VLD1 (R9), [V12.S4, V13.S4, V14.S4, V15.S4]")
	}
	for i := range 4 {
		x := sums + 2*i
		d.op("VADDP V%d.S4, V%d.S4, V%[2]d.S4", x+1, x)
		if minima {
			d.word(fmul, 1, 12+i, 12+i)
			d.word(fsub, 12+i, 8+i, 8+i)
		}
		d.word(fmul, 0, 4+i, 4+i)
		d.word(scvtf, 0, x, x)
		d.word(fmul, 4+i, x, x)
		d.word(fadd, x, 8+i, 8+i)
	}
	d.op("VST1.P [V8.S4, V9.S4, V10.S4, V11.S4], 64(R15)")
}
