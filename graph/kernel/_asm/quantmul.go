package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// quantMul writes the products of one row with four rows of weights in few bits. Sums have eight parts, as lanes of a vector. A product is
// rounded before it is added, as in the Go twin, so that all bits agree.
func quantMul() {
	quantRow("quantRow", "int8", "rounds blocks of 32 numbers to bytes times a scale.")
	quantRow("quantWideRow", "int16", "is quantRow with the bytes in 16 bits.")
	widenQ8()
	widenQ4()
	widenBF16()
	quantStrip()
	quantDots("quantDotsQ8", 34, (*quantSums).weightsQ8)
	quantDots("quantDotsQ4", 18, (*quantSums).weightsQ4)
	bfloatDots()
}

// quantRow rounds blocks of 32 numbers to bytes, which it stores in 8 or 16 bits.
func quantRow(name, as, doc string) {
	declare(name, "(blocks int, dst *"+as+", scales, x *float32)", doc)
	blocks := Load(Param("blocks"), GP64())
	dst, scales, from := Load(Param("dst"), GP64()), Load(Param("scales"), GP64()), Load(Param("x"), GP64())
	magnitude, order, least, full, one := YMM(), YMM(), YMM(), YMM(), YMM()
	VMOVDQU(allInt(0x7fffffff), magnitude)
	if as == "int8" {
		VMOVDQU(packedOrder(), order)
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

// packedOrder returns the order that undoes the packing of four vectors in two halves.
func packedOrder() Mem {
	m := GLOBL("packed_order", attr.RODATA|attr.NOPTR)
	for i, v := range []uint32{0, 4, 1, 5, 2, 6, 3, 7} {
		DATA(4*i, U32(v))
	}
	return m
}

// halfShifts returns shifts of 0 for the lower half of a vector and 4 for the upper half.
func halfShifts() Mem {
	m := GLOBL("half_shifts", attr.RODATA|attr.NOPTR)
	for i := range lanes {
		DATA(4*i, U32(i/4*4))
	}
	return m
}

// quantSums are the sums of quantDots.
type quantSums struct {
	v     *vector
	a     VecVirtual // 32 bytes of the row
	eight VecVirtual // bytes 8
	minus VecVirtual // 8·a in pairs, for weights that are stored larger by 8
	low   VecVirtual // masks of the lower halves of bytes
	ones  VecVirtual // 16-bit
	// shifts moves the upper halves of bytes down in the upper half of a vector.
	shifts VecVirtual
}

// quantDots writes a product with weights in blocks of some bytes that begin with a scale.
func quantDots(name string, bytes int, pairs func(q *quantSums, row string) VecVirtual) {
	declare(name, "(blocks int, a *int8, scales *float32, w *byte, stride int, sums *[4]float32)",
		"writes the products of a, in blocks of 32 bytes with scales, with four rows of weights that are stride bytes apart.")
	v := &vector{pointers: map[string]Register{}, offset: GP64()}
	blocks := Load(Param("blocks"), GP64())
	a, scales := Load(Param("a"), GP64()), Load(Param("scales"), GP64())
	v.pointers["b"] = Load(Param("w"), GP64())
	stride := Load(Param("stride"), GP64())
	XORQ(v.offset, v.offset)
	matrixRows(v, stride)
	ahead := GP64()
	LEAQ(Mem{Base: v.pointers["b"], Index: stride, Scale: 4}, ahead)
	q := &quantSums{v: v, a: YMM(), ones: YMM()}
	VMOVDQU(allInt(0x00010001), q.ones)
	if bytes == 18 {
		q.halves()
	}
	var sums [4]VecVirtual
	for r := range sums {
		sums[r] = zero()
	}
	Label("loop")
	for i := range 2 {
		PREFETCHT0(Mem{Base: ahead, Index: v.offset, Scale: 4, Disp: 64 * i})
	}
	scale := YMM()
	VMOVDQU(Mem{Base: a}, q.a)
	VBROADCASTSS(Mem{Base: scales}, scale)
	if bytes == 18 {
		q.minus = YMM()
		VPMADDUBSW(q.a, q.eight, q.minus)
	}
	q.add(&sums, scale, pairs)
	ADDQ(Imm(32), a)
	ADDQ(Imm(4), scales)
	ADDQ(Imm(uint64(bytes)), v.offset)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	storeFour(sums, Mem{Base: Load(Param("sums"), GP64())})
	VZEROUPPER()
	RET()
}

// halves loads the constants for halves of bytes.
func (q *quantSums) halves() {
	q.low, q.eight = YMM(), YMM()
	VMOVDQU(allInt(0x0f0f0f0f), q.low)
	q.shifts = YMM()
	VMOVDQU(halfShifts(), q.shifts)
	VMOVDQU(allInt(0x08080808), q.eight)
}

// add adds a block of four rows to the sums.
func (q *quantSums) add(sums *[4]VecVirtual, scale VecVirtual, pairs func(q *quantSums, row string) VecVirtual) {
	for r := range sums {
		row := fmt.Sprintf("b%d", r)
		x, d := pairs(q, row), YMM()
		VPMADDWD(q.ones, x, x)
		VCVTDQ2PS(x, x)
		VPBROADCASTW(q.v.at(row), d.AsX())
		VCVTPH2PS(d.AsX(), d)
		VMULPS(scale, d, d)
		VMULPS(d, x, x)
		VADDPS(x, sums[r], sums[r])
	}
}

// weightsQ8 returns the sums of pairs of products with signed bytes.
func (q *quantSums) weightsQ8(row string) VecVirtual {
	w, a := YMM(), YMM()
	VMOVDQU(q.v.at(row).Offset(2), w)
	VPSIGNB(w, q.a, a)
	VPABSB(w, w)
	VPMADDUBSW(a, w, w)
	return w
}

// weightsQ4 returns the sums of pairs of products with halves of bytes.
func (q *quantSums) weightsQ4(row string) VecVirtual {
	w := YMM()
	VBROADCASTI128(q.v.at(row).Offset(2), w)
	VPSRLVD(q.shifts, w, w)
	VPAND(q.low, w, w)
	VPMADDUBSW(q.a, w, w)
	VPSUBW(q.minus, w, w)
	return w
}
