package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// thin writes the products of one row with four rows of a matrix, which read the matrix once at the speed of memory.
func thin() {
	dots()
	axpys()
}

// matrixRows are the places of four rows, given the first.
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

// dots keeps two sums for each row, so that an addition need not wait for the one before.
func dots() {
	declare("dots4", "(n int, a, b *float32, stride int, sums *[4]float32)",
		"writes the products of a with four rows of b of n elements, stride bytes apart.")
	v := &vector{pointers: map[string]Register{}, offset: GP64()}
	n := Load(Param("n"), GP64())
	v.pointers["a"], v.pointers["b"] = Load(Param("a"), GP64()), Load(Param("b"), GP64())
	stride := Load(Param("stride"), GP64())
	XORQ(v.offset, v.offset)
	rows := matrixRows(v, stride)
	var sums [2][4]VecVirtual
	for i := range sums {
		for r := range sums[i] {
			sums[i][r] = zero()
		}
	}
	ahead := GP64()
	LEAQ(Mem{Base: v.pointers["b"], Index: stride, Scale: 4}, ahead)
	SUBQ(Imm(2*lanes), n)
	JL(LabelRef("rest"))
	Label("loop")
	for i := range rows {
		// The next four rows, as if there were no gaps between rows: memory is slow to start on a row by itself.
		PREFETCHT0(Mem{Base: ahead, Index: v.offset, Scale: 4, Disp: 64 * i})
	}
	for i := range sums {
		a := YMM()
		VMOVUPS(v.at("a").Offset(32*i), a)
		for r, row := range rows {
			VFMADD231PS(row.Offset(32*i), a, sums[i][r])
		}
	}
	ADDQ(Imm(8*lanes), v.offset)
	SUBQ(Imm(2*lanes), n)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(2*lanes), n)
	CMPQ(n, Imm(lanes))
	JL(LabelRef("tail"))
	a := v.load("a")
	for r, row := range rows {
		VFMADD231PS(row, a, sums[0][r])
	}
	ADDQ(Imm(4*lanes), v.offset)
	SUBQ(Imm(lanes), n)
	Label("tail")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	v.mask = loadMask(n)
	a = v.load("a")
	for r := range rows {
		VFMADD231PS(v.load(fmt.Sprintf("b%d", r)), a, sums[1][r])
	}
	Label("done")
	sumFour(sums)
	VZEROUPPER()
	RET()
}

// sumFour adds up each row's sums and stores the four results.
func sumFour(sums [2][4]VecVirtual) {
	for r := range sums[0] {
		VADDPS(sums[1][r], sums[0][r], sums[0][r])
	}
	s := sums[0]
	VHADDPS(s[1], s[0], s[0])
	VHADDPS(s[3], s[2], s[2])
	VHADDPS(s[2], s[0], s[0])
	high := XMM()
	VEXTRACTF128(Imm(1), s[0], high)
	VADDPS(high, s[0].AsX(), s[0].AsX())
	to := Load(Param("sums"), GP64())
	VMOVUPS(s[0].AsX(), Mem{Base: to})
}

func axpys() {
	declare("axpy4", "(n int, y, b *float32, stride int, a *[4]float32)",
		"is y += a[0]·b₀ + … + a[3]·b₃ with four rows of b of n elements, stride bytes apart.")
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
	// The next four rows: they begin where nothing has been read before.
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
