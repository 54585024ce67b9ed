package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// unpackQ8 writes the conversion of cached keys and values.
func unpackQ8() {
	declareRow("unpackQ8", "(blocks int, dst *float32, w *byte)", "writes blocks of Q8_0 as float32.")
	blocks, dst, w := Load(Param("blocks"), GP64()), Load(Param("dst"), GP64()), Load(Param("w"), GP64())
	Label("loop")
	half, scale, d := GP32(), XMM(), YMM()
	MOVWLZX(Mem{Base: w}, half)
	VMOVD(half, scale)
	VCVTPH2PS(scale, scale)
	VBROADCASTSS(scale, d)
	for i := range 4 {
		x := YMM()
		VPMOVSXBD(Mem{Base: w, Disp: 2 + 8*i}, x)
		VCVTDQ2PS(x, x)
		VMULPS(d, x, x)
		VMOVUPS(x, Mem{Base: dst, Disp: 32 * i})
	}
	ADDQ(Imm(128), dst)
	ADDQ(Imm(34), w)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
