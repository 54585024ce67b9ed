package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// optimizers writes one pass of Adam over weights, gradients and moments.
func optimizers() {
	row{
		name: "adamRow", doc: "is one step of Adam with the numbers of adamUpdate.",
		in: []string{"w", "grad", "m", "v"}, out: []string{"w", "m", "v"},
		scalars: []string{"scale", "l2", "beta1", "beta2", "rest2", "rate", "root", "eps", "keep"},
		body:    adam,
	}.write()
}

func adam(v *vector) {
	w, m := v.load("w"), v.load("m")
	d := mul(v.scalars["scale"], v.load("grad"))
	d = fma(v.scalars["l2"], w, d)
	m = fma(sub(d, m), v.scalars["beta1"], m)
	v.store("m", m)
	square := mul(mul(v.scalars["rest2"], d), d)
	square = fma(v.load("v"), v.scalars["beta2"], square)
	v.store("v", square)
	VSQRTPS(square, square)
	square = fma(square, v.scalars["root"], Op(v.scalars["eps"]))
	step := div(mul(v.scalars["rate"], m), square)
	v.store("w", sub(mul(v.scalars["keep"], w), step))
}
