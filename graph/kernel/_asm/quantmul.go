package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// packedUnit is the number of weights in a block of Q8_0 and Q4_0, and in a part of Q4_K.
const packedUnit = 32

// quantMul writes the products of rows with weights in few bits. A product is rounded before it is added, as in the Go twin, so that all
// bits agree.
func quantMul() {
	quantRow("quantRow", "int8", "rounds blocks of 32 numbers to bytes times a scale.")
	quantRow("quantWideRow", "int16", "is quantRow with the bytes in 16 bits.")
	widenQ8()
	widenParts("widenQ4K", 144, false)
	widenParts("widenQ5K", 176, true)
	widenQ6K()
	quantStrip(false)
	quantStrip(true)
	byteFormats()
	byteStrip(false)
	byteStrip(true)
	wordStrip()
	for _, set := range []string{"AVX2", "VNNI"} {
		quantRowsOf(set)
		quantDotsOf(set, "quantDotsQ4K", 144, 256, (*quantDots).dotQ4K)
		quantDotsOf(set, "quantDotsQ5K", 176, 256, (*quantDots).dotQ5K)
	}
	quantDotsQ6K()
	for _, f := range blockFormats {
		f.widen()
		f.inBytes()
		f.dots("AVX2")
		f.dots("VNNI")
	}
	for _, f := range wordFormats {
		f.multiply()
	}
}

// quantRow rounds blocks of 32 numbers to bytes, which it stores in 8 or 16 bits.
func quantRow(name, as, doc string) {
	signature := "(blocks int, dst *" + as + ", scales, x *float32)"
	if as == "int8" {
		signature = "(blocks int, dst *int8, scales *float32, totals *int32, x *float32)"
	}
	declare(name, signature, doc)
	blocks := Load(Param("blocks"), GP64())
	dst, scales, from := Load(Param("dst"), GP64()), Load(Param("scales"), GP64()), Load(Param("x"), GP64())
	magnitude, order, least, full, one := YMM(), YMM(), YMM(), YMM(), YMM()
	VMOVDQU(allInt(0x7fffffff), magnitude)
	var totals Register
	if as == "int8" {
		VMOVDQU(packedOrder(), order)
		totals = Load(Param("totals"), GP64())
	}
	VMOVUPS(all(0x1p-126), least)
	VMOVUPS(all(127), full)
	VMOVUPS(all(1), one)
	Label("loop")
	x, most := largestOfBlock(from, magnitude)
	d, kept, inverse := YMM(), YMM(), YMM()
	VPBROADCASTD(most.AsX(), d)
	VDIVPS(full, d, d)
	VCMPPS(Imm(5), least, d, kept) // not less than: a NaN is kept
	VANDPS(kept, d, d)
	VMOVSS(d.AsX(), Mem{Base: scales})
	VDIVPS(d, one, inverse)
	VANDPS(kept, inverse, inverse)
	storeRounded(x, inverse, order, dst, as)
	if as == "int8" {
		storeTotal(x[0], totals)
	}
	ADDQ(Imm(128), from)
	ADDQ(Imm(4), scales)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// largestOfBlock returns a block and, in the first element, the bits of its largest magnitude.
func largestOfBlock(from Register, magnitude VecVirtual) (x [4]VecVirtual, most VecVirtual) {
	most = YMM()
	for i := range x {
		x[i] = YMM()
		VMOVUPS(Mem{Base: from, Disp: 32 * i}, x[i])
		if i == 0 {
			VPAND(magnitude, x[i], most)
			continue
		}
		m := YMM()
		VPAND(magnitude, x[i], m)
		VPMAXUD(m, most, most) // the bits of magnitudes are ordered like magnitudes, and a NaN is the largest
	}
	half := XMM()
	VEXTRACTI128(Imm(1), most, half)
	VPMAXUD(half, most.AsX(), most.AsX())
	VPSHUFD(Imm(0x4e), most.AsX(), half)
	VPMAXUD(half, most.AsX(), most.AsX())
	VPSHUFD(Imm(0xb1), most.AsX(), half)
	VPMAXUD(half, most.AsX(), most.AsX())
	return x, most
}

// storeRounded stores a block times inverse, as bytes in 8 or 16 bits.
func storeRounded(x [4]VecVirtual, inverse, order VecVirtual, dst Register, as string) {
	for i := range x {
		VMULPS(inverse, x[i], x[i])
		VCVTPS2DQ(x[i], x[i])
	}
	VPACKSSDW(x[1], x[0], x[0])
	VPACKSSDW(x[3], x[2], x[2])
	if as == "int8" {
		VPACKSSWB(x[2], x[0], x[0])
		VPERMD(x[0], order, x[0])
		VMOVDQU(x[0], Mem{Base: dst})
		ADDQ(Imm(32), dst)
	} else {
		for i := range 2 {
			VPERMQ(Imm(0xd8), x[2*i], x[2*i])
			VMOVDQU(x[2*i], Mem{Base: dst, Disp: 32 * i})
		}
		ADDQ(Imm(64), dst)
	}
}

// storeTotal stores the sum of 32 signed bytes. It overwrites x.
func storeTotal(x VecVirtual, totals Register) {
	ones, half := YMM(), XMM()
	VMOVDQU(allInt(0x01010101), ones)
	VPMADDUBSW(x, ones, x)
	VPMADDWD(allInt(0x00010001), x, x)
	VEXTRACTI128(Imm(1), x, half)
	VPADDD(half, x.AsX(), x.AsX())
	VPSHUFD(Imm(0x4e), x.AsX(), half)
	VPADDD(half, x.AsX(), x.AsX())
	VPSHUFD(Imm(0xb1), x.AsX(), half)
	VPADDD(half, x.AsX(), x.AsX())
	VMOVD(x.AsX(), Mem{Base: totals})
	ADDQ(Imm(4), totals)
}

// packedOrder returns the order that undoes the packing of four vectors in two halves.
func packedOrder() Mem {
	m := GLOBL("packed_order", attr.RODATA|attr.NOPTR)
	for i, v := range []uint32{0, 4, 1, 5, 2, 6, 3, 7} {
		DATA(4*i, U32(v))
	}
	return m
}
