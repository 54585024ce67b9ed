package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// sums writes the reductions, which run in float64.
func sums() {
	row{
		name: "sumRow", doc: "returns Σ xᵢ.",
		in: []string{"x"}, sums: []string{"total"},
		body: func(v *vector) { v.add("total", v.load("x")) },
	}.write()
	row{
		name: "dotRow", doc: "returns Σ xᵢ·yᵢ.",
		in: []string{"x", "y"}, sums: []string{"total"},
		body: func(v *vector) { v.addProduct("total", v.halves(v.load("x")), v.halves(v.load("y"))) },
	}.write()
	sumSquares()
	addRow64()
}

// addProduct adds products in float64.
func (v *vector) addProduct(sum string, x, y [2]VecVirtual) {
	for i := range x {
		VFMADD231PD(x[i], y[i], v.sums[sum][i])
	}
}

// sumSquares subtracts the mean in float64. The missing elements of the last vector are masked afterwards.
func sumSquares() {
	declareRow("sumSquaresRow", "(n int, x *float32, mean float64) (total float64)", "returns Σ (xᵢ-mean)².")
	v := &vector{pointers: map[string]Register{}, sums: map[string][2]VecVirtual{"total": {zero(), zero()}}}
	n := Load(Param("n"), GP64())
	v.pointers["x"] = Load(Param("x"), GP64())
	mean := YMM()
	from, err := Param("mean").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSD(from.Addr, mean)
	v.offset = GP64()
	XORQ(v.offset, v.offset)
	body := func() {
		d := v.halves(v.load("x"))
		for i := range d {
			VSUBPD(mean, d[i], d[i])
			if v.mask != nil {
				m := YMM()
				VEXTRACTF128(U8(i), v.mask, m.AsX())
				VPMOVSXDQ(m.AsX(), m)
				VANDPD(m, d[i], d[i])
			}
		}
		v.addProduct("total", d, d)
	}
	SUBQ(Imm(lanes), n)
	JL(LabelRef("tail"))
	Label("loop")
	body()
	ADDQ(Imm(4*lanes), v.offset)
	SUBQ(Imm(lanes), n)
	JGE(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(lanes), n)
	JZ(LabelRef("done"))
	v.mask = loadMask(n)
	body()
	Label("done")
	Store(horizontal(v.sums["total"]), Return("total"))
	VZEROUPPER()
	RET()
}

// addRow64 adds a multiple of eight elements. Its caller adds the other elements.
func addRow64() {
	declareRow("addEights64", "(n int, y *float64, x *float32)", "computes y += x for n ≥ 8 elements, a multiple of 8.")
	n, y, x := Load(Param("n"), GP64()), Load(Param("y"), GP64()), Load(Param("x"), GP64())
	Label("loop")
	for half := range 2 {
		s := YMM()
		VCVTPS2PD(Mem{Base: x, Disp: 16 * half}, s)
		VADDPD(Mem{Base: y, Disp: 32 * half}, s, s)
		VMOVUPD(s, Mem{Base: y, Disp: 32 * half})
	}
	ADDQ(Imm(32), x)
	ADDQ(Imm(64), y)
	SUBQ(Imm(8), n)
	JG(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
