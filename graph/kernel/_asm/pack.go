package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func pack() {
	packAlong(16)
	packAlong(32)
	packAcross()
	for _, width := range []int{6, 12} {
		packPanels(width, 1)
		packPanels(width, 48/width)
	}
}

// packAlong copies rows. It copies each row to the panels of its columns before the next row, so that memory is read in
// order.
func packAlong(width int) {
	declare(fmt.Sprintf("packAlong%d", width), "(depth, count int, src *float32, stride int, dst *float32, next int)",
		fmt.Sprintf("copies depth rows, stride bytes apart, to count panels of %d columns, next bytes apart.", width))
	depth, src, stride, dst := packArguments()
	count, next := Load(Param("count"), GP64()), Load(Param("next"), GP64())
	from, to, left := GP64(), GP64(), GP64()
	Label("row")
	MOVQ(src, from)
	MOVQ(dst, to)
	MOVQ(count, left)
	Label("panel")
	for at := 0; at < 4*width; at += 32 {
		x := YMM()
		VMOVUPS(Mem{Base: from, Disp: at}, x)
		VMOVUPS(x, Mem{Base: to, Disp: at})
	}
	ADDQ(U32(4*width), from)
	ADDQ(next, to)
	DECQ(left)
	JNZ(LabelRef("panel"))
	ADDQ(stride, src)
	ADDQ(U32(4*width), dst)
	DECQ(depth)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

func packArguments() (depth, src, stride, dst Register) {
	return Load(Param("depth"), GP64()), Load(Param("src"), GP64()), Load(Param("stride"), GP64()), Load(Param("dst"), GP64())
}

// packPanels copies rows to count panels of width columns, 6 or 12. 48/width panels together are three cache lines wide.
// One panel at a time, every line would be read several times. Six columns are copied as a vector of eight, which
// reaches into the next row of the panel. That row is written later. The last row is copied exactly.
func packPanels(width, count int) {
	declareFor("AVX2", fmt.Sprintf("packAlong%dx%d", width, count), "(depth int, src *float32, stride int, dst *float32, next int)",
		fmt.Sprintf("copies depth rows of %d elements, stride bytes apart, to %d panels of %d columns, next bytes apart.", width*count, count, width))
	depth, src, stride, dst := packArguments()
	panel := Load(Param("next"), GP64())
	panels := []Register{dst}
	for range (count+2)/3 - 1 {
		panels = append(panels, GP64())
	}
	for i := 1; i < len(panels); i++ {
		LEAQ(Mem{Base: panels[i-1], Index: panel, Scale: 2}, panels[i])
		ADDQ(panel, panels[i])
	}
	copyRow := func(last bool) {
		for p := range count {
			from, to := Mem{Base: src, Disp: 4 * width * p}, strided(panels, panel, p)
			copyColumns(from, to, width, last)
		}
	}
	DECQ(depth)
	JZ(LabelRef("last"))
	Label("row")
	copyRow(false)
	ADDQ(stride, src)
	for _, p := range panels {
		ADDQ(Imm(uint64(4*width)), p)
	}
	DECQ(depth)
	JNZ(LabelRef("row"))
	Label("last")
	copyRow(true)
	VZEROUPPER()
	RET()
}

// copyColumns copies width elements, 6 or 12, in vectors of eight as long as they fit. Six elements are one vector of
// eight unless exactly is set.
func copyColumns(from, to Mem, width int, exactly bool) {
	at := 0
	for ; width-at >= lanes; at += lanes {
		x := YMM()
		VMOVUPS(from.Offset(4*at), x)
		VMOVUPS(x, to.Offset(4*at))
	}
	if width == 6 && !exactly {
		x := YMM()
		VMOVUPS(from, x)
		VMOVUPS(x, to)
		return
	}
	for ; at < width; at += 4 {
		at = min(at, width-4)
		x := XMM()
		VMOVUPS(from.Offset(4*at), x)
		VMOVUPS(x, to.Offset(4*at))
	}
}

// strided returns the location i strides after the first pointer, given a pointer for every third stride.
func strided(pointers []Register, stride Register, i int) Mem {
	m := Mem{Base: pointers[i/3]}
	if i%3 > 0 {
		m.Index, m.Scale = stride, uint8(i%3)
	}
	return m
}

// packAcross transposes 16 rows, four elements of eight rows at a time. Rows r and r+4 share a register, so that the
// transposition stays within the halves of a register.
func packAcross() {
	declare("packAcross16", "(depth int, src *float32, stride int, dst *float32, step int)",
		"transposes 16 rows of depth elements, a multiple of 4, stride bytes apart, to rows of dst, step bytes apart.")
	depth, src, stride, dst := packArguments()
	step, third := Load(Param("step"), GP64()), GP64()
	rows := []Register{src}
	for range 5 {
		rows = append(rows, GP64())
	}
	// Every third row has a pointer; the other rows are one or two strides further.
	for i := 1; i < len(rows); i++ {
		LEAQ(Mem{Base: rows[i-1], Index: stride, Scale: 2}, rows[i])
		ADDQ(stride, rows[i])
	}
	row := func(r int) Mem { return strided(rows, stride, r) }
	LEAQ(Mem{Base: dst, Index: step, Scale: 2}, third)
	ADDQ(step, third)
	Label("four")
	for half := range 2 {
		var x [4]VecVirtual
		for i := range x {
			x[i] = YMM()
			VMOVUPS(row(8*half+i), x[i].AsX())
			VINSERTF128(Imm(1), row(8*half+i+4), x[i], x[i])
		}
		transpose4(x, func(k int, y VecVirtual) { VMOVUPS(y, strided([]Register{dst, third}, step, k).Offset(32*half)) })
	}
	for _, p := range rows {
		ADDQ(Imm(16), p)
	}
	for _, p := range []Register{dst, third} {
		LEAQ(Mem{Base: p, Index: step, Scale: 4}, p)
	}
	SUBQ(Imm(4), depth)
	JG(LabelRef("four"))
	VZEROUPPER()
	RET()
}

// transpose4 transposes the 4 by 4 elements in each half of four registers and passes the rows of the result to out.
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
