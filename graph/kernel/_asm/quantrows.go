package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// rowsAhead is the distance in bytes to the part of the matrix that is prefetched. On Zen 3, 2048 is a quarter faster than 512 or none.
const rowsAhead = 2048

// q8Bytes is the number of bytes of a block of Q8_0: a scale in binary16 and 32 weights.
const q8Bytes = 34

// quantRows writes the products of a row of bytes with rows of Q8_0, row after row, so that memory is read in order. Eight blocks at a time
// have the eight lanes of a vector for their sums. The lanes are added one after the other, as in the Go twin.
type quantRows struct {
	a, scales, totals Register   // of the next block
	w                 Register   // the next block
	bytes             bool       // multiplies bytes by VPDPBUSD
	ones              VecVirtual // words, or the signs of bytes
	sum               VecVirtual // of the row
	local             Mem        // the products of eight blocks
}

// quantRowsOf writes the loops over rows and over blocks.
func quantRowsOf(set string) {
	declareIn(set, "quantDotsQ8", "(rows, blocks int, a *int8, scales *float32, totals *int32, w *byte, stride int, c *float32)",
		"writes the products of a, in blocks of 32 bytes with scales and totals, with rows of weights, stride bytes apart.")
	q := &quantRows{bytes: set == "VNNI", a: GP64(), scales: GP64(), totals: GP64(), w: GP64(), ones: YMM(), sum: XMM(), local: AllocLocal(4 * lanes)}
	rows, c, stride, row := Load(Param("rows"), GP64()), Load(Param("c"), GP64()), Load(Param("stride"), GP64()), Load(Param("w"), GP64())
	if q.bytes {
		VMOVDQU(allInt(0x80808080), q.ones)
	} else {
		VMOVDQU(allInt(0x00010001), q.ones)
	}
	Label("row")
	MOVQ(row, q.w)
	blocks := Load(Param("blocks"), GP64())
	Load(Param("a"), q.a)
	Load(Param("scales"), q.scales)
	Load(Param("totals"), q.totals)
	VXORPS(q.sum, q.sum, q.sum)
	SUBQ(Imm(lanes), blocks)
	JL(LabelRef("rest"))
	Label("eight")
	for i := 0; i < lanes*q8Bytes; i += 64 {
		PREFETCHT0(Mem{Base: q.w, Disp: rowsAhead + i})
	}
	q.eight()
	q.advance(lanes)
	SUBQ(Imm(lanes), blocks)
	JGE(LabelRef("eight"))
	Label("rest")
	ADDQ(Imm(lanes), blocks)
	JZ(LabelRef("done"))
	Label("one")
	q.one()
	q.advance(1)
	DECQ(blocks)
	JNZ(LabelRef("one"))
	Label("done")
	VMOVSS(q.sum, Mem{Base: c})
	ADDQ(Imm(4), c)
	ADDQ(stride, row)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// advance goes on to later blocks of the row.
func (q *quantRows) advance(blocks uint32) {
	ADDQ(U32(32*blocks), q.a)
	ADDQ(U32(4*blocks), q.scales)
	ADDQ(U32(4*blocks), q.totals)
	ADDQ(U32(q8Bytes*blocks), q.w)
}

// products returns the sums of four products each of block i. VPDPBUSD multiplies the weights larger by 128, as bytes without a sign.
func (q *quantRows) products(i int) VecVirtual {
	a, w := YMM(), YMM()
	VMOVDQU(Mem{Base: q.a, Disp: 32 * i}, a)
	if q.bytes {
		x := zero()
		VPXOR(Mem{Base: q.w, Disp: q8Bytes*i + 2}, q.ones, w)
		dotBytes(a, w, x)
		return x
	}
	VMOVDQU(Mem{Base: q.w, Disp: q8Bytes*i + 2}, w)
	VPSIGNB(w, a, a)
	VPABSB(w, w)
	VPMADDUBSW(a, w, w)
	VPMADDWD(q.ones, w, w)
	return w
}

// eight adds eight blocks to the sum of the row.
func (q *quantRows) eight() {
	four := func(i int) VecVirtual {
		x := across(q.products(i), q.products(i+1), 32, addDoubles)
		return across(x, across(q.products(i+2), q.products(i+3), 32, addDoubles), 64, addDoubles)
	}
	x := four(0)
	x = across(x, four(4), 128, addDoubles)
	if q.bytes {
		totals := YMM()
		VMOVDQU(Mem{Base: q.totals}, totals)
		VPSLLD(Imm(7), totals, totals)
		VPSUBD(totals, x, x)
	}
	d := halfScales(func(i int) Mem { return Mem{Base: q.w, Disp: q8Bytes * i} })
	VMULPS(Mem{Base: q.scales}, d, d)
	VCVTDQ2PS(x, x)
	VMULPS(d, x, x)
	VMOVUPS(x, q.local)
	for i := range lanes {
		VADDSS(q.local.Offset(4*i), q.sum, q.sum)
	}
}

// one adds a block to the sum of the row.
func (q *quantRows) one() {
	x := q.products(0)
	low, half, d := XMM(), GP32(), XMM()
	VEXTRACTI128(Imm(1), x, low)
	VPADDD(x.AsX(), low, low)
	for _, order := range []uint64{0x4e, 0xb1} {
		other := XMM()
		VPSHUFD(Imm(order), low, other)
		VPADDD(other, low, low)
	}
	if q.bytes {
		total := XMM()
		VMOVD(Mem{Base: q.totals}, total)
		VPSLLD(Imm(7), total, total)
		VPSUBD(total, low, low)
	}
	MOVWLZX(Mem{Base: q.w}, half)
	VMOVD(half, d)
	VCVTPH2PS(d, d)
	VMULSS(Mem{Base: q.scales}, d, d)
	VCVTDQ2PS(low, low)
	VMULSS(d, low, low)
	VADDSS(low, q.sum, q.sum)
}
