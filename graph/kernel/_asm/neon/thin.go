package main

import "fmt"

// thin writes the products of one row with four rows of a matrix. They read the matrix once.
func thin() {
	dotsOf(1)
	dotsOf(2)
	axpys()
}

// matrixRows sets the pointers to four rows from R10 on, R11 bytes apart.
func (v *vector) matrixRows() {
	v.integer("b", "R10")
	v.integer("stride", "R11")
	for r := range 4 {
		v.raw("MOVD R10, %s", v.pointer(fmt.Sprintf("b%d", r)))
		v.raw("ADD R11, R10")
	}
}

// dotsOf writes the products of one or two rows of a with four rows of b, which are read once.
func dotsOf(rows int) {
	name, custom := "dots4", "(n int, a, b *float32, stride int, sums *[4]float32)"
	doc, in := "writes the products of a with four rows of b of n elements, stride bytes apart.", []string{"a"}
	if rows == 2 {
		name, custom = "pairDots4", "(n int, a, second, b *float32, stride int, sums *[8]float32)"
		doc, in = "writes the products of a and of second with four rows of b of n elements, stride bytes apart.", []string{"a", "second"}
	}
	row{
		name: name, doc: doc, custom: custom, in: append(in, "b0", "b1", "b2", "b3"),
		begin: func(v *vector) {
			for _, a := range in {
				v.integer(a, v.pointer(a))
			}
			v.matrixRows()
			for range 4 * rows {
				s := v.pin(2)
				v.zero(s)
				v.state = append(v.state, s)
			}
		},
		body: func(v *vector) {
			var x []*value
			for _, a := range in {
				x = append(x, v.load(a))
			}
			for r := range 4 {
				b := v.load(fmt.Sprintf("b%d", r))
				for i, a := range x {
					v.accumulate(opFma, v.state[4*i+r], a, b)
				}
			}
		},
		end: func(v *vector) {
			v.integer("sums", "R10")
			for i := range in {
				v.storeFour(v.state[4*i:][:4])
			}
		},
	}.write()
}

// storeFour adds up the elements of four sums and stores the results.
func (f *function) storeFour(sums []*value) {
	f.do(instruction{s: sums, emit: func(_ []int, s [][]int) {
		for half := range 2 {
			f.word(opAddPairs, s[1][half], s[0][half], s[0][half])
			f.word(opAddPairs, s[3][half], s[2][half], s[2][half])
			f.word(opAddPairs, s[2][half], s[0][half], s[0][half])
		}
		f.word(opAdd, s[0][1], s[0][0], s[0][0])
		f.line("VST1.P [V%d.S4], 16(R10)", s[0][0])
	}})
}

func axpys() {
	row{
		name: "axpy4", doc: "computes y += a[0]·b₀ + … + a[3]·b₃ with four rows of b of n elements, stride bytes apart.",
		custom: "(n int, y, b *float32, stride int, a *[4]float32)",
		in:     []string{"y", "b0", "b1", "b2", "b3"}, out: []string{"y"},
		begin: func(v *vector) {
			v.integer("y", v.pointer("y"))
			v.matrixRows()
			v.integer("a", "R10")
			for range 4 {
				a := v.pin(1)
				v.set(a, v.loadFrom("VLD1R.P 4(R10), [V%d.S4]", 1))
				v.state = append(v.state, a)
			}
		},
		body: func(v *vector) {
			a := v.state
			s, t := v.load("y"), v.mul(v.load("b1"), a[1])
			s = v.fma(v.load("b0"), a[0], s)
			t = v.fma(v.load("b3"), a[3], t)
			s = v.fma(v.load("b2"), a[2], s)
			v.store("y", v.add(s, t))
		},
	}.write()
}
