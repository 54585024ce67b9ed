package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// bfloatDots writes products with weights in bfloat16, four rows of weights at a time.
func bfloatDots() {
	declare("bfloatDots", "(groups, n int, a *float32, w *byte, stride int, c *float32)",
		"writes the products of a with groups of four rows of n bfloat16 that are stride bytes apart. n is a multiple of 8.")
	v := &vector{pointers: map[string]Register{}, offset: GP64()}
	groups, a := Load(Param("groups"), GP64()), Load(Param("a"), GP64())
	first := Load(Param("w"), GP64())
	stride, c := Load(Param("stride"), GP64()), Load(Param("c"), GP64())
	order := YMM()
	VMOVDQU(widenOrder(), order)
	Label("group")
	n := Load(Param("n"), GP64())
	v.pointers["b"] = first
	XORQ(v.offset, v.offset)
	matrixRows(v, stride)
	ahead := GP64()
	LEAQ(Mem{Base: first, Index: stride, Scale: 4}, ahead)
	var sums [4]VecVirtual
	for r := range sums {
		sums[r] = zero()
	}
	Label("loop")
	PREFETCHT0(Mem{Base: ahead, Index: v.offset, Scale: 4})
	x := YMM()
	VMOVUPS(Mem{Base: a, Index: v.offset, Scale: 2}, x)
	for r := range sums {
		w := widened(v.at(fmt.Sprintf("b%d", r)), order)
		VMULPS(x, w, w)
		VADDPS(w, sums[r], sums[r])
	}
	ADDQ(Imm(16), v.offset)
	SUBQ(Imm(8), n)
	JNZ(LabelRef("loop"))
	storeFour(sums, Mem{Base: c})
	MOVQ(ahead, first)
	ADDQ(Imm(16), c)
	DECQ(groups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}
