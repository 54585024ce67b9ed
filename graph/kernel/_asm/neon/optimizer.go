package main

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
		begin: func(v *vector) {
			count := v.pin(2)
			v.set(count, v.apply(opAddInt, v.laneNumbers(), v.scalars["first"]))
			v.state = []*value{count}
		},
		body: adamPairs,
	}.write()
}

// adam updates the weights and returns the new moments.
func adam(v *vector, m, square *value) (*value, *value) {
	w := v.load("w")
	d := v.mul(v.load("grad"), v.scalars["scale"])
	d = v.fma(w, v.scalars["l2"], d)
	m = v.fma(v.sub(d, m), v.scalars["beta1"], m)
	square = v.fma(square, v.scalars["beta2"], v.mul(v.mul(d, v.scalars["rest2"]), d))
	root := v.fma(v.apply(opSqrt, square), v.scalars["root"], v.scalars["eps"])
	v.store("w", v.sub(v.mul(w, v.scalars["keep"]), v.div(v.mul(m, v.scalars["rate"]), root)))
	return m, square
}

// adamPairs widens the moments, updates them and rounds them with the two halves of a random word, as pairWord does.
func adamPairs(v *vector) {
	pair := v.load("pairs")
	low := v.apply(shiftLeft(16), pair)
	m, square := adam(v, v.apply(opAnd, pair, v.constant(0xffff0000)), low)
	r := v.apply(opAddInt, v.apply(opMulInt, v.state[0], v.constant(0x9e3779b9)), v.scalars["key"])
	v.accumulate(opAddInt, v.state[0], v.constant(2*lanes))
	for _, f := range []struct {
		shift  int
		factor uint32
	}{{16, 0x85ebca6b}, {13, 0xc2b2ae35}} {
		r = v.apply(opMulInt, v.shiftXor(r, f.shift), v.constant(f.factor))
	}
	r = v.shiftXor(r, 16)
	up := v.apply(opAddInt, v.apply(shiftRight(16), r), m)
	r = v.apply(opAddInt, v.apply(opAnd, r, v.constant(0x0000ffff)), square)
	v.store("pairs", v.insertUpper(up, r))
}

// shiftXor returns x ^ x>>n.
func (f *function) shiftXor(x *value, n int) *value {
	return f.apply(opXor, f.apply(shiftRight(n), x), x)
}
