package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// cacheRows writes the conversions of cached keys and values: a tile of rows in one call.
func cacheRows() {
	for _, f := range wordFormats {
		unpackRows(f.name+"Unpack", f.format, "n is a multiple of 8.", func(n, from, to Register) {
			VMOVUPS(f.load(Mem{Base: from}, f.order(false)), Mem{Base: to})
			ADDQ(Imm(16), from)
			ADDQ(Imm(32), to)
			SUBQ(Imm(8), n)
		})
	}
	unpackRows("unpackQ8Rows", "Q8_0", "n is a multiple of 32.", func(n, from, to Register) {
		half, scale, d := GP32(), XMM(), YMM()
		MOVWLZX(Mem{Base: from}, half)
		VMOVD(half, scale)
		VCVTPH2PS(scale, scale)
		VBROADCASTSS(scale, d)
		for i := range 4 {
			x := YMM()
			VPMOVSXBD(Mem{Base: from, Disp: 2 + 8*i}, x)
			VCVTDQ2PS(x, x)
			VMULPS(d, x, x)
			VMOVUPS(x, Mem{Base: to, Disp: 32 * i})
		}
		ADDQ(Imm(34), from)
		ADDQ(Imm(128), to)
		SUBQ(Imm(32), n)
	})
}

// unpackRows writes a function that writes rows as float32. A call of step writes some numbers, moves from
// and to past them, and subtracts their count from n.
func unpackRows(name, format, doc string, step func(n, from, to Register)) {
	declare(name, "(rows, n int, dst *float32, w *byte, stride int)", "writes rows of n "+format+", stride bytes apart, as adjacent float32. "+doc)
	rows, dst, w, stride := Load(Param("rows"), GP64()), Load(Param("dst"), GP64()), Load(Param("w"), GP64()), Load(Param("stride"), GP64())
	Label("row")
	n, from := Load(Param("n"), GP64()), GP64()
	MOVQ(w, from)
	Label("loop")
	step(n, from, dst)
	JNZ(LabelRef("loop"))
	ADDQ(stride, w)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}
