package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// quantDots writes the products of a row of bytes with rows of weights in blocks. Eight rows of weights are read together and have the
// eight lanes of a vector for their sums. The sum of a block is exact. It is multiplied by the scales and added, in the order of the
// blocks, as in the Go twin.
type quantDots struct {
	a, scales Register // of the current block
	totals    Register // sums of the bytes of the current block
	bytes     bool     // multiplies bytes by VPDPBUSD
	first     Register // rows 0 to 3 of the weights begin here
	fifth     Register // rows 4 to 7
	stride    Register
	third     Register   // 3·stride
	ahead     Register   // the next group
	low       VecVirtual // masks the lower halves of bytes
	ones      VecVirtual // words
	sums      VecVirtual
	local     Mem  // scales and minima of a block of Q4_K or Q5_K
	fiveBits  bool // weights have five bits, so that the sums of the products of four vectors do not fit in words
}

// quantDotsOf writes the loops over groups of rows and over blocks of some bytes. add adds a block to the sums.
func quantDotsOf(set, name string, bytes, weights int, add func(q *quantDots)) {
	declareIn(set, name, "(groups, blocks int, a *int8, scales *float32, totals *int32, w *byte, stride int, c *float32)",
		"writes the products of a, in blocks of 32 bytes with scales and totals, with groups of eight rows of weights, stride bytes apart.")
	q := &quantDots{
		bytes: set == "VNNI", a: GP64(), scales: GP64(), totals: GP64(), fifth: GP64(), third: GP64(), ahead: GP64(), low: YMM(), ones: YMM(), sums: YMM(),
	}
	groups, c := Load(Param("groups"), GP64()), Load(Param("c"), GP64())
	q.ahead = Load(Param("w"), q.ahead)
	q.stride = Load(Param("stride"), GP64())
	LEAQ(Mem{Base: q.stride, Index: q.stride, Scale: 2}, q.third)
	VMOVDQU(allInt(0x0f0f0f0f), q.low)
	if !q.bytes {
		VMOVDQU(allInt(0x00010001), q.ones)
	}
	q.first = GP64()
	Label("group")
	blocks := Load(Param("blocks"), GP64())
	Load(Param("a"), q.a)
	Load(Param("scales"), q.scales)
	Load(Param("totals"), q.totals)
	MOVQ(q.ahead, q.first)
	LEAQ(Mem{Base: q.first, Index: q.stride, Scale: 4}, q.fifth)
	LEAQ(Mem{Base: q.first, Index: q.stride, Scale: 8}, q.ahead)
	next := GP64()
	MOVQ(q.ahead, next)
	VXORPS(q.sums, q.sums, q.sums)
	Label("loop")
	for i := 0; i < 8*bytes; i += 64 {
		PREFETCHT0(Mem{Base: next, Disp: i})
	}
	add(q)
	ADDQ(U32(uint32(weights)), q.a)
	ADDQ(U32(uint32(weights/8)), q.scales)
	ADDQ(U32(uint32(weights/8)), q.totals)
	ADDQ(U32(uint32(bytes)), q.first)
	ADDQ(U32(uint32(bytes)), q.fifth)
	ADDQ(U32(uint32(8*bytes)), next)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VMOVUPS(q.sums, Mem{Base: c})
	ADDQ(Imm(4*lanes), c)
	DECQ(groups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

// row returns the location of the current block of a row.
func (q *quantDots) row(r int) Mem {
	base := q.first
	if r >= 4 {
		base = q.fifth
	}
	switch r % 4 {
	case 0:
		return Mem{Base: base}
	case 3:
		return Mem{Base: base, Index: q.third, Scale: 1}
	}
	return Mem{Base: base, Index: q.stride, Scale: uint8(r % 4)}
}

// halves returns 16 bytes of row r and, in the upper half, of row r+4. It reads 32 bytes of row r, because blending is cheaper than inserting.
// The other rows follow, so that these bytes exist.
func (q *quantDots) halves(r, offset int) VecVirtual {
	w := YMM()
	VBROADCASTI128(q.row(r+4).Offset(offset), w)
	VPBLENDD(Imm(15), q.row(r).Offset(offset), w, w)
	return w
}

// scaled adds the exact sums of a block, times the scales of the weights in d and the scale of the row.
func (q *quantDots) scaled(exact, d VecVirtual) {
	scale := YMM()
	VBROADCASTSS(Mem{Base: q.scales}, scale)
	VMULPS(scale, d, d)
	VCVTDQ2PS(exact, exact)
	VMULPS(d, exact, exact)
	VADDPS(exact, q.sums, q.sums)
}

// halfScales returns the scales in binary16 at the beginning of eight blocks. It picks one word of 16 bytes of each block, which begin before
// the block for all but the first.
func halfScales(block func(i int) Mem) VecVirtual {
	words, d := XMM(), YMM()
	VMOVDQU(block(0), words)
	for i := 1; i < 8; i++ {
		VPBLENDW(Imm(1<<i), block(i).Offset(-2*i), words, words)
	}
	VCVTPH2PS(words, d)
	return d
}

// across interleaves vectors, or their halves, in units of some bits, and adds both results. Add adds words or doublewords.
func across(x, y VecVirtual, bits int, add func(Op, Op, Op)) VecVirtual {
	low, high := YMM(), YMM()
	switch bits {
	case 32:
		VPUNPCKLDQ(y, x, low)
		VPUNPCKHDQ(y, x, high)
	case 64:
		VPUNPCKLQDQ(y, x, low)
		VPUNPCKHQDQ(y, x, high)
	case 128:
		VPERM2I128(Imm(0x20), y, x, low)
		VPERM2I128(Imm(0x31), y, x, high)
	}
	add(high, low, low)
	return low
}

func addWords(x, y, to Op)   { VPADDW(x, y, to) }
func addDoubles(x, y, to Op) { VPADDD(x, y, to) }

// product returns the sums of products of signed bytes a and bytes w, in words or doublewords, added to x unless it is nil. It may overwrite w.
func (q *quantDots) product(a, w, x VecVirtual) VecVirtual {
	switch {
	case q.bytes && x == nil:
		x = zero()
		fallthrough
	case q.bytes:
		dotBytes(a, w, x)
	case x == nil:
		VPMADDUBSW(a, w, w)
		return w
	default:
		VPMADDUBSW(a, w, w)
		VPADDW(w, x, x)
	}
	return x
}

// paired joins the sums of two rows.
func (q *quantDots) paired(x, y VecVirtual) VecVirtual { return across(x, y, 32, q.adds()) }

// joined returns the exact sums of two pairs of rows and of the rows in the upper halves.
func (q *quantDots) joined(x, y VecVirtual) VecVirtual {
	if q.fiveBits && !q.bytes {
		VPMADDWD(q.ones, x, x)
		VPMADDWD(q.ones, y, y)
		return across(x, y, 64, addDoubles)
	}
	x = across(x, y, 64, q.adds())
	if !q.bytes {
		VPMADDWD(q.ones, x, x)
	}
	return x
}

// adds returns the addition of the sums of products.
func (q *quantDots) adds() func(x, y, to Op) {
	if q.bytes {
		return addDoubles
	}
	return addWords
}
