package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Arithmetic on vectors. Each function returns a new register. A constant is a vector in memory. It is the first operand if the
// order does not matter.

func mul(a Op, b VecVirtual) VecVirtual { y := YMM(); VMULPS(a, b, y); return y }
func add(a Op, b VecVirtual) VecVirtual { y := YMM(); VADDPS(a, b, y); return y }

// sub returns a - b.
func sub(a VecVirtual, b Op) VecVirtual { y := YMM(); VSUBPS(b, a, y); return y }

// div returns a / b.
func div(a VecVirtual, b Op) VecVirtual { y := YMM(); VDIVPS(b, a, y); return y }

func and(a Op, b VecVirtual) VecVirtual { y := YMM(); VANDPS(a, b, y); return y }
func xor(a Op, b VecVirtual) VecVirtual { y := YMM(); VXORPS(a, b, y); return y }

// fma returns a·b + c.
func fma(a, b VecVirtual, c Op) VecVirtual {
	y := YMM()
	VMOVAPS(a, y)
	VFMADD213PS(c, b, y)
	return y
}

// fmaBy returns a·b + c with a constant factor a.
func fmaBy(a Op, b, c VecVirtual) VecVirtual {
	y := YMM()
	VMOVAPS(c, y)
	VFMADD231PS(a, b, y)
	return y
}

// fnma returns c - a·b.
func fnma(a Op, b, c VecVirtual) VecVirtual {
	y := YMM()
	VMOVAPS(c, y)
	VFNMADD231PS(a, b, y)
	return y
}

// constant returns a register with the constant c in all elements.
func constant(c float32) VecVirtual { y := YMM(); VMOVUPS(all(c), y); return y }

// polynomial returns c[0]·xⁿ + c[1]·xⁿ⁻¹ + … by Horner's rule.
func polynomial(x VecVirtual, c ...float32) VecVirtual {
	p := constant(c[0])
	for _, v := range c[1:] {
		VFMADD213PS(all(v), x, p)
	}
	return p
}

// choose returns a where the mask is set, else b.
func choose(mask, a, b VecVirtual) VecVirtual {
	y := YMM()
	VBLENDVPS(mask, a, b, y)
	return y
}

// abs clears the sign of x.
func abs(x VecVirtual) VecVirtual { return and(allInt(0x7fffffff), x) }

// The predicates of VCMPPS. They are false for NaN, except notLess.
const (
	less    = 0x11
	notLess = 0x05
	greater = 0x1e
)

// compare returns the mask of a ∘ b.
func compare(predicate uint8, a VecVirtual, b Op) VecVirtual {
	y := YMM()
	VCMPPS(U8(predicate), b, a, y)
	return y
}

// exp returns eˣ by the method of exp32: k·ln 2 + r, a polynomial in r, and 2ᵏ by the bits of the exponent. An x above
// the upper bound overflows by itself. Below the lower bound, the mask gives zero. NaN passes both bounds.
func exp(x VecVirtual) VecVirtual {
	seen := compare(notLess, x, all(-86.64339))
	bounded := constant(89)
	VMINPS(x, bounded, bounded)
	t := constant(12582912)
	VFMADD231PS(all(1.4426950408889634), bounded, t)
	n := sub(t, all(12582912))
	VFNMADD231PS(all(0.693359375), n, bounded)
	VFNMADD231PS(all(-2.12194440e-4), n, bounded)
	r := bounded
	p := polynomial(r, 0.001392617612, 0.008363173075, 0.04166655466, 0.1666657703, 0.5)
	VMULPS(r, p, p)
	VFMADD213PS(r, r, p)
	VADDPS(all(1), p, p)
	VADDPS(p, p, p)
	VPSLLD(Imm(23), t, t)
	VPADDD(allInt(126<<23), t, t)
	VMULPS(t, p, p)
	VANDPS(seen, p, p)
	return p
}

// tanh uses a polynomial near zero, as tanh32 does.
func tanh(x VecVirtual) VecVirtual {
	a := abs(x)
	far := div(constant(2), add(all(1), exp(add(a, a))))
	far = sub(constant(1), far)
	far = xor(and(allInt(0x80000000), x), far)
	s := mul(x, x)
	p := polynomial(s, -0.006625597296, 0.02131752456, -0.05391074908, 0.1333312041, -0.3333333206)
	near := fma(mul(s, p), x, x)
	return choose(compare(less, a, all(0.5477)), near, far)
}

// normalCDF returns Φ(x) by the method of normalCDF32.
func normalCDF(x VecVirtual) VecVirtual {
	a := abs(x)
	t := div(constant(1), fmaBy(all(0.3), a, constant(1)))
	p := polynomial(t, 0.0375487656, -0.165373755, 0.221350409, -0.0687756641, 0.137646145, 0.0965708639, 0.121487249,
		0.119541628, 4.37724471e-6)
	tail := mul(p, exp(mul(mul(all(-0.5), a), a)))
	return choose(x, tail, sub(constant(1), tail))
}

// sigmoid returns 1/(1+e⁻ˣ).
func sigmoid(x VecVirtual) VecVirtual {
	return div(constant(1), add(all(1), exp(xor(allInt(0x80000000), x))))
}

// sigmoids returns sigmoid(x) and 1-sigmoid(x), both with all their digits.
func sigmoids(x VecVirtual) (s, rest VecVirtual) {
	e := exp(negative(x))
	large := div(constant(1), add(all(1), e))
	small := mul(e, large)
	return choose(x, small, large), choose(x, large, small)
}

// negative returns -|x|.
func negative(x VecVirtual) VecVirtual {
	y := YMM()
	VORPS(allInt(0x80000000), x, y)
	return y
}
