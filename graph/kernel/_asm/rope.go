package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// rotations writes the rows of rotary position embedding. Products are not fused, as in their twins.
func rotations() {
	row{
		name: "rotateHalvesRow", doc: "computes y = a·cos - b·sin and z = b·cos + a·sin.",
		in: []string{"a", "b", "cos", "sin"}, out: []string{"y", "z"},
		body: func(v *vector) {
			a, b, cos, sin := v.load("a"), v.load("b"), v.load("cos"), v.load("sin")
			v.store("y", sub(mul(a, cos), mul(b, sin)))
			v.store("z", add(mul(b, cos), mul(a, sin)))
		},
	}.write()
	row{
		name: "rotatePairsRow", doc: "computes y = x·cos + x'·sin·sign, where x' is x with each pair exchanged.",
		in: []string{"x", "cos", "sin"}, out: []string{"y"}, scalars: []string{"sign"},
		body: func(v *vector) {
			x, swapped := v.load("x"), YMM()
			VPERMILPS(Imm(0xb1), x, swapped)
			v.store("y", add(mul(x, v.load("cos")), mul(swapped, mul(v.scalars["sign"], v.load("sin")))))
		},
	}.write()
}
