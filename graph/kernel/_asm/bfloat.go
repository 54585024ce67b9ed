package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// bfloatDots writes a product with weights in bfloat16.
func bfloatDots() {
	declare("bfloatDots", "(n int, a *float32, w *byte, stride int, sums *[4]float32)",
		"writes the products of a with four rows of bfloat16 that are stride bytes apart. n is a multiple of 8.")
	v := &vector{pointers: map[string]Register{}, offset: GP64()}
	n, a := Load(Param("n"), GP64()), Load(Param("a"), GP64())
	v.pointers["b"] = Load(Param("w"), GP64())
	stride := Load(Param("stride"), GP64())
	XORQ(v.offset, v.offset)
	matrixRows(v, stride)
	ahead := GP64()
	LEAQ(Mem{Base: v.pointers["b"], Index: stride, Scale: 4}, ahead)
	var sums [4]VecVirtual
	for r := range sums {
		sums[r] = zero()
	}
	Label("loop")
	PREFETCHT0(Mem{Base: ahead, Index: v.offset, Scale: 4})
	x := YMM()
	VMOVUPS(Mem{Base: a, Index: v.offset, Scale: 2}, x)
	for r := range sums {
		w := YMM()
		VPMOVZXWD(v.at(fmt.Sprintf("b%d", r)), w)
		VPSLLD(Imm(16), w, w)
		VMULPS(x, w, w)
		VADDPS(w, sums[r], sums[r])
	}
	ADDQ(Imm(16), v.offset)
	SUBQ(Imm(8), n)
	JNZ(LabelRef("loop"))
	storeFour(sums, Mem{Base: Load(Param("sums"), GP64())})
	VZEROUPPER()
	RET()
}

// widenBF16 writes bfloat16 as float32.
func widenBF16() {
	declare("widenBF16", "(n int, dst *float32, w *byte)", "writes n bfloat16 as float32. n is a multiple of 8.")
	n, dst, w := Load(Param("n"), GP64()), Load(Param("dst"), GP64()), Load(Param("w"), GP64())
	Label("loop")
	x := YMM()
	VPMOVZXWD(Mem{Base: w}, x)
	VPSLLD(Imm(16), x, x)
	VMOVUPS(x, Mem{Base: dst})
	ADDQ(Imm(32), dst)
	ADDQ(Imm(16), w)
	SUBQ(Imm(8), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
