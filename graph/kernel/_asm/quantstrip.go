package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// widen writes the weights of blocks in 16 bits, and their scales.
func widen(name string, bytes int, values func(w Register) [2]VecVirtual) {
	declare(name, "(blocks int, dst *int16, scales *float32, w *byte)", "writes the weights of blocks in 16 bits, and their scales.")
	blocks := Load(Param("blocks"), GP64())
	dst, scales, w := Load(Param("dst"), GP64()), Load(Param("scales"), GP64()), Load(Param("w"), GP64())
	Label("loop")
	storeScale(w, scales)
	for i, x := range values(w) {
		VMOVDQU(x, Mem{Base: dst, Disp: 32 * i})
	}
	ADDQ(Imm(64), dst)
	ADDQ(Imm(uint64(bytes)), w)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// storeScale writes the scale in binary16 at the beginning of a block as float32.
func storeScale(w, scales Register) {
	d, half := XMM(), GP32()
	MOVWLZX(Mem{Base: w}, half)
	VMOVD(half, d)
	VCVTPH2PS(d, d)
	VMOVSS(d, Mem{Base: scales})
	ADDQ(Imm(4), scales)
}

func widenQ8() {
	widen("widenQ8", 34, func(w Register) (x [2]VecVirtual) {
		for i := range x {
			x[i] = YMM()
			VPMOVSXBW(Mem{Base: w, Disp: 2 + 16*i}, x[i])
		}
		return x
	})
}

// widenParts writes the weights of blocks of 256. Two parts are the lower and upper halves of 32 bytes at the end of a block. The fifth bits are
// before them.
func widenParts(name string, bytes int, fifths bool) {
	declare(name, "(blocks int, dst *int16, w *byte)", "writes the weights of blocks in 16 bits, without their scales.")
	blocks := Load(Param("blocks"), GP64())
	dst, w := Load(Param("dst"), GP64()), Load(Param("w"), GP64())
	mask := YMM()
	VMOVDQU(allInt(0x000f000f), mask)
	Label("loop")
	for i := range 8 {
		low, high := YMM(), YMM()
		VPMOVZXBW(Mem{Base: w, Disp: bytes - 128 + 16*i}, low)
		VPSRLW(Imm(4), low, high)
		VPAND(mask, low, low)
		if fifths {
			bits := YMM()
			VPMOVZXBW(Mem{Base: w, Disp: 16 + i%2*16}, bits)
			addFifths(bits, i/2*2, allInt(0x00100010), low)
			addFifths(bits, i/2*2+1, allInt(0x00100010), high)
		}
		at := Mem{Base: dst, Disp: i/2*128 + i%2*32}
		VMOVDQU(low, at)
		VMOVDQU(high, at.Offset(64))
	}
	ADDQ(U32(512), dst)
	ADDQ(U32(uint32(bytes)), w)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// quantStrip writes the product of four rows of bytes in 16 bits with a panel of 16 columns: two columns of bytes are neighbours. A pair of
// products is an exact sum of 32 bits, and so is a block of 32. One step loads two vectors of the panel and one pair of each row.
// With minima, it also subtracts the minima of the columns times the totals of the rows, which are as far apart as the scales.
func quantStrip(minima bool) {
	name, more, doc := "quantStrip", "", "adds to 4 by 16 sums the products of four rows of a, stride bytes apart, with a panel of 16 columns."
	if minima {
		name, more, doc = "quantStripMinima", "totals *float32, minima *float32, ", "is quantStrip for weights less minima."
	}
	declare(name, "(blocks int, a *int16, stride int, scales *float32, scalesStride int, b *int16, bScales *float32, "+more+"c *float32)", doc)
	s := stripOperands{minima: minima}
	s.load()
	Label("loop")
	var sums [4][2]VecVirtual
	for r := range sums {
		sums[r] = [2]VecVirtual{YMM(), YMM()}
	}
	multiplyPairs(&sums, s.b, func(r int) Mem { return rowOfFour(r, s.a, s.stride, s.aLast) })
	s.addScaled(sums)
	ADDQ(Imm(64), s.a)
	ADDQ(Imm(64), s.aLast)
	ADDQ(U32(1024), s.b)
	s.next()
}

// stripOperands are the registers of a strip. The scales, minima and totals move along the blocks.
type stripOperands struct {
	minima                           bool
	blocks, a, stride, aLast         Register
	scales, scalesStride, scalesLast Register
	b, bScales, c                    Register
	totals, totalsLast, least        Register // with minima
}

// load loads the arguments.
func (s *stripOperands) load() {
	s.blocks = Load(Param("blocks"), GP64())
	s.a, s.stride = Load(Param("a"), GP64()), Load(Param("stride"), GP64())
	s.scales, s.scalesStride = Load(Param("scales"), GP64()), Load(Param("scalesStride"), GP64())
	s.b, s.bScales, s.c = Load(Param("b"), GP64()), Load(Param("bScales"), GP64()), Load(Param("c"), GP64())
	s.aLast, s.scalesLast = lastOfFour(s.a, s.stride), lastOfFour(s.scales, s.scalesStride)
	if s.minima {
		s.totals, s.least = Load(Param("totals"), GP64()), Load(Param("minima"), GP64())
		s.totalsLast = lastOfFour(s.totals, s.scalesStride)
	}
}

// next ends the loop over the blocks.
func (s *stripOperands) next() {
	if s.minima {
		ADDQ(Imm(64), s.least)
		ADDQ(Imm(4), s.totals)
		ADDQ(Imm(4), s.totalsLast)
	}
	ADDQ(Imm(4), s.scales)
	ADDQ(Imm(4), s.scalesLast)
	ADDQ(Imm(64), s.bScales)
	DECQ(s.blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// multiplyPairs sets the sums to the products of a block.
func multiplyPairs(sums *[4][2]VecVirtual, b Register, row func(r int) Mem) {
	for k := range 16 {
		w := [2]VecVirtual{YMM(), YMM()}
		for i := range w {
			VMOVDQU(Mem{Base: b, Disp: 64*k + 32*i}, w[i])
		}
		for r := range sums {
			pair := YMM()
			VPBROADCASTD(row(r).Offset(4*k), pair)
			for i := range w {
				if k == 0 {
					VPMADDWD(w[i], pair, sums[r][i])
					continue
				}
				x := YMM()
				VPMADDWD(w[i], pair, x)
				VPADDD(x, sums[r][i], sums[r][i])
			}
		}
	}
}

// addScaled adds the sums of a block, times its scales, to c. With minima, it first subtracts the minima times the totals of the rows.
func (s *stripOperands) addScaled(sums [4][2]VecVirtual) {
	for r := range sums {
		for i, x := range sums[r] {
			s.addVector(r, 32*i, x, YMM)
		}
	}
}

// addScaledWide is addScaled for vectors of 16 columns.
func (s *stripOperands) addScaledWide(sums [4]VecVirtual) {
	for r, x := range sums {
		s.addVector(r, 0, x, ZMM)
	}
}

// addVector adds the sums x of row r, for the columns from a distance in bytes on.
func (s *stripOperands) addVector(r, at int, x VecVirtual, vector func() VecVirtual) {
	scale, d, y, to := vector(), vector(), vector(), Mem{Base: s.c, Disp: 64*r + at}
	VMOVUPS(to, y)
	if s.minima {
		least := vector()
		VBROADCASTSS(rowOfFour(r, s.totals, s.scalesStride, s.totalsLast), least)
		VMULPS(Mem{Base: s.least, Disp: at}, least, least)
		VSUBPS(least, y, y)
	}
	VBROADCASTSS(rowOfFour(r, s.scales, s.scalesStride, s.scalesLast), scale)
	VMULPS(Mem{Base: s.bScales, Disp: at}, scale, d)
	VCVTDQ2PS(x, x)
	VMULPS(d, x, x)
	VADDPS(y, x, x)
	VMOVUPS(x, to)
}

// lastOfFour returns the address of the last of four rows.
func lastOfFour(first, stride Register) Register {
	last := GP64()
	LEAQ(Mem{Base: first, Index: stride, Scale: 2}, last)
	ADDQ(stride, last)
	return last
}

// rowOfFour returns the location of row r.
func rowOfFour(r int, first, stride, last Register) Mem {
	switch r {
	case 0:
		return Mem{Base: first}
	case 3:
		return Mem{Base: last}
	}
	return Mem{Base: first, Index: stride, Scale: uint8(r)}
}
