package main

import . "github.com/mmcloughlin/avo/operand"

// exponentials writes the rows of the softmax and of the cross-entropy.
func exponentials() {
	row{
		name: "expRow", doc: "computes y = e^(x-shift) and returns the sum.",
		in: []string{"x"}, out: []string{"y"}, scalars: []string{"shift"}, sums: []string{"total"},
		body: func(v *vector) {
			y := exp(sub(v.load("x"), v.scalars["shift"]))
			v.store("y", y)
			v.add("total", y)
		},
	}.write()
	row{
		name: "expSumRow", doc: "returns the sum of e^(x-shift).",
		in: []string{"x"}, scalars: []string{"shift"}, sums: []string{"total"},
		body: func(v *vector) { v.add("total", exp(sub(v.load("x"), v.scalars["shift"]))) },
	}.write()
	row{
		name: "expScaleRow", doc: "computes y = e^(x-shift)·a - b.",
		in: []string{"x"}, out: []string{"y"}, scalars: []string{"shift", "a", "b"},
		body: func(v *vector) {
			y := mul(v.scalars["a"], exp(sub(v.load("x"), v.scalars["shift"])))
			v.store("y", sub(y, v.scalars["b"]))
		},
	}.write()
	row{
		name: "logSoftmaxGradRow", doc: "computes dx = dy - eʸ·total.",
		in: []string{"y", "dy"}, out: []string{"dx"}, scalars: []string{"total"},
		body: func(v *vector) {
			v.store("dx", fnma(Op(v.scalars["total"]), exp(v.load("y")), v.load("dy")))
		},
	}.write()
}
