package main

import "math"

const (
	geluScale = 2 / math.Sqrt2 / math.SqrtPi
	geluCubic = 0.044715
)

// activations writes the nonlinearities and their derivatives.
func activations() {
	for _, a := range []struct {
		name         string
		value, slope func(f *function, x *value) *value
	}{
		{"relu", relu, reluSlope}, {"gelu", gelu, geluSlope}, {"geluTanh", geluTanh, geluTanhSlope},
		{"silu", silu, siluSlope}, {"tanh", (*function).tanh, tanhSlope}, {"sigmoid", (*function).sigmoid, sigmoidSlope},
	} {
		row{
			name: a.name + "Row", doc: "computes y = " + a.name + "(x).",
			in: []string{"x"}, out: []string{"y"},
			body: func(v *vector) { v.store("y", a.value(v.function, v.load("x"))) },
		}.write()
		row{
			name: a.name + "GradRow", doc: "computes dx = dy times the slope of " + a.name + " at x.",
			in: []string{"x", "dy"}, out: []string{"dx"},
			body: func(v *vector) {
				slope := a.slope(v.function, v.load("x"))
				v.store("dx", v.mul(v.load("dy"), slope))
			},
		}.write()
	}
	gated()
	row{
		name: "softcapRow", doc: "computes y = c·tanh(x·inverse) and the slope 1 - tanh²(x·inverse).",
		in: []string{"x"}, out: []string{"y", "slope"}, scalars: []string{"c", "inverse"},
		body: func(v *vector) {
			t := v.tanh(v.mul(v.load("x"), v.scalars["inverse"]))
			v.store("y", v.mul(t, v.scalars["c"]))
			v.store("slope", v.fnma(t, t, v.number(1)))
		},
	}.write()
}

func gated() {
	row{
		name: "swigluRow", doc: "computes y = silu(gate)·up.",
		in: []string{"gate", "up"}, out: []string{"y"},
		body: func(v *vector) {
			s := silu(v.function, v.load("gate"))
			v.store("y", v.mul(v.load("up"), s))
		},
	}.write()
	row{
		name: "swigluGradRow", doc: "computes dgate = silu'(gate)·up·dy and dup = silu(gate)·dy.",
		in: []string{"gate", "up", "dy"}, out: []string{"dgate", "dup"},
		body: func(v *vector) {
			g := v.load("gate")
			s, rest := v.sigmoids(g)
			slope := v.mul(s, v.fma(v.saturate(g), rest, v.number(1)))
			u, d := v.load("up"), v.load("dy")
			v.store("dgate", v.mul(v.mul(slope, u), d))
			v.store("dup", v.mul(v.mul(v.atLeast(g), s), d))
		},
	}.write()
}

// relu keeps NaN and zeros with a sign.
func relu(f *function, x *value) *value { return f.apply(opClear, x, f.apply(opBelowZero, x)) }

func reluSlope(f *function, x *value) *value {
	return f.apply(opAnd, f.apply(opAboveZero, x), f.number(1))
}

// saturation is as in the Go twins.
const saturation = 1e4

// atLeast returns x, or -saturation if x is less. It keeps NaN.
func (f *function) atLeast(x *value) *value { return f.apply(opMax, x, f.number(-saturation)) }

// saturate returns x cut to ±saturation. It keeps NaN.
func (f *function) saturate(x *value) *value {
	return f.apply(opMin, f.atLeast(x), f.number(saturation))
}

func gelu(f *function, x *value) *value {
	x = f.atLeast(x)
	return f.mul(x, f.normalCDF(x))
}

func geluSlope(f *function, x *value) *value {
	x = f.saturate(x)
	e := f.exp(f.mul(f.mul(x, f.number(-0.5)), x))
	density := f.mul(e, f.number(1/math.Sqrt2/math.SqrtPi))
	return f.fma(x, density, f.normalCDF(x))
}

// geluArgument returns 2·geluScale·(x + geluCubic·x³).
func (f *function) geluArgument(x, square *value) *value {
	return f.mul(x, f.fma(square, f.number(2*geluScale*geluCubic), f.number(2*geluScale)))
}

func geluTanh(f *function, x *value) *value {
	x = f.atLeast(x)
	return f.mul(x, f.sigmoid(f.geluArgument(x, f.mul(x, x))))
}

func geluTanhSlope(f *function, x *value) *value {
	x = f.saturate(x)
	square := f.mul(x, x)
	s, rest := f.sigmoids(f.geluArgument(x, square))
	inner := f.fma(square, f.number(6*geluScale*geluCubic), f.number(2*geluScale))
	return f.fma(f.mul(x, f.mul(s, rest)), inner, s)
}

func silu(f *function, x *value) *value {
	x = f.atLeast(x)
	return f.mul(x, f.sigmoid(x))
}

func siluSlope(f *function, x *value) *value {
	x = f.saturate(x)
	s, rest := f.sigmoids(x)
	return f.mul(s, f.fma(x, rest, f.number(1)))
}

func tanhSlope(f *function, x *value) *value {
	y := f.tanh(x)
	return f.fnma(y, y, f.number(1))
}

func sigmoidSlope(f *function, x *value) *value {
	s, rest := f.sigmoids(x)
	return f.mul(s, rest)
}
