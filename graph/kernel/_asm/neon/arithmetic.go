package main

// opcode is an instruction without registers: Vd in the lowest bits, Vn from bit 5, Vm from bit 16.
type opcode struct {
	name string
	code int
}

// The instructions on four elements. The assembler does not know most of them.
var (
	opAdd       = opcode{"FADD", 0x4e20d400}
	opSub       = opcode{"FSUB", 0x4ea0d400}
	opMul       = opcode{"FMUL", 0x6e20dc00}
	opDiv       = opcode{"FDIV", 0x6e20fc00}
	opSqrt      = opcode{"FSQRT", 0x6ea1f800}
	opMax       = opcode{"FMAX", 0x4e20f400}   // NaN if an operand is
	opMin       = opcode{"FMIN", 0x4ea0f400}   // NaN if an operand is
	opMaxNumber = opcode{"FMAXNM", 0x4e20c400} // the other operand if one is NaN
	opGreater   = opcode{"FCMGT", 0x6ea0e400}
	opAbs       = opcode{"FABS", 0x4ea0f800}
	opNeg       = opcode{"FNEG", 0x6ea0f800}
	opFma       = opcode{"FMLA", 0x4e20cc00}
	opFnma      = opcode{"FMLS", 0x4ea0cc00}
	opAnd       = opcode{"AND", 0x4e201c00}
	opOr        = opcode{"ORR", 0x4ea01c00}
	opXor       = opcode{"EOR", 0x6e201c00}
	opClear     = opcode{"BIC", 0x4e601c00}
	opChoose    = opcode{"BSL", 0x6e601c00}
	opNegative  = opcode{"CMLT #0", 0x4ea0a800} // of integers
	opSwap      = opcode{"REV64", 0x4ea00800}
	opBelowZero = opcode{"FCMLT #0", 0x4ea0e800}
	opAboveZero = opcode{"FCMGT #0", 0x4ea0c800}

	opAddInt   = opcode{"ADD", 0x4ea08400}
	opMulInt   = opcode{"MUL", 0x4ea09c00}
	opHigher   = opcode{"CMHI", 0x6ea03400}
	opAtLeast  = opcode{"CMHS", 0x6ea03c00}
	opMulWide  = opcode{"UMULL", 0x2ea0c000}
	opMulWide2 = opcode{"UMULL2", 0x6ea0c000}
	opEven     = opcode{"UZP1", 0x4e801800}
	opOdd      = opcode{"UZP2", 0x4e805800}

	opWiden      = opcode{"FCVTL", 0x0e617800}
	opWiden2     = opcode{"FCVTL2", 0x4e617800}
	opSignWide   = opcode{"SSHLL", 0x0f20a400}
	opSignWide2  = opcode{"SSHLL2", 0x4f20a400}
	opWidenHalf  = opcode{"FCVTL H", 0x0e217800}
	opSignShort  = opcode{"SXTL B", 0x0f08a400}
	opSignShort2 = opcode{"SXTL2 B", 0x4f08a400}
	opSignWord   = opcode{"SXTL H", 0x0f10a400}
	opSignWord2  = opcode{"SXTL2 H", 0x4f10a400}
	opToFloat    = opcode{"SCVTF", 0x4e21d800}
	opAdd64      = opcode{"FADD D", 0x4e60d400}
	opSub64      = opcode{"FSUB D", 0x4ee0d400}
	opFma64      = opcode{"FMLA D", 0x4e60cc00}

	opAddPairs   = opcode{"FADDP", 0x6e20d400}
	opAddPair64  = opcode{"FADDP D", 0x7e70d800}
	opMaxAcross  = opcode{"FMAXV", 0x6e30f800}
	opMaxNumbers = opcode{"FMAXNMV", 0x6e30c800}
)

// shift returns the opcode of a shift of 32 bits, left or right.
func shiftLeft(n int) opcode  { return opcode{"SHL", 0x4f005400 | (32+n)<<16} }
func shiftRight(n int) opcode { return opcode{"USHR", 0x6f000400 | (64-n)<<16} }

// apply returns an elementwise function of one or two values.
func (f *function) apply(o opcode, a *value, b ...*value) *value {
	s := append([]*value{a}, b...)
	d := &value{width: widest(s)}
	return f.do(instruction{d: d, s: s, straight: true, emit: func(d []int, s [][]int) {
		for i := range d {
			vm := 0
			if len(s) > 1 {
				vm = s[1][i]
			}
			f.word(o, vm, s[0][i], d[i])
		}
	}})
}

// update returns an elementwise function of three values that changes the first.
func (f *function) update(o opcode, first, a, b *value) *value {
	s := []*value{first, a, b}
	d := &value{width: widest(s)}
	return f.do(instruction{d: d, s: s, tied: true, emit: func(d []int, s [][]int) {
		for i := range d {
			f.word(o, s[2][i], s[1][i], d[i])
		}
	}})
}

// accumulate is update for a pinned value, which changes.
func (f *function) accumulate(o opcode, sum *value, operands ...*value) {
	f.do(instruction{s: append([]*value{sum}, operands...), emit: func(_ []int, s [][]int) {
		for i := range s[0] {
			if len(operands) == 2 {
				f.word(o, s[2][i], s[1][i], s[0][i])
			} else {
				f.word(o, s[1][i], s[0][i], s[0][i])
			}
		}
	}})
}

// zero clears a pinned value.
func (f *function) zero(v *value) {
	f.do(instruction{s: []*value{v}, emit: func(_ []int, s [][]int) {
		for _, r := range s[0] {
			f.line("VEOR V%d.B16, V%[1]d.B16, V%[1]d.B16", r)
		}
	}})
}

// set copies a value to a pinned value.
func (f *function) set(to, from *value) {
	f.do(instruction{s: []*value{to, from}, emit: func(_ []int, s [][]int) {
		for i, r := range s[0] {
			f.line("VMOV V%d.B16, V%d.B16", s[1][i], r)
		}
	}})
}

func widest(list []*value) (w int) {
	for _, v := range list {
		w = max(w, v.width)
	}
	return w
}

func (f *function) mul(a, b *value) *value { return f.apply(opMul, a, b) }
func (f *function) add(a, b *value) *value { return f.apply(opAdd, a, b) }
func (f *function) sub(a, b *value) *value { return f.apply(opSub, a, b) }
func (f *function) div(a, b *value) *value { return f.apply(opDiv, a, b) }

// fma returns a·b + c, fnma c - a·b, both rounded once.
func (f *function) fma(a, b, c *value) *value  { return f.update(opFma, c, a, b) }
func (f *function) fnma(a, b, c *value) *value { return f.update(opFnma, c, a, b) }

// less returns the mask of a < b, which is false for NaN.
func (f *function) less(a, b *value) *value { return f.apply(opGreater, b, a) }

// choose returns a where the mask is set, else b.
func (f *function) choose(mask, a, b *value) *value { return f.update(opChoose, mask, a, b) }

// signed returns the mask of the elements with a sign.
func (f *function) signed(x *value) *value { return f.apply(opNegative, x) }

// polynomial returns c[0]·xⁿ + c[1]·xⁿ⁻¹ + … by Horner's rule.
func (f *function) polynomial(x *value, c ...float64) *value {
	p := f.number(c[0])
	for _, v := range c[1:] {
		p = f.fma(p, x, f.number(v))
	}
	return p
}

// exp returns eˣ by the method of exp32: k·ln 2 + r, a polynomial in r, and 2ᵏ by the bits of the exponent. An x above
// the upper bound overflows by itself. Below the lower bound, the result is cleared. NaN passes both bounds.
func (f *function) exp(x *value) *value {
	below := f.less(x, f.number(-86.64339))
	bounded := f.apply(opMin, x, f.number(89))
	t := f.fma(bounded, f.number(1.4426950408889634), f.number(12582912))
	n := f.sub(t, f.number(12582912))
	r := f.fnma(n, f.number(0.693359375), bounded)
	r = f.fnma(n, f.number(-2.12194440e-4), r)
	p := f.polynomial(r, 0.001392617612, 0.008363173075, 0.04166655466, 0.1666657703, 0.5)
	p = f.fma(f.mul(p, r), r, r)
	p = f.add(p, f.number(1))
	p = f.add(p, p)
	t = f.apply(opAddInt, f.apply(shiftLeft(23), t), f.constant(126<<23))
	return f.apply(opClear, f.mul(p, t), below)
}

// tanh uses a polynomial near zero, as tanh32 does.
func (f *function) tanh(x *value) *value {
	a, one := f.apply(opAbs, x), f.number(1)
	far := f.div(f.number(2), f.add(f.exp(f.add(a, a)), one))
	far = f.sub(one, far)
	far = f.apply(opXor, far, f.apply(opAnd, x, f.constant(1<<31)))
	s := f.mul(x, x)
	p := f.polynomial(s, -0.006625597296, 0.02131752456, -0.05391074908, 0.1333312041, -0.3333333206)
	near := f.fma(f.mul(s, p), x, x)
	return f.choose(f.less(a, f.number(0.5477)), near, far)
}

// normalCDF returns Φ(x) by the method of normalCDF32.
func (f *function) normalCDF(x *value) *value {
	a, one := f.apply(opAbs, x), f.number(1)
	t := f.div(one, f.fma(f.number(0.3), a, one))
	p := f.polynomial(t, 0.0375487656, -0.165373755, 0.221350409, -0.0687756641, 0.137646145, 0.0965708639, 0.121487249,
		0.119541628, 4.37724471e-6)
	tail := f.mul(p, f.exp(f.mul(f.mul(a, f.number(-0.5)), a)))
	return f.choose(f.signed(x), tail, f.sub(one, tail))
}

// sigmoid returns 1/(1+e⁻ˣ).
func (f *function) sigmoid(x *value) *value {
	one := f.number(1)
	return f.div(one, f.add(f.exp(f.apply(opNeg, x)), one))
}

// sigmoids returns sigmoid(x) and 1-sigmoid(x), both with all their digits.
func (f *function) sigmoids(x *value) (s, rest *value) {
	one := f.number(1)
	e := f.exp(f.apply(opOr, x, f.constant(1<<31))) // of -|x|
	large := f.div(one, f.add(e, one))
	small, mask := f.mul(e, large), f.signed(x)
	return f.choose(mask, small, large), f.choose(mask, large, small)
}

// zip1 and zip2 interleave the lower and the upper elements of two registers.
var (
	opZip1 = opcode{"ZIP1", 0x4e803800}
	opZip2 = opcode{"ZIP2", 0x4e807800}
)

// insertUpper returns a with its lower 16 bits replaced by the upper 16 bits of b.
func (f *function) insertUpper(a, b *value) *value {
	return f.do(instruction{d: &value{width: 2}, s: []*value{a, b}, tied: true, emit: func(d []int, s [][]int) {
		for i := range d {
			f.word(opcode{"SRI $16", 0x6f304400}, 0, s[1][i], d[i])
		}
	}})
}
