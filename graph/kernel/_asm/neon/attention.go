package main

// attention writes the softmax of a band of scores: rows of n elements, a multiple of 8, stride bytes apart.
func attention() {
	attendRows()
	attendGradRows()
}

// attendRows computes no exponential for a maximum that stays, which is the most frequent case.
func attendRows() {
	f := newFunction("attendRowsAsm", "(rows, n int, scores *float32, stride int, top, sum, shrink *float32)")
	for i, name := range []string{"rows", "n", "scores", "stride", "top", "sum", "shrink"} {
		f.integer(name, "R"+string(rune('0'+i)))
	}
	best, total, old, next, shift := f.pin(2), f.pin(2), f.pin(1), f.pin(1), f.pin(1)
	f.raw("row:")
	f.set(best, f.constant(0xff800000))
	f.start()
	f.raw("largest:")
	f.accumulate(opMaxNumber, best, f.loadFrom("FLDPQ.P 32(R9), (F%d, F%d)", 2))
	f.repeat("largest")
	f.set(old, f.loadFrom("VLD1R (R4), [V%d.S4]", 1))
	f.do(instruction{s: []*value{best, next}, emit: func(_ []int, s [][]int) {
		b, n := s[0], s[1][0]
		f.word(opMaxNumber, b[1], b[0], b[0])
		f.word(opMaxNumbers, 0, b[0], n)
		f.line("VDUP V%d.S[0], V%[1]d.S4", n)
	}})
	f.accumulate(opMaxNumber, next, old)
	// The shift is 0 where the maximum is -Inf: a difference of two -Inf would be NaN.
	f.set(shift, f.apply(opAnd, next, f.apply(opGreater, next, f.constant(0xff800000))))
	f.storeLane(f.apply(opOr, f.number(1), f.number(1)), "(R6)")
	f.do(instruction{s: []*value{old, next}, emit: func(_ []int, s [][]int) {
		f.line("FCMPS F%d, F%d", s[0][0], s[1][0])
		f.line("BLE kept")
		f.line("FMOVS F%d, (R4)", s[1][0])
	}})
	f.storeLane(f.exp(f.sub(old, shift)), "(R6)")
	f.raw("kept:")
	f.zero(total)
	f.start()
	f.raw("exponentials:")
	y := f.exp(f.sub(f.loadFrom("FLDPQ (R9), (F%d, F%d)", 2), shift))
	f.storePair(y, "FSTPQ.P (F%d, F%d), 32(R9)")
	f.accumulate(opAdd, total, y)
	f.repeat("exponentials")
	f.storeTotal(total, "(R5)")
	f.nextRow([]string{"R4", "R5", "R6"}, []string{"R2"})
	f.finish("updates the maximum top of each row with its n scores, a multiple of 8, and replaces them by e^(score-top). " +
		"It writes their sum and e^(old top - top). Rows are stride bytes apart.")
}

// start and repeat loop over the elements of a row, from R2 on.
func (f *function) start() {
	f.raw("MOVD R2, R9")
	f.raw("MOVD R1, R10")
}

func (f *function) repeat(label string) {
	f.raw("SUBS $8, R10")
	f.raw("BGT %s", label)
}

// nextRow ends the loop over rows.
func (f *function) nextRow(elements, rows []string) {
	for _, r := range elements {
		f.raw("ADD $4, %s", r)
	}
	for _, r := range rows {
		f.raw("ADD R3, %s", r)
	}
	f.raw("SUBS $1, R0")
	f.raw("BNE row")
	f.raw("RET")
}

func (f *function) storeLane(x *value, place string) {
	f.do(instruction{s: []*value{x}, emit: func(_ []int, s [][]int) { f.line("FMOVS F%d, %s", s[0][0], place) }})
}

func (f *function) storePair(x *value, format string) {
	f.do(instruction{s: []*value{x}, emit: func(_ []int, s [][]int) { f.line(format, s[0][0], s[0][1]) }})
}

// storeTotal writes the sum of the elements of a pinned value, which it overwrites, in the order of the assembly for amd64.
func (f *function) storeTotal(x *value, place string) {
	f.do(instruction{s: []*value{x}, emit: func(_ []int, s [][]int) {
		a, b := s[0][0], s[0][1]
		f.word(opAdd, b, a, a)
		f.line("VEXT $8, V%d.B16, V%[1]d.B16, V%d.B16", a, b)
		f.word(opAdd, b, a, a)
		f.word(opAddPairs, a, a, a)
		f.line("FMOVS F%d, %s", a, place)
	}})
}

func attendGradRows() {
	f := newFunction("attendGradRowsAsm", "(rows, n int, p, ds *float32, stride int, top, inverse, delta *float32)")
	for _, a := range [][2]string{
		{"rows", "R0"}, {"n", "R1"}, {"p", "R2"}, {"ds", "R4"}, {"stride", "R3"}, {"top", "R5"}, {"inverse", "R6"}, {"delta", "R7"},
	} {
		f.integer(a[0], a[1])
	}
	top, inverse, delta := f.pin(1), f.pin(1), f.pin(1)
	f.raw("row:")
	f.set(top, f.loadFrom("VLD1R.P 4(R5), [V%d.S4]", 1))
	f.set(inverse, f.loadFrom("VLD1R.P 4(R6), [V%d.S4]", 1))
	f.set(delta, f.mul(f.loadFrom("VLD1R.P 4(R7), [V%d.S4]", 1), f.number(-0.5)))
	f.start()
	f.raw("MOVD R4, R11")
	f.raw("elements:")
	p := f.mul(f.exp(f.sub(f.loadFrom("FLDPQ (R9), (F%d, F%d)", 2), top)), inverse)
	f.storePair(p, "FSTPQ.P (F%d, F%d), 32(R9)")
	d := f.fma(f.loadFrom("FLDPQ (R11), (F%d, F%d)", 2), f.number(0.5), delta)
	f.storePair(f.mul(d, f.add(p, p)), "FSTPQ.P (F%d, F%d), 32(R11)")
	f.repeat("elements")
	f.nextRow(nil, []string{"R2", "R4"})
	f.finish("computes p = e^(p-top)·inverse and ds = 2p·(ds/2 - delta/2) for n elements of each row, a multiple of 8. Rows are stride bytes apart.")
}
