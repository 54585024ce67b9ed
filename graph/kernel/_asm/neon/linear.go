package main

// linear writes the rows of additions and multiplications.
func linear() {
	for _, op := range []struct {
		name, sign string
		code       opcode
	}{{"add", "+", opAdd}, {"sub", "-", opSub}, {"mul", "·", opMul}, {"div", "/", opDiv}} {
		row{
			name: op.name + "Rows", doc: "computes z = x" + op.sign + "y.",
			in: []string{"x", "y"}, out: []string{"z"},
			body: func(v *vector) { v.store("z", v.apply(op.code, v.load("x"), v.load("y"))) },
		}.write()
	}
	row{
		name: "scaleRow", doc: "computes y = a·x.",
		in: []string{"x"}, out: []string{"y"}, scalars: []string{"a"},
		body: func(v *vector) { v.store("y", v.mul(v.load("x"), v.scalars["a"])) },
	}.write()
	row{
		name: "axpyRow", doc: "computes y += a·x.",
		in: []string{"y", "x"}, out: []string{"y"}, scalars: []string{"a"},
		body: func(v *vector) { v.store("y", v.add(v.mul(v.load("x"), v.scalars["a"]), v.load("y"))) },
	}.write()
	row{
		name: "softmaxGradRow", doc: "computes dx = 2y·(dy/2-avg-rest).",
		in: []string{"y", "dy"}, out: []string{"dx"}, scalars: []string{"avg", "rest"},
		body: func(v *vector) {
			d := v.sub(v.sub(v.mul(v.load("dy"), v.number(0.5)), v.scalars["avg"]), v.scalars["rest"])
			y := v.load("y")
			v.store("dx", v.mul(d, v.add(y, y)))
		},
	}.write()
	row{
		name: "addShiftedRow", doc: "computes y += x - a.",
		in: []string{"y", "x"}, out: []string{"y"}, scalars: []string{"a"},
		body: func(v *vector) { v.store("y", v.add(v.load("y"), v.sub(v.load("x"), v.scalars["a"]))) },
	}.write()
	largest()
}

// largest reads the last elements one by one.
func largest() {
	f := newFunction("largestRowAsm", "(n int, x *float32) float32")
	f.integer("n", "R0")
	f.integer("x", "R1")
	top := f.pin(2)
	f.set(top, f.constant(0xff800000))
	f.raw("SUBS $8, R0")
	f.raw("BLT tail")
	f.raw("loop:")
	f.accumulate(opMax, top, f.loadFrom("FLDPQ.P 32(R1), (F%d, F%d)", 2))
	f.raw("SUBS $8, R0")
	f.raw("BGE loop")
	f.raw("tail:")
	f.raw("ADDS $8, R0")
	f.raw("BEQ done")
	f.raw("element:")
	f.accumulate(opMax, top, f.loadFrom("VLD1R.P 4(R1), [V%d.S4]", 1))
	f.raw("SUBS $1, R0")
	f.raw("BNE element")
	f.raw("done:")
	f.do(instruction{s: []*value{top}, emit: func(_ []int, s [][]int) {
		f.word(opMax, s[0][1], s[0][0], s[0][0])
		f.word(opMaxAcross, 0, s[0][0], s[0][0])
		f.line("FMOVS F%d, ret+16(FP)", s[0][0])
	}})
	f.raw("RET")
	f.finish("returns the maximum of n elements: -Inf if n is 0, NaN if an element is NaN.")
}
