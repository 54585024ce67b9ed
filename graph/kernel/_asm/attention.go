package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// attention writes the softmax of a band of scores: rows of n elements, a multiple of 8, stride bytes apart.
func attention() {
	attendRows(false)
	attendRows(true)
	attendGradRows(false)
	attendGradRows(true)
}

// attendRows runs over the rows three times, because the processor overlaps the work of short rows only if they are independent: for
// their maxima, for eight factors at a time, and for the exponentials. If wide is set, it computes sixteen exponentials at a time.
func attendRows(wide bool) {
	const signature = "(rows, n int, scores *float32, stride int, top, sum, shrink *float32)"
	const doc = "It writes their sum and e^(old top - top). Rows are stride bytes apart."
	if wide {
		declareIn("AVX512", "attendRows", signature, "updates the maximum top of each row with its n scores, a multiple of 16, and replaces them by e^(score-top). "+doc)
	} else {
		declareRow("attendRows", signature, "updates the maximum top of each row with its n scores, a multiple of 8, and replaces them by e^(score-top). "+doc)
	}
	v := &vector{pointers: map[string]Register{}, offset: GP64()}
	rows, n := Load(Param("rows"), GP64()), Load(Param("n"), GP64())
	for _, name := range []string{"scores", "top", "sum", "shrink"} {
		v.pointers[name] = Load(Param(name), GP64())
	}
	stride := Load(Param("stride"), GP64())
	SHLQ(Imm(2), n)
	row := GP64()
	XORQ(row, row)
	Label("maxima")
	VMOVSS(largestOf(v, n), Mem{Base: v.pointers["sum"], Index: row, Scale: 4})
	ADDQ(stride, v.pointers["scores"])
	INCQ(row)
	CMPQ(row, rows)
	JL(LabelRef("maxima"))
	v.shrinkRows(rows)
	Load(Param("scores"), v.pointers["scores"])
	start := v.exponentials
	if wide {
		start = v.wideExponentials(newWide())
	}
	XORQ(row, row)
	Label("row")
	shift, total := YMM(), YMM()
	VBROADCASTSS(Mem{Base: v.pointers["top"], Index: row, Scale: 4}, shift)
	shift = finiteOr0(shift)
	VXORPS(total, total, total)
	exponentials := start(shift, total)
	XORQ(v.offset, v.offset)
	Label("exponentials")
	exponentials()
	CMPQ(v.offset, n)
	JL(LabelRef("exponentials"))
	VMOVSS(sumOf(total), Mem{Base: v.pointers["sum"], Index: row, Scale: 4})
	ADDQ(stride, v.pointers["scores"])
	INCQ(row)
	CMPQ(row, rows)
	JL(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// exponentials returns a function that replaces eight scores and adds the results to total.
func (v *vector) exponentials(shift, total VecVirtual) func() {
	return func() {
		y := exp(sub(v.load("scores"), shift))
		v.store("scores", y)
		VADDPS(y, total, total)
		ADDQ(Imm(4*lanes), v.offset)
	}
}

// wideExponentials is exponentials for sixteen scores, with the same sums.
func (v *vector) wideExponentials(w wide) func(shift, total VecVirtual) func() {
	return func(shift, total VecVirtual) func() {
		shifts := broadcastAll(shift.AsX())
		return func() {
			x, high := v.loadWide("scores"), YMM()
			VSUBPS(shifts, x, x)
			y := w.exp(x)
			VMOVUPS(y, v.at("scores"))
			VADDPS(y.AsY(), total, total)
			VEXTRACTF64X4(Imm(1), y, high)
			VADDPS(high, total, total)
			ADDQ(Imm(4*wideLanes), v.offset)
		}
	}
}

// shrinkRows updates the maxima of eight rows at a time with their new scores, whose maxima are in sum.
func (v *vector) shrinkRows(rows Register) {
	left := GP64()
	MOVQ(rows, left)
	XORQ(v.offset, v.offset)
	SUBQ(Imm(lanes), left)
	JL(LabelRef("lastRows"))
	Label("eightRows")
	v.shrinkEight()
	ADDQ(Imm(4*lanes), v.offset)
	SUBQ(Imm(lanes), left)
	JGE(LabelRef("eightRows"))
	Label("lastRows")
	ADDQ(Imm(lanes), left)
	JZ(LabelRef("shrunk"))
	v.mask = loadMask(left)
	v.shrinkEight()
	v.mask = nil
	Label("shrunk")
}

func (v *vector) shrinkEight() {
	old, new := v.load("top"), v.load("sum")
	VMAXPS(new, old, new)
	grown := compare(greater, new, old)
	v.store("shrink", choose(grown, exp(sub(old, finiteOr0(new))), constant(1)))
	v.store("top", new)
}

// largestOf returns the maximum of n bytes of scores. It ignores NaN, which stays NaN in the exponentials.
func largestOf(v *vector, n Register) Register {
	top, x := YMM(), YMM()
	VMOVUPS(allInt(0xff800000), top)
	XORQ(v.offset, v.offset)
	Label("largest")
	VMOVUPS(v.at("scores"), x)
	VMAXPS(top, x, top)
	ADDQ(Imm(4*lanes), v.offset)
	CMPQ(v.offset, n)
	JL(LabelRef("largest"))
	y, z := XMM(), XMM()
	VEXTRACTF128(Imm(1), top, y)
	VMAXPS(y, top.AsX(), y)
	VPERMILPS(Imm(0x4e), y, z)
	VMAXPS(z, y, y)
	VPERMILPS(Imm(0xb1), y, z)
	VMAXPS(z, y, y)
	return y
}

// finiteOr0 returns x, or 0 where x is -Inf: a difference of two -Inf would be NaN.
func finiteOr0(x VecVirtual) VecVirtual {
	y := YMM()
	VANDPS(compare(greater, x, allInt(0xff800000)), x, y)
	return y
}

// sumOf returns the sum of the elements of x.
func sumOf(x VecVirtual) Register {
	y, z := XMM(), XMM()
	VEXTRACTF128(Imm(1), x, y)
	VADDPS(y, x.AsX(), y)
	VPERMILPS(Imm(0x4e), y, z)
	VADDPS(z, y, y)
	VPERMILPS(Imm(0xb1), y, z)
	VADDPS(z, y, y)
	return y
}

// attendGradRows computes sixteen elements at a time if wide is set.
func attendGradRows(wide bool) {
	const signature = "(rows, n int, p, ds *float32, stride int, top, inverse, delta *float32)"
	const doc = "computes p = e^(p-top)·inverse and ds = 2p·(ds/2 - delta/2) for n elements of each row, a multiple of "
	if wide {
		declareIn("AVX512", "attendGradRows", signature, doc+"16. Rows are stride bytes apart.")
	} else {
		declareRow("attendGradRows", signature, doc+"8. Rows are stride bytes apart.")
	}
	v := &vector{pointers: map[string]Register{}, offset: GP64()}
	rows, n := Load(Param("rows"), GP64()), Load(Param("n"), GP64())
	for _, name := range []string{"p", "ds", "top", "inverse", "delta"} {
		v.pointers[name] = Load(Param(name), GP64())
	}
	stride := Load(Param("stride"), GP64())
	SHLQ(Imm(2), n)
	row := v.gradRow
	if wide {
		row = v.wideGradRow(newWide())
	}
	Label("row")
	elements := row()
	XORQ(v.offset, v.offset)
	Label("elements")
	elements()
	CMPQ(v.offset, n)
	JL(LabelRef("elements"))
	for _, name := range []string{"top", "inverse", "delta"} {
		ADDQ(Imm(4), v.pointers[name])
	}
	for _, name := range []string{"p", "ds"} {
		ADDQ(stride, v.pointers[name])
	}
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// gradRow loads the numbers of a row. The returned function computes eight elements.
func (v *vector) gradRow() func() {
	half, top, inverse, delta := constant(0.5), YMM(), YMM(), YMM()
	VBROADCASTSS(Mem{Base: v.pointers["top"]}, top)
	VBROADCASTSS(Mem{Base: v.pointers["inverse"]}, inverse)
	VBROADCASTSS(Mem{Base: v.pointers["delta"]}, delta)
	VMULPS(half, delta, delta)
	return func() {
		p := mul(inverse, exp(sub(v.load("p"), top)))
		v.store("p", p)
		d := v.load("ds")
		VFMSUB132PS(half, delta, d)
		v.store("ds", mul(d, add(p, p)))
		ADDQ(Imm(4*lanes), v.offset)
	}
}

// wideGradRow is gradRow for sixteen elements.
func (v *vector) wideGradRow(w wide) func() func() {
	return func() func() {
		top, inverse := broadcastAll(Mem{Base: v.pointers["top"]}), broadcastAll(Mem{Base: v.pointers["inverse"]})
		half, delta := w.all(0.5), broadcastAll(Mem{Base: v.pointers["delta"]})
		VMULPS(half, delta, delta)
		return func() {
			x := v.loadWide("p")
			VSUBPS(top, x, x)
			p, d := w.exp(x), v.loadWide("ds")
			VMULPS(inverse, p, p)
			VMOVUPS(p, v.at("p"))
			VFMSUB132PS(half, delta, d)
			VADDPS(p, p, p)
			VMULPS(p, d, d)
			VMOVUPS(d, v.at("ds"))
			ADDQ(Imm(4*wideLanes), v.offset)
		}
	}
}
