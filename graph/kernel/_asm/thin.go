package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// thin writes the products of one row with four rows of a matrix. They read the matrix once, at the speed of memory.
func thin() {
	dots(1)
	dots(2)
	axpys()
}

// matrixRows returns the locations of four rows, given the first row.
func matrixRows(v *vector, stride Register) []Mem {
	third := GP64()
	LEAQ(Mem{Base: v.pointers["b"], Index: stride, Scale: 2}, third)
	ADDQ(stride, third)
	second, next := GP64(), GP64()
	MOVQ(v.pointers["b"], second)
	ADDQ(stride, second)
	LEAQ(Mem{Base: v.pointers["b"], Index: stride, Scale: 2}, next)
	var rows []Mem
	for i, p := range []Register{v.pointers["b"], second, next, third} {
		name := fmt.Sprintf("b%d", i)
		v.pointers[name] = p
		rows = append(rows, v.at(name))
	}
	return rows
}

// dots writes the products of one or two rows of a with four rows of b, which are read once. Each product has one sum, so that the
// products of a row are the same with a second row and without.
func dots(rows int) {
	if rows == 1 {
		declareRow("dots4", "(n int, a, b *float32, stride int, sums *[4]float32)",
			"writes the products of a with four rows of b of n elements, stride bytes apart.")
	} else {
		declareRow("pairDots4", "(n int, a, second, b *float32, stride int, sums *[8]float32)",
			"writes the products of a and of second with four rows of b of n elements, stride bytes apart.")
	}
	v := &vector{pointers: map[string]Register{}, offset: GP64()}
	n := Load(Param("n"), GP64())
	for _, name := range []string{"a", "second", "b"} {
		if name != "second" || rows == 2 {
			v.pointers[name] = Load(Param(name), GP64())
		}
	}
	stride := Load(Param("stride"), GP64())
	XORQ(v.offset, v.offset)
	matrixRows(v, stride)
	d := &dotSums{v: v, rows: rows}
	for i := range d.sums[:rows] {
		for r := range d.sums[i] {
			d.sums[i][r] = zero()
		}
	}
	ahead := GP64()
	LEAQ(Mem{Base: v.pointers["b"], Index: stride, Scale: 4}, ahead)
	SUBQ(Imm(2*lanes), n)
	JL(LabelRef("rest"))
	Label("loop")
	for i := range 4 {
		// Prefetch the next four rows as if rows had no gaps: memory is slow to start on a new row.
		PREFETCHT0(Mem{Base: ahead, Index: v.offset, Scale: 4, Disp: 64 * i})
	}
	d.step(0)
	d.step(1)
	ADDQ(Imm(8*lanes), v.offset)
	SUBQ(Imm(2*lanes), n)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(2*lanes), n)
	CMPQ(n, Imm(lanes))
	JL(LabelRef("tail"))
	d.step(0)
	ADDQ(Imm(4*lanes), v.offset)
	SUBQ(Imm(lanes), n)
	Label("tail")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	v.mask = loadMask(n)
	d.step(0)
	Label("done")
	d.store()
	VZEROUPPER()
	RET()
}

// dotSums are the sums of dots: one for each row of a and of b.
type dotSums struct {
	v    *vector
	rows int
	sums [2][4]VecVirtual
}

// step adds one vector of each row: the next vector if half is 0, the vector after it if half is 1.
func (d *dotSums) step(half int) {
	a := []Op{d.v.loadAt("a", 4*lanes*half)}
	if d.rows == 2 {
		a = append(a, d.v.loadAt("second", 4*lanes*half))
	}
	for r := range d.sums[0] {
		b := d.v.loadAt(fmt.Sprintf("b%d", r), 4*lanes*half)
		for i, x := range a {
			VFMADD231PS(b, x, d.sums[i][r])
		}
	}
}

// store adds up the elements of the sums and stores the four or eight results.
func (d *dotSums) store() {
	to := Load(Param("sums"), GP64())
	for i, s := range d.sums[:d.rows] {
		storeFour(s, Mem{Base: to, Disp: 16 * i})
	}
}

// storeFour adds up the elements of four sums and stores the results.
func storeFour(s [4]VecVirtual, to Mem) { VMOVUPS(addUp(s), to) }

// addUp adds up the elements of up to four sums. Absent sums are nil.
func addUp(s [4]VecVirtual) Register {
	for i := len(s) - 1; i >= 0; i -= 2 {
		if s[i-1] == nil {
			continue
		}
		if s[i] == nil {
			s[i] = s[i-1]
		}
		VHADDPS(s[i], s[i-1], s[i-1])
	}
	if s[2] == nil {
		s[2] = s[0]
	}
	VHADDPS(s[2], s[0], s[0])
	high := XMM()
	VEXTRACTF128(Imm(1), s[0], high)
	VADDPS(high, s[0].AsX(), s[0].AsX())
	return s[0].AsX()
}

func axpys() {
	declareRow("axpy4", "(n int, y, b *float32, stride int, a *[4]float32)",
		"computes y += a[0]·b₀ + … + a[3]·b₃ with four rows of b of n elements, stride bytes apart.")
	v := &vector{pointers: map[string]Register{}, offset: GP64()}
	n := Load(Param("n"), GP64())
	v.pointers["y"], v.pointers["b"] = Load(Param("y"), GP64()), Load(Param("b"), GP64())
	stride, from := Load(Param("stride"), GP64()), Load(Param("a"), GP64())
	XORQ(v.offset, v.offset)
	matrixRows(v, stride)
	ahead, third := GP64(), GP64()
	LEAQ(Mem{Base: v.pointers["b"], Index: stride, Scale: 4}, ahead)
	LEAQ(Mem{Base: v.pointers["b3"], Index: stride, Scale: 4}, third)
	var a [4]VecVirtual
	for i := range a {
		a[i] = YMM()
		VBROADCASTSS(Mem{Base: from, Disp: 4 * i}, a[i])
	}
	body := func(disp int) {
		s, t := v.loadAt("y", disp), mul(a[1], v.loadAt("b1", disp))
		VFMADD231PS(v.loadAt("b0", disp), a[0], s)
		VFMADD231PS(v.loadAt("b3", disp), a[3], t)
		VFMADD231PS(v.loadAt("b2", disp), a[2], s)
		v.storeAt("y", disp, add(s, t))
	}
	SUBQ(Imm(2*lanes), n)
	JL(LabelRef("rest"))
	Label("loop")
	// Prefetch the next four rows, of which nothing has been read yet.
	PREFETCHT1(Mem{Base: ahead, Index: v.offset, Scale: 1})
	PREFETCHT1(Mem{Base: third, Index: v.offset, Scale: 1})
	step := GP64()
	LEAQ(Mem{Base: ahead, Index: v.offset, Scale: 1}, step)
	PREFETCHT1(Mem{Base: step, Index: stride, Scale: 1})
	PREFETCHT1(Mem{Base: step, Index: stride, Scale: 2})
	body(0)
	body(4 * lanes)
	ADDQ(Imm(8*lanes), v.offset)
	SUBQ(Imm(2*lanes), n)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(2*lanes), n)
	CMPQ(n, Imm(lanes))
	JL(LabelRef("tail"))
	body(0)
	ADDQ(Imm(4*lanes), v.offset)
	SUBQ(Imm(lanes), n)
	Label("tail")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	v.mask = loadMask(n)
	body(0)
	Label("done")
	VZEROUPPER()
	RET()
}
