package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The stack of quantDots holds the scales of the eight parts of a block of Q4_K, for eight rows, their minima, and the totals of a times
// its scales.
const (
	minimaAt = 8 * 4 * lanes
	totalsAt = 2 * minimaAt
)

// dotQ5K adds a block of eight parts with fifth bits.
func (q *quantDots) dotQ5K() {
	q.fiveBits = true
	q.dotQ4K()
}

// dotQ4K adds a block of eight parts. Parts 2c and 2c+1 are the lower and upper halves of 32 bytes.
func (q *quantDots) dotQ4K() {
	q.local = AllocLocal(totalsAt + 4*lanes)
	totals := YMM()
	VCVTDQ2PS(Mem{Base: q.totals}, totals)
	VMULPS(Mem{Base: q.scales}, totals, totals)
	VMOVUPS(totals, q.local.Offset(totalsAt))
	q.parts()
	for c := range 4 {
		for i, x := range q.dotsOfParts(c) {
			q.addPart(2*c+i, x)
		}
	}
}

// parts stores the scales and minima of the parts. A row begins with 16 bytes: two scales in binary16 and twelve bytes of scales and
// minima in 6 bits.
func (q *quantDots) parts() {
	both, words := q.header()
	d, least := splitHalves(both)
	six, high := YMM(), YMM()
	VMOVDQU(allInt(0x3f3f3f3f), six)
	VMOVDQU(allInt(0x30303030), high)
	// upper returns the bits 4 and 5 of the last four scales or minima, which are the bits 6 and 7 of the first four.
	upper := func(x VecVirtual) VecVirtual {
		u := YMM()
		VPSRLD(Imm(2), x, u)
		VPAND(high, u, u)
		return u
	}
	store := func(at int, first, last, scale VecVirtual) {
		rest := upper(first)
		VPAND(q.low, last, last)
		VPOR(rest, last, last)
		VPAND(six, first, first)
		q.storeParts(at, first, scale)
		q.storeParts(at+4*4*lanes, last, scale)
	}
	minima := YMM()
	VPSRLD(Imm(4), words[2], minima)
	store(0, words[0], words[2], d)
	store(minimaAt, words[1], minima, least)
}

// header returns the four words at the beginning of the blocks, with a lane for each row.
func (q *quantDots) header() (both VecVirtual, words [3]VecVirtual) {
	var h [4]VecVirtual
	for r := range h {
		h[r] = q.halves(r, 0)
	}
	t := [4]VecVirtual{YMM(), YMM(), YMM(), YMM()}
	for i := range 2 {
		VPUNPCKLDQ(h[2*i+1], h[2*i], t[i])
		VPUNPCKHDQ(h[2*i+1], h[2*i], t[i+2])
	}
	both, words = YMM(), [3]VecVirtual{YMM(), YMM(), YMM()}
	VPUNPCKLQDQ(t[1], t[0], both)
	VPUNPCKHQDQ(t[1], t[0], words[0])
	VPUNPCKLQDQ(t[3], t[2], words[1])
	VPUNPCKHQDQ(t[3], t[2], words[2])
	return both, words
}

// splitHalves returns the numbers in binary16 in the lower and in the upper halves of words.
func splitHalves(words VecVirtual) (low, high VecVirtual) {
	low, high = YMM(), YMM()
	VPSRLD(Imm(16), words, high)
	VPSLLD(Imm(16), words, low)
	VPSRLD(Imm(16), low, low)
	VPACKUSDW(high, low, low)
	VPERMQ(Imm(0xd8), low, low)
	VEXTRACTI128(Imm(1), low, high.AsX())
	VCVTPH2PS(low.AsX(), low)
	VCVTPH2PS(high.AsX(), high)
	return low, high
}

// storeParts stores the four bytes of each word, times a scale.
func (q *quantDots) storeParts(at int, x, scale VecVirtual) {
	for j := range 4 {
		v := YMM()
		VPSRLD(Imm(uint64(8*j)), x, v)
		if j < 3 {
			VPAND(allInt(0xff), v, v)
		}
		VCVTDQ2PS(v, v)
		VMULPS(scale, v, v)
		VMOVUPS(v, q.local.Offset(at+4*lanes*j))
	}
}

// dotsOfParts returns the exact sums of parts 2c and 2c+1.
func (q *quantDots) dotsOfParts(c int) [2]VecVirtual {
	var a [4]VecVirtual
	for i := range a {
		a[i] = YMM()
		VBROADCASTI128(Mem{Base: q.a, Disp: 64*c + 16*i}, a[i])
	}
	row := func(r int) (x [2]VecVirtual) {
		for i := range 2 {
			low := 16
			var high VecVirtual
			if q.fiveBits {
				low, high = 48, q.halves(r, 16+16*i)
			}
			w, u := q.halves(r, low+32*c+16*i), YMM()
			VPSRLW(Imm(4), w, u)
			for part, v := range []VecVirtual{w, u} {
				VPAND(q.low, v, v)
				if q.fiveBits {
					addFifths(high, 2*c+part, allInt(0x10101010), v)
				}
				x[part] = q.product(a[2*part+i], v, x[part])
			}
		}
		return x
	}
	pair := func(r int) [2]VecVirtual {
		x, y := row(r), row(r+1)
		return [2]VecVirtual{q.paired(x[0], y[0]), q.paired(x[1], y[1])}
	}
	x, y := pair(0), pair(2)
	return [2]VecVirtual{q.joined(x[0], y[0]), q.joined(x[1], y[1])}
}

// addFifths sets the bits 4 of to from the bits of part j in high.
func addFifths(high VecVirtual, j int, mask Mem, to Op) {
	x := YMM()
	shifted(high, 4-j, x)
	VPAND(mask, x, x)
	VPOR(x, to, to)
}

// addPart subtracts the minimum of part j times the total of a, and adds the exact sum times the scales.
func (q *quantDots) addPart(j int, exact VecVirtual) {
	least, scale := YMM(), YMM()
	VBROADCASTSS(q.local.Offset(totalsAt+4*j), least)
	VMULPS(q.local.Offset(minimaAt+4*lanes*j), least, least)
	VSUBPS(least, q.sums, q.sums)
	VBROADCASTSS(Mem{Base: q.scales, Disp: 4 * j}, scale)
	VMULPS(q.local.Offset(4*lanes*j), scale, scale)
	VCVTDQ2PS(exact, exact)
	VMULPS(scale, exact, exact)
	VADDPS(exact, q.sums, q.sums)
}
