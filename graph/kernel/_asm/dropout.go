package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// dropout writes Philox4x32-10 for eight blocks at a time. The words of a block are in four registers. Each block has
// its own lane.
func dropout() {
	declareRow("dropoutRow", "(n int, x *float32, counter *[4]uint32, keys *[20]uint32, limit uint32, scale float32)",
		"multiplies n elements, a multiple of 32, by scale, or sets them to zero if their random word is below limit. The first "+
			"word of counter must not wrap.")
	n, x := Load(Param("n"), GP64()), Load(Param("x"), GP64())
	counter, keys := Load(Param("counter"), GP64()), Load(Param("keys"), GP64())
	scale := broadcast("scale")
	limit := broadcast("limit")
	VPXOR(allInt(0x80000000), limit, limit)
	block := YMM()
	VPBROADCASTD(Mem{Base: counter}, block)
	VPADDD(laneNumbers(), block, block)
	Label("loop")
	c := [4]VecVirtual{YMM(), YMM(), YMM(), YMM()}
	VMOVDQA(block, c[0])
	for i := 1; i < 4; i++ {
		VPBROADCASTD(Mem{Base: counter, Disp: 4 * i}, c[i])
	}
	for round := range 10 {
		c = philoxRound(c, Mem{Base: keys, Disp: 8 * round})
	}
	var factor [4]VecVirtual
	for i := range c {
		// Words compare as signed numbers once their top bits are flipped.
		VPXOR(allInt(0x80000000), c[i], c[i])
		factor[i] = YMM()
		VPCMPGTD(c[i], limit, factor[i])
		VPANDN(scale, factor[i], factor[i])
	}
	multiplyBlocks(factor, x)
	VPADDD(allInt(8), block, block)
	ADDQ(U32(4*32), x)
	SUBQ(Imm(32), n)
	JG(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// laneNumbers returns the vector 0, 1, … 7.
func laneNumbers() Mem {
	if m, ok := constants["lane_numbers"]; ok {
		return m
	}
	m := GLOBL("lane_numbers", attr.RODATA|attr.NOPTR)
	for i := range lanes {
		DATA(4*i, U32(i))
	}
	constants["lane_numbers"] = m
	return m
}

func philoxRound(c [4]VecVirtual, keys Mem) [4]VecVirtual {
	h0, l0 := mulWords(0xD2511F53, c[0])
	h1, l1 := mulWords(0xCD9E8D57, c[2])
	key := YMM()
	VPBROADCASTD(keys, key)
	VPXOR(c[1], h1, h1)
	VPXOR(key, h1, h1)
	VPBROADCASTD(keys.Offset(4), key)
	VPXOR(c[3], h0, h0)
	VPXOR(key, h0, h0)
	return [4]VecVirtual{h1, l1, h0, l0}
}

// mulWords returns the upper and the lower halves of the products with a factor.
func mulWords(factor uint32, x VecVirtual) (high, low VecVirtual) {
	even, odd := YMM(), YMM()
	VPSRLQ(Imm(32), x, odd)
	VPMULUDQ(allInt(factor), x, even)
	VPMULUDQ(allInt(factor), odd, odd)
	low, high = YMM(), YMM()
	VPMULLD(allInt(factor), x, low)
	VPSRLQ(Imm(32), even, high)
	VPBLENDD(Imm(0xaa), odd, high, high)
	return high, low
}

// multiplyBlocks multiplies 32 elements by the factors of eight blocks: element 4·b + i by lane b of factor[i].
func multiplyBlocks(factor [4]VecVirtual, x Register) {
	transpose4(factor, func(k int, y VecVirtual) {
		// Row k holds the blocks k and k+4.
		low, high := Mem{Base: x, Disp: 16 * k}, Mem{Base: x, Disp: 16 * (k + 4)}
		upper := XMM()
		VEXTRACTF128(Imm(1), y, upper)
		VMULPS(low, y.AsX(), y.AsX())
		VMOVUPS(y.AsX(), low)
		VMULPS(high, upper, upper)
		VMOVUPS(upper, high)
	})
}
