package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tiles writes loops over short rows that are far apart. Each row prefetches a later row, because processors do not foresee such rows.
func tiles() {
	copyTile()
	scaleTile()
	dotTile()
	hideTile()
}

// tileAhead is the distance of the prefetched row.
const tileAhead = 8

// tile is a loop over rows of n bytes of some operands.
type tile struct {
	vector
	rows, n   Register
	strides   map[string]Register
	addresses map[string]Register // of prefetched rows
}

func newTile(operands ...string) *tile {
	t := &tile{vector: vector{pointers: map[string]Register{}, sums: map[string][2]VecVirtual{}, offset: GP64()}}
	t.strides, t.addresses = map[string]Register{}, map[string]Register{}
	t.rows, t.n = Load(Param("rows"), GP64()), Load(Param("n"), GP64())
	for _, name := range operands {
		t.pointers[name], t.strides[name] = Load(Param(name), GP64()), Load(Param(name+"Stride"), GP64())
		t.addresses[name] = GP64()
		LEAQ(Mem{Base: t.pointers[name], Index: t.strides[name], Scale: tileAhead}, t.addresses[name])
	}
	SHLQ(Imm(2), t.n)
	return t
}

// each loops over the vectors of a row.
func (t *tile) each(body func()) {
	XORQ(t.offset, t.offset)
	Label("elements")
	for _, name := range t.names() {
		PREFETCHT0(Mem{Base: t.addresses[name], Index: t.offset, Scale: 1})
	}
	body()
	ADDQ(Imm(4*lanes), t.offset)
	CMPQ(t.offset, t.n)
	JL(LabelRef("elements"))
}

func (t *tile) names() []string {
	var names []string
	for _, name := range []string{"y", "x", "z"} {
		if t.pointers[name] != nil {
			names = append(names, name)
		}
	}
	return names
}

// end moves on to the next row.
func (t *tile) end() {
	for _, name := range t.names() {
		ADDQ(t.strides[name], t.pointers[name])
		ADDQ(t.strides[name], t.addresses[name])
	}
	DECQ(t.rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

func copyTile() {
	declare("copyTile", "(rows, n int, y *float32, yStride int, x *float32, xStride int)",
		"copies rows of n elements, a multiple of 8. Strides are in bytes.")
	t := newTile("y", "x")
	Label("row")
	t.each(func() { t.store("y", t.load("x")) })
	t.end()
}

func scaleTile() {
	declare("scaleTile", "(rows, n int, y *float32, yStride int, x *float32, xStride int, a *float32)",
		"computes y = a[r]·x for each row r of n elements, a multiple of 8. Strides are in bytes.")
	t := newTile("y", "x")
	a, factor := Load(Param("a"), GP64()), YMM()
	Label("row")
	VBROADCASTSS(Mem{Base: a}, factor)
	t.each(func() { t.store("y", mul(factor, t.load("x"))) })
	ADDQ(Imm(4), a)
	t.end()
}

// dotTile sums in the order of dotRow.
func dotTile() {
	declare("dotTile", "(rows, n int, x *float32, xStride int, z *float32, zStride int, sums *float32)",
		"writes the sums of x·z of each row of n elements, a multiple of 8. Strides are in bytes.")
	t := newTile("x", "z")
	sums, low, high, single := Load(Param("sums"), GP64()), YMM(), YMM(), XMM()
	Label("row")
	for _, s := range []VecVirtual{low, high} {
		VXORPS(s, s, s)
	}
	t.sums["total"] = [2]VecVirtual{low, high}
	t.each(func() { t.addProduct("total", t.halves(t.load("x")), t.halves(t.load("z"))) })
	total := horizontal(t.sums["total"])
	VCVTSD2SS(total, total, single)
	VMOVSS(single, Mem{Base: sums})
	ADDQ(Imm(4), sums)
	t.end()
}

// hideTile compares the numbers of the columns with both ends of a row's span.
func hideTile() {
	declare("hideTile", "(rows, n int, x *float32, stride int, spans *int, first int, value float32)",
		"sets the elements of n columns outside each row's span, a pair of numbers, to value. n is rounded up to a multiple of 8. The columns are "+
			"numbered from first on, and their numbers fit 32 bits. The stride is in bytes.")
	v := &vector{pointers: map[string]Register{"x": Load(Param("x"), GP64())}, offset: GP64()}
	rows, n, stride := Load(Param("rows"), GP64()), Load(Param("n"), GP64()), Load(Param("stride"), GP64())
	spans, value, numbers := Load(Param("spans"), GP64()), broadcast("value"), YMM()
	VPBROADCASTD(argument("first"), numbers)
	VPADDD(laneNumbers(), numbers, numbers)
	SHLQ(Imm(2), n)
	Label("row")
	lo, hi, at := YMM(), YMM(), YMM()
	VPBROADCASTD(Mem{Base: spans}, lo)
	VPBROADCASTD(Mem{Base: spans, Disp: 8}, hi)
	VMOVDQA(numbers, at)
	XORQ(v.offset, v.offset)
	Label("elements")
	before, seen := YMM(), YMM()
	VPCMPGTD(at, lo, before)
	VPCMPGTD(at, hi, seen)
	VPANDN(seen, before, seen)
	v.store("x", choose(seen, v.load("x"), value))
	VPADDD(allInt(lanes), at, at)
	ADDQ(Imm(4*lanes), v.offset)
	CMPQ(v.offset, n)
	JL(LabelRef("elements"))
	ADDQ(Imm(16), spans)
	ADDQ(stride, v.pointers["x"])
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}
