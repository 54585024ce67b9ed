package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// panelColumns is the width of a packed panel of B.
const panelColumns = 16

func pack() {
	packAlong()
	packAcross()
	packSix(1)
	packSix(8)
}

// packAlong copies rows of panelColumns elements as they are.
func packAlong() {
	declare("packAlong16", "(depth int, src *float32, stride int, dst *float32)", "copies depth rows of 16 elements, stride bytes apart, to dst without gaps.")
	depth, src, stride, dst := packArguments()
	Label("row")
	low, high := YMM(), YMM()
	VMOVUPS(Mem{Base: src}, low)
	VMOVUPS(Mem{Base: src, Disp: 32}, high)
	VMOVUPS(low, Mem{Base: dst})
	VMOVUPS(high, Mem{Base: dst, Disp: 32})
	ADDQ(stride, src)
	ADDQ(Imm(64), dst)
	DECQ(depth)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

func packArguments() (depth, src, stride, dst Register) {
	return Load(Param("depth"), GP64()), Load(Param("src"), GP64()), Load(Param("stride"), GP64()), Load(Param("dst"), GP64())
}

// packSix copies rows to count panels of six columns. Eight of them are three cache lines: down one panel after the other, every
// line would be read several times. A vector of eight reaches into the place of the next row, which is written later; the
// last row goes by two vectors of four, so that it reaches nowhere.
func packSix(count int) {
	name := fmt.Sprintf("packAlong6x%d", count)
	declare(name, "(depth int, src *float32, stride int, dst *float32)", fmt.Sprintf("copies depth rows of %d elements, stride bytes apart, to %d panels of 6 columns, one after the other in dst.", 6*count, count))
	depth, src, stride, dst := packArguments()
	panel := GP64()
	LEAQ(Mem{Base: depth, Index: depth, Scale: 2}, panel)
	SHLQ(Imm(3), panel)
	panels := []Register{dst}
	for range (count+2)/3 - 1 {
		panels = append(panels, GP64())
	}
	for i := 1; i < len(panels); i++ {
		LEAQ(Mem{Base: panels[i-1], Index: panel, Scale: 2}, panels[i])
		ADDQ(panel, panels[i])
	}
	place := func(p int) Mem { return strided(panels, panel, p) }
	DECQ(depth)
	JZ(LabelRef("last"))
	Label("row")
	for p := range count {
		x := YMM()
		VMOVUPS(Mem{Base: src, Disp: 24 * p}, x)
		VMOVUPS(x, place(p))
	}
	ADDQ(stride, src)
	for _, p := range panels {
		ADDQ(Imm(24), p)
	}
	DECQ(depth)
	JNZ(LabelRef("row"))
	Label("last")
	for p := range count {
		low, high := XMM(), XMM()
		VMOVUPS(Mem{Base: src, Disp: 24 * p}, low)
		VMOVUPS(Mem{Base: src, Disp: 24*p + 8}, high)
		VMOVUPS(low, place(p))
		VMOVUPS(high, place(p).Offset(8))
	}
	VZEROUPPER()
	RET()
}

// strided is the place i strides after the first pointer, given a pointer for every third.
func strided(pointers []Register, stride Register, i int) Mem {
	m := Mem{Base: pointers[i/3]}
	if i%3 > 0 {
		m.Index, m.Scale = stride, uint8(i%3)
	}
	return m
}

// packAcross transposes 16 rows, four elements of eight rows at a time: rows r and r+4 share a register, so that the
// transposition stays within its halves.
func packAcross() {
	declare("packAcross16", "(depth int, src *float32, stride int, dst *float32)", "transposes 16 rows of depth elements, a multiple of 4, stride bytes apart, to dst.")
	depth, src, stride, dst := packArguments()
	rows := []Register{src}
	for range 5 {
		rows = append(rows, GP64())
	}
	// Every third row has a pointer; the others are one or two strides on.
	for i := 1; i < len(rows); i++ {
		LEAQ(Mem{Base: rows[i-1], Index: stride, Scale: 2}, rows[i])
		ADDQ(stride, rows[i])
	}
	row := func(r int) Mem { return strided(rows, stride, r) }
	Label("four")
	for half := range 2 {
		var x [4]VecVirtual
		for i := range x {
			x[i] = YMM()
			VMOVUPS(row(8*half+i), x[i].AsX())
			VINSERTF128(Imm(1), row(8*half+i+4), x[i], x[i])
		}
		transpose4(x, func(k int, y VecVirtual) { VMOVUPS(y, Mem{Base: dst, Disp: 64*k + 32*half}) })
	}
	for _, p := range rows {
		ADDQ(Imm(16), p)
	}
	ADDQ(U32(4*64), dst)
	SUBQ(Imm(4), depth)
	JG(LabelRef("four"))
	VZEROUPPER()
	RET()
}

// transpose4 transposes the 4 by 4 elements in each half of four registers and hands out the rows of the result.
func transpose4(x [4]VecVirtual, out func(k int, y VecVirtual)) {
	low01, high01, low23, high23, y := YMM(), YMM(), YMM(), YMM(), YMM()
	VUNPCKLPS(x[1], x[0], low01)
	VUNPCKHPS(x[1], x[0], high01)
	VUNPCKLPS(x[3], x[2], low23)
	VUNPCKHPS(x[3], x[2], high23)
	VUNPCKLPD(low23, low01, y)
	out(0, y)
	VUNPCKHPD(low23, low01, low01)
	out(1, low01)
	VUNPCKLPD(high23, high01, low23)
	out(2, low23)
	VUNPCKHPD(high23, high01, high01)
	out(3, high01)
}
