package main

// exponentials writes the rows of the softmax and of the cross-entropy.
func exponentials() {
	row{
		name: "expRow", doc: "computes y = e^(x-shift) and returns the sum.",
		in: []string{"x"}, out: []string{"y"}, scalars: []string{"shift"}, sums: []string{"total"},
		body: func(v *vector) {
			y := v.exp(v.sub(v.load("x"), v.scalars["shift"]))
			v.store("y", y)
			v.addTo("total", y)
		},
	}.write()
	row{
		name: "expSumRow", doc: "returns the sum of e^(x-shift).",
		in: []string{"x"}, scalars: []string{"shift"}, sums: []string{"total"},
		body: func(v *vector) { v.addTo("total", v.exp(v.sub(v.load("x"), v.scalars["shift"]))) },
	}.write()
	row{
		name: "expScaleRow", doc: "computes y = e^(x-shift)·a - b.",
		in: []string{"x"}, out: []string{"y"}, scalars: []string{"shift", "a", "b"},
		body: func(v *vector) {
			y := v.mul(v.exp(v.sub(v.load("x"), v.scalars["shift"])), v.scalars["a"])
			v.store("y", v.sub(y, v.scalars["b"]))
		},
	}.write()
	row{
		name: "logSoftmaxGradRow", doc: "computes dx = dy - eʸ·total.",
		in: []string{"y", "dy"}, out: []string{"dx"}, scalars: []string{"total"},
		body: func(v *vector) {
			e := v.exp(v.load("y"))
			v.store("dx", v.fnma(e, v.scalars["total"], v.load("dy")))
		},
	}.write()
}
