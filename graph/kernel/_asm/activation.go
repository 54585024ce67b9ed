package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	geluScale = 2 / math.Sqrt2 / math.SqrtPi
	geluCubic = 0.044715
)

// activation is a nonlinearity with its derivative.
type activation struct {
	name         string
	value, slope func(x VecVirtual) VecVirtual
}

func activations() {
	for _, a := range []activation{
		{"relu", relu, reluSlope}, {"gelu", gelu, geluSlope}, {"geluTanh", geluTanh, geluTanhSlope},
		{"silu", silu, siluSlope}, {"tanh", tanh, tanhSlope}, {"sigmoid", sigmoid, sigmoidSlope},
	} {
		row{
			name: a.name + "Row", doc: "computes y = " + a.name + "(x).",
			in: []string{"x"}, out: []string{"y"},
			body: func(v *vector) { v.store("y", a.value(v.load("x"))) },
		}.write()
		row{
			name: a.name + "GradRow", doc: "computes dx = dy times the slope of " + a.name + " at x.",
			in: []string{"x", "dy"}, out: []string{"dx"},
			body: func(v *vector) { v.store("dx", mul(v.load("dy"), a.slope(v.load("x")))) },
		}.write()
	}
	row{
		name: "swigluRow", doc: "computes y = silu(gate)·up.",
		in: []string{"gate", "up"}, out: []string{"y"},
		body: func(v *vector) { v.store("y", mul(v.load("up"), silu(v.load("gate")))) },
	}.write()
	row{
		name: "swigluGradRow", doc: "computes dgate = silu'(gate)·up·dy and dup = silu(gate)·dy.",
		in: []string{"gate", "up", "dy"}, out: []string{"dgate", "dup"},
		body: swigluGrad,
	}.write()
	row{
		name: "softcapRow", doc: "computes y = c·tanh(x·inverse) and the slope 1 - tanh²(x·inverse).",
		in: []string{"x"}, out: []string{"y", "slope"}, scalars: []string{"c", "inverse"},
		body: func(v *vector) {
			t := tanh(mul(v.load("x"), v.scalars["inverse"]))
			v.store("y", mul(v.scalars["c"], t))
			v.store("slope", fnma(t, t, constant(1)))
		},
	}.write()
}

func swigluGrad(v *vector) {
	g, u, d := v.load("gate"), v.load("up"), v.load("dy")
	s, rest := sigmoids(g)
	slope := mul(s, fma(saturate(g), rest, all(1)))
	v.store("dgate", mul(mul(slope, u), d))
	v.store("dup", mul(mul(atLeast(g), s), d))
}

// relu keeps NaN, because notLess is true for NaN.
func relu(x VecVirtual) VecVirtual {
	return and(compare(notLess, x, all(0)), x)
}

func reluSlope(x VecVirtual) VecVirtual { return and(all(1), compare(greater, x, all(0))) }

// saturation is as in the Go twins.
const saturation = 1e4

// atLeast returns x, or -saturation if x is less. VMAXPS returns its last operand, x, if that is NaN.
func atLeast(x VecVirtual) VecVirtual {
	y := constant(-saturation)
	VMAXPS(x, y, y)
	return y
}

// saturate returns x cut to ±saturation. It keeps NaN.
func saturate(x VecVirtual) VecVirtual {
	low, y := atLeast(x), constant(saturation)
	VMINPS(low, y, y)
	return y
}

func gelu(x VecVirtual) VecVirtual {
	x = atLeast(x)
	return mul(x, normalCDF(x))
}

func geluSlope(x VecVirtual) VecVirtual {
	x = saturate(x)
	density := mul(all(1/math.Sqrt2/math.SqrtPi), exp(mul(mul(all(-0.5), x), x)))
	return fma(x, density, normalCDF(x))
}

// geluArgument returns 2·geluScale·(x + geluCubic·x³).
func geluArgument(x, square VecVirtual) VecVirtual {
	return mul(x, fmaBy(all(2*geluScale*geluCubic), square, constant(2*geluScale)))
}

func geluTanh(x VecVirtual) VecVirtual {
	x = atLeast(x)
	return mul(x, sigmoid(geluArgument(x, mul(x, x))))
}

func geluTanhSlope(x VecVirtual) VecVirtual {
	x = saturate(x)
	square := mul(x, x)
	s, rest := sigmoids(geluArgument(x, square))
	inner := fmaBy(all(6*geluScale*geluCubic), square, constant(2*geluScale))
	return fma(mul(x, mul(s, rest)), inner, s)
}

func silu(x VecVirtual) VecVirtual {
	x = atLeast(x)
	return mul(x, sigmoid(x))
}

func siluSlope(x VecVirtual) VecVirtual {
	x = saturate(x)
	s, rest := sigmoids(x)
	return mul(s, fma(x, rest, all(1)))
}

func tanhSlope(x VecVirtual) VecVirtual {
	y := tanh(x)
	return fnma(y, y, constant(1))
}

func sigmoidSlope(x VecVirtual) VecVirtual {
	s, rest := sigmoids(x)
	return mul(s, rest)
}
