package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// linear writes the rows of additions and multiplications.
func linear() {
	for _, op := range []struct {
		name, sign string
		do         func(b, a Op, y Op)
	}{
		{"add", "+", func(b, a, y Op) { VADDPS(b, a, y) }}, {"sub", "-", func(b, a, y Op) { VSUBPS(b, a, y) }},
		{"mul", "·", func(b, a, y Op) { VMULPS(b, a, y) }}, {"div", "/", func(b, a, y Op) { VDIVPS(b, a, y) }},
	} {
		row{
			name: op.name + "Rows", doc: "computes z = x" + op.sign + "y.",
			in: []string{"x", "y"}, out: []string{"z"},
			body: func(v *vector) {
				z := YMM()
				op.do(v.load("y"), v.load("x"), z)
				v.store("z", z)
			},
		}.write()
	}
	row{
		name: "scaleRow", doc: "computes y = a·x.",
		in: []string{"x"}, out: []string{"y"}, scalars: []string{"a"},
		body: func(v *vector) { v.store("y", mul(v.scalars["a"], v.load("x"))) },
	}.write()
	row{
		name: "axpyRow", doc: "computes y += a·x.",
		in: []string{"y", "x"}, out: []string{"y"}, scalars: []string{"a"},
		body: func(v *vector) { v.store("y", add(mul(v.scalars["a"], v.load("x")), v.load("y"))) },
	}.write()
	row{
		name: "softmaxGradRow", doc: "computes dx = 2y·(dy/2-avg-rest).",
		in: []string{"y", "dy"}, out: []string{"dx"}, scalars: []string{"avg", "rest"},
		body: func(v *vector) {
			d := sub(sub(mul(all(0.5), v.load("dy")), v.scalars["avg"]), v.scalars["rest"])
			y := v.load("y")
			v.store("dx", mul(d, add(y, y)))
		},
	}.write()
	row{
		name: "addShiftedRow", doc: "computes y += x - a.",
		in: []string{"y", "x"}, out: []string{"y"}, scalars: []string{"a"},
		body: func(v *vector) { v.store("y", add(v.load("y"), sub(v.load("x"), v.scalars["a"]))) },
	}.write()
	largest()
}

// largest keeps NaN in a separate mask, because the instruction drops it.
func largest() {
	declareRow("largestRow", "(n int, x *float32) float32", "returns the maximum of n elements: -Inf if n is 0, NaN if an element is NaN.")
	v := &vector{pointers: map[string]Register{}}
	n := Load(Param("n"), GP64())
	v.pointers["x"] = Load(Param("x"), GP64())
	v.offset = GP64()
	XORQ(v.offset, v.offset)
	top, nan := YMM(), zero()
	VMOVUPS(allInt(0xff800000), top)
	see := func(x VecVirtual) {
		VMAXPS(x, top, top)
		VORPS(compare(3, x, x), nan, nan)
	}
	SUBQ(Imm(lanes), n)
	JL(LabelRef("tail"))
	Label("loop")
	see(v.load("x"))
	ADDQ(Imm(4*lanes), v.offset)
	SUBQ(Imm(lanes), n)
	JGE(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(lanes), n)
	JZ(LabelRef("done"))
	v.mask = loadMask(n)
	none := YMM()
	VMOVUPS(allInt(0xff800000), none)
	see(choose(v.mask, v.load("x"), none))
	Label("done")
	result := reduceMax(top, nan)
	Store(result, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// reduceMax returns the maximum of eight elements, or NaN if the mask has a bit.
func reduceMax(x, nan VecVirtual) Register {
	y, bits := XMM(), GP32()
	VMOVMSKPS(nan, bits)
	VEXTRACTF128(Imm(1), x, y)
	VMAXPS(y, x.AsX(), y)
	z := XMM()
	VPERMILPS(Imm(0x4e), y, z)
	VMAXPS(z, y, y)
	VPERMILPS(Imm(0xb1), y, z)
	VMAXPS(z, y, y)
	TESTL(bits, bits)
	JZ(LabelRef("finite"))
	// All ones are a NaN.
	VPCMPEQD(y, y, y)
	Label("finite")
	return y
}
