package main

// norms writes the rows of LayerNorm and RMSNorm, and of rotary position embedding.
func norms() {
	moments := []string{"mean", "rest", "rstd"}
	row{
		name: "normRow", doc: "computes y = (x-mean-rest)·rstd.",
		in: []string{"x"}, out: []string{"y"}, scalars: moments,
		body: func(v *vector) { v.store("y", v.normal()) },
	}.write()
	row{
		name: "normScaleRow", doc: "computes y = (x-mean-rest)·rstd·w.",
		in: []string{"x", "w"}, out: []string{"y"}, scalars: moments,
		body: func(v *vector) { v.store("y", v.mul(v.normal(), v.load("w"))) },
	}.write()
	row{
		name: "normAffineRow", doc: "computes y = (x-mean-rest)·rstd·w + b.",
		in: []string{"x", "w", "b"}, out: []string{"y"}, scalars: moments,
		body: func(v *vector) { v.store("y", v.fma(v.normal(), v.load("w"), v.load("b"))) },
	}.write()
	row{
		name: "normWeightRow", doc: "computes dw += dy·(x-mean-rest)·rstd.",
		in: []string{"x", "dy", "dw"}, out: []string{"dw"}, scalars: moments,
		body: func(v *vector) { v.store("dw", v.fma(v.normal(), v.load("dy"), v.load("dw"))) },
	}.write()
	row{
		name: "normSumsRow", doc: "returns the sum of g = dy·w and the sum of g·(x-mean-rest)·rstd.",
		in: []string{"x", "dy", "w"}, scalars: moments, sums: []string{"total", "along"},
		body: func(v *vector) {
			g := v.mul(v.load("dy"), v.load("w"))
			v.addTo("total", g)
			v.addProduct("along", v.widen(g), v.widen(v.normal()))
		},
	}.write()
	row{
		name: "normInputRow", doc: "computes dx = rstd·(dy·w - avg - (x-mean-rest)·rstd·slope).",
		in: []string{"x", "dy", "w"}, out: []string{"dx"}, scalars: append(moments, "avg", "slope"),
		body: func(v *vector) {
			g := v.sub(v.mul(v.load("dy"), v.load("w")), v.scalars["avg"])
			v.store("dx", v.mul(v.fnma(v.normal(), v.scalars["slope"], g), v.scalars["rstd"]))
		},
	}.write()
}

// normal returns (x-mean-rest)·rstd.
func (v *vector) normal() *value {
	return v.mul(v.sub(v.sub(v.load("x"), v.scalars["mean"]), v.scalars["rest"]), v.scalars["rstd"])
}

// rotations writes the rows of rotary position embedding. Products are not fused, as in their twins.
func rotations() {
	row{
		name: "rotateHalvesRow", doc: "computes y = a·cos - b·sin and z = b·cos + a·sin.",
		in: []string{"a", "b", "cos", "sin"}, out: []string{"y", "z"},
		body: func(v *vector) {
			a, b, cos, sin := v.load("a"), v.load("b"), v.load("cos"), v.load("sin")
			v.store("y", v.sub(v.mul(a, cos), v.mul(b, sin)))
			v.store("z", v.add(v.mul(b, cos), v.mul(a, sin)))
		},
	}.write()
	row{
		name: "rotatePairsRow", doc: "computes y = x·cos + x'·sin·sign, where x' is x with each pair exchanged.",
		in: []string{"x", "cos", "sin"}, out: []string{"y"}, scalars: []string{"sign"},
		body: func(v *vector) {
			x := v.load("x")
			along, across := v.mul(x, v.load("cos")), v.mul(v.load("sin"), v.scalars["sign"])
			v.store("y", v.add(along, v.mul(v.apply(opSwap, x), across)))
		},
	}.write()
}
