package main

import . "github.com/mmcloughlin/avo/reg"

// norms writes the rows of LayerNorm and RMSNorm.
func norms() {
	row{
		name: "normRow", doc: "computes y = (x-mean-rest)·rstd.",
		in: []string{"x"}, out: []string{"y"}, scalars: []string{"mean", "rest", "rstd"},
		body: func(v *vector) { v.store("y", v.normal()) },
	}.write()
	row{
		name: "normScaleRow", doc: "computes y = (x-mean-rest)·rstd·w.",
		in: []string{"x", "w"}, out: []string{"y"}, scalars: []string{"mean", "rest", "rstd"},
		body: func(v *vector) { v.store("y", mul(v.normal(), v.load("w"))) },
	}.write()
	row{
		name: "normAffineRow", doc: "computes y = (x-mean-rest)·rstd·w + b.",
		in: []string{"x", "w", "b"}, out: []string{"y"}, scalars: []string{"mean", "rest", "rstd"},
		body: func(v *vector) { v.store("y", fma(v.normal(), v.load("w"), v.load("b"))) },
	}.write()
	row{
		name: "normWeightRow", doc: "computes dw += dy·(x-mean-rest)·rstd.",
		in: []string{"x", "dy", "dw"}, out: []string{"dw"}, scalars: []string{"mean", "rest", "rstd"},
		body: func(v *vector) { v.store("dw", fma(v.normal(), v.load("dy"), v.load("dw"))) },
	}.write()
	row{
		name: "normSumsRow", doc: "returns the sum of g = dy·w and the sum of g·(x-mean-rest)·rstd.",
		in: []string{"x", "dy", "w"}, scalars: []string{"mean", "rest", "rstd"}, sums: []string{"total", "along"},
		body: func(v *vector) {
			g := mul(v.load("dy"), v.load("w"))
			v.add("total", g)
			v.addProduct("along", v.halves(g), v.halves(v.normal()))
		},
	}.write()
	row{
		name: "normInputRow", doc: "computes dx = rstd·(dy·w - avg - (x-mean-rest)·rstd·slope).",
		in: []string{"x", "dy", "w"}, out: []string{"dx"}, scalars: []string{"mean", "rest", "rstd", "avg", "slope"},
		body: func(v *vector) {
			g := sub(mul(v.load("dy"), v.load("w")), v.scalars["avg"])
			v.store("dx", mul(v.scalars["rstd"], fnma(v.normal(), v.scalars["slope"], g)))
		},
	}.write()
}

// normal returns (x-mean-rest)·rstd.
func (v *vector) normal() VecVirtual {
	return mul(v.scalars["rstd"], sub(sub(v.load("x"), v.scalars["mean"]), v.scalars["rest"]))
}
