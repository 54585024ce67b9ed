package main

// sums writes the reductions, which run in float64, in the order of the assembly for amd64.
func sums() {
	row{
		name: "sumRow", doc: "returns Σ xᵢ.",
		in: []string{"x"}, sums: []string{"total"},
		body: func(v *vector) { v.addTo("total", v.load("x")) },
	}.write()
	row{
		name: "dotRow", doc: "returns Σ xᵢ·yᵢ.",
		in: []string{"x", "y"}, sums: []string{"total"},
		body: func(v *vector) { v.addProduct("total", v.widen(v.load("x")), v.widen(v.load("y"))) },
	}.write()
	row{
		name: "sumSquaresRow", doc: "returns Σ (xᵢ-mean)².",
		in: []string{"x"}, doubles: []string{"mean"}, sums: []string{"total"},
		body: func(v *vector) {
			d := v.apply(opSub64, v.widen(v.load("x")), v.scalars["mean"])
			if v.tail {
				d = v.apply(opAnd, d, v.widenMask(v.mask))
			}
			v.addProduct("total", d, d)
		},
	}.write()
	addEights()
}

// double returns an argument of eight bytes in both halves of a register.
func (f *function) double(name string) *value {
	v, place := f.pin(1), f.argument(name)
	f.do(instruction{s: []*value{v}, emit: func(_ []int, s [][]int) {
		f.line("FMOVD %s, F%d", place, s[0][0])
		f.line("VDUP V%d.D[0], V%[1]d.D2", s[0][0])
	}})
	return v
}

// widen returns x in float64.
func (f *function) widen(x *value) *value { return f.stretch(x, opWiden, opWiden2) }

// widenMask returns a mask of elements of 64 bits.
func (f *function) widenMask(x *value) *value { return f.stretch(x, opSignWide, opSignWide2) }

func (f *function) stretch(x *value, low, high opcode) *value {
	return f.do(instruction{d: &value{width: 4}, s: []*value{x}, emit: func(d []int, s [][]int) {
		for i := range d {
			f.word([]opcode{low, high}[i%2], 0, s[0][i/2], d[i])
		}
	}})
}

// addTo adds the elements of x to a sum.
func (v *vector) addTo(sum string, x *value) {
	if v.tail {
		x = v.apply(opAnd, x, v.mask)
	}
	v.accumulate(opAdd64, v.sums[sum], v.widen(x))
}

// addProduct adds products in float64.
func (v *vector) addProduct(sum string, x, y *value) { v.accumulate(opFma64, v.sums[sum], x, y) }

// storeSum writes the sum of eight float64 to a result.
func (f *function) storeSum(sum *value, name string) {
	place := f.argument(name)
	f.do(instruction{s: []*value{sum}, emit: func(_ []int, s [][]int) {
		r := s[0]
		f.word(opAdd64, r[2], r[0], r[0])
		f.word(opAdd64, r[3], r[1], r[1])
		f.word(opAdd64, r[1], r[0], r[0])
		f.word(opAddPair64, 0, r[0], r[0])
		f.line("FMOVD F%d, %s", r[0], place)
	}})
}

// addEights adds a multiple of eight elements. Its caller adds the other elements.
func addEights() {
	f := newFunction("addEights64Asm", "(n int, y *float64, x *float32)")
	f.integer("n", "R0")
	f.integer("y", "R1")
	f.integer("x", "R2")
	f.raw("loop:")
	x := f.widen(f.loadFrom("FLDPQ.P 32(R2), (F%d, F%d)", 2))
	for half := range 2 {
		f.do(instruction{d: &value{width: 2}, s: []*value{x}, emit: func(d []int, s [][]int) {
			f.line("FLDPQ (R1), (F%d, F%d)", d[0], d[1])
			for i := range d {
				f.word(opAdd64, s[0][2*half+i], d[i], d[i])
			}
			f.line("FSTPQ.P (F%d, F%d), 32(R1)", d[0], d[1])
		}})
	}
	f.raw("SUBS $8, R0")
	f.raw("BGT loop")
	f.raw("RET")
	f.finish("computes y += x for n ≥ 8 elements, a multiple of 8.")
}

// loadFrom returns a value that an instruction loads into one or two registers.
func (f *function) loadFrom(format string, width int) *value {
	return f.do(instruction{d: &value{width: width}, emit: func(d []int, _ [][]int) {
		if width == 1 {
			f.line(format, d[0])
		} else {
			f.line(format, d[0], d[1])
		}
	}})
}

// unpackQ8 writes the conversion of cached keys and values.
func unpackQ8() {
	f := newFunction("unpackQ8NEON", "(blocks int, dst *float32, w *byte)")
	f.integer("blocks", "R0")
	f.integer("dst", "R1")
	f.integer("w", "R2")
	f.raw("loop:")
	scale := f.loadFrom("VLD1R.P 2(R2), [V%d.H8]", 1)
	scale = f.do(instruction{d: &value{width: 1}, s: []*value{scale}, emit: func(d []int, s [][]int) {
		f.word(opWidenHalf, 0, s[0][0], d[0])
	}})
	for range 2 {
		bytes := f.loadFrom("VLD1.P 16(R2), [V%d.B16]", 1)
		words := f.do(instruction{d: &value{width: 2}, s: []*value{bytes}, emit: func(d []int, s [][]int) {
			f.word(opSignShort, 0, s[0][0], d[0])
			f.word(opSignShort2, 0, s[0][0], d[1])
		}})
		x := f.do(instruction{d: &value{width: 4}, s: []*value{words}, emit: func(d []int, s [][]int) {
			for i := range d {
				f.word([]opcode{opSignWord, opSignWord2}[i%2], 0, s[0][i/2], d[i])
			}
		}})
		x = f.mul(f.apply(opToFloat, x), scale)
		f.do(instruction{s: []*value{x}, emit: func(_ []int, s [][]int) {
			f.line("FSTPQ.P (F%d, F%d), 32(R1)", s[0][0], s[0][1])
			f.line("FSTPQ.P (F%d, F%d), 32(R1)", s[0][2], s[0][3])
		}})
	}
	f.raw("SUBS $1, R0")
	f.raw("BNE loop")
	f.raw("RET")
	f.finish("writes blocks of Q8_0 as float32.")
}
