package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// adamScalars are the scalars of adamUpdate.
var adamScalars = []string{"scale", "l2", "beta1", "beta2", "rest2", "rate", "root", "eps", "keep"}

// optimizers writes one pass of Adam over weights, gradients and moments.
func optimizers() {
	row{
		name: "adamRow", doc: "computes one step of Adam with the scalars of adamUpdate.",
		in: []string{"w", "grad", "m", "v"}, out: []string{"w", "m", "v"}, scalars: adamScalars,
		body: func(v *vector) {
			m, square := adam(v, v.load("m"), v.load("v"))
			v.store("m", m)
			v.store("v", square)
		},
	}.write()
	row{
		name: "adamPairsRow", doc: "computes one step of Adam whose moments are pairs of bfloat16. The random words of key, from number first on, round them.",
		in: []string{"w", "grad", "pairs"}, out: []string{"w", "pairs"}, words: []string{"first", "key"}, scalars: adamScalars,
		body: adamPairs,
	}.write()
}

// adam updates the weights and returns the new moments.
func adam(v *vector, m, square VecVirtual) (VecVirtual, VecVirtual) {
	w := v.load("w")
	d := mul(v.scalars["scale"], v.load("grad"))
	d = fma(v.scalars["l2"], w, d)
	m = fma(sub(d, m), v.scalars["beta1"], m)
	square = fma(square, v.scalars["beta2"], mul(mul(v.scalars["rest2"], d), d))
	root := YMM()
	VSQRTPS(square, root)
	root = fma(root, v.scalars["root"], Op(v.scalars["eps"]))
	v.store("w", sub(mul(v.scalars["keep"], w), div(mul(v.scalars["rate"], m), root)))
	return m, square
}

// adamPairs widens the moments, updates them and rounds them with the two halves of a random word, as pairWord does.
func adamPairs(v *vector) {
	pair := v.load("pairs")
	low := YMM()
	VPSLLD(Imm(16), pair, low)
	m, square := adam(v, and(allInt(0xffff0000), pair), low)
	number, r := YMM(), YMM()
	VPADDD(laneNumbers(), v.scalars["first"], number)
	VPADDD(allInt(lanes), v.scalars["first"], v.scalars["first"])
	VPMULLD(allInt(0x9e3779b9), number, r)
	VPADDD(v.scalars["key"], r, r)
	for _, f := range []struct {
		shift  uint64
		factor uint32
	}{{16, 0x85ebca6b}, {13, 0xc2b2ae35}} {
		shiftXor(r, f.shift)
		VPMULLD(allInt(f.factor), r, r)
	}
	shiftXor(r, 16)
	up := YMM()
	VPSRLD(Imm(16), r, up)
	VPADDD(m, up, up)
	VPADDD(square, and(allInt(0x0000ffff), r), r)
	VPSRLD(Imm(16), r, r)
	VPBLENDW(Imm(0xaa), up, r, r)
	v.store("pairs", r)
}

// shiftXor computes x ^= x >> n.
func shiftXor(x VecVirtual, n uint64) {
	y := YMM()
	VPSRLD(Imm(n), x, y)
	VPXOR(y, x, x)
}
