package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// rowsSteps is the number of vectors of each row that one iteration of the inner loop multiplies.
const rowsSteps = 2

// wordRows writes the products of some rows of A with some rows of weights in 16 bits, the columns of C. Each row of A has a sum for each row
// of weights in a register.
type wordRows struct {
	words
	rows, cols int
	fused      bool // products are not rounded before they are added
	a, w       closeRows
	order      Op
	sums       [4][4]VecVirtual
}

// closeRows are up to four rows at equal distances.
type closeRows struct{ first, stride, third Register }

// newCloseRows returns count rows without their beginning. stride is their distance in bytes.
func newCloseRows(count int, stride Register) closeRows {
	c := closeRows{first: GP64(), stride: stride}
	if count == 4 {
		c.third = GP64()
		LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, c.third)
	}
	return c
}

// at returns the location of some bytes after the beginning of row r.
func (c closeRows) at(r, disp int) Mem {
	m := Mem{Base: c.first, Disp: disp}
	switch r {
	case 1, 2:
		m.Index, m.Scale = c.stride, uint8(r)
	case 3:
		m.Index, m.Scale = c.third, 1
	}
	return m
}

// multiplyRows writes the loops over groups of rows of weights, over groups of rows of A and over vectors.
func (f words) multiplyRows(rows, cols int, fused bool) {
	b := &wordRows{words: f, rows: rows, cols: cols, fused: fused}
	b.declare()
	w, c := Load(Param("w"), GP64()), Load(Param("c"), GP64())
	stride := Load(Param("stride"), GP64())
	b.w = newCloseRows(cols, stride)
	row := Load(Param("n"), GP64())
	SHLQ(Imm(2), row)
	b.a = newCloseRows(rows, row)
	b.order = f.order(rows*cols < 12)
	a, place, left, next, ahead := GP64(), GP64(), GP64(), GP64(), GP64()
	Label("group")
	Load(Param("a"), a)
	Load(Param("m"), left)
	MOVQ(c, place)
	LEAQ(Mem{Base: w, Index: stride, Scale: uint8(cols &^ 1)}, next)
	if cols%2 == 1 {
		ADDQ(stride, next)
	}
	MOVQ(next, ahead)
	Label("rows")
	MOVQ(a, b.a.first)
	MOVQ(w, b.w.first)
	b.multiply(ahead)
	b.store(place)
	SUBQ(Imm(uint64(rows)), left)
	JLE(LabelRef("last"))
	b.move(left, a, place)
	JMP(LabelRef("rows"))
	Label("last")
	MOVQ(next, w)
	ADDQ(Imm(uint64(4*cols)), c)
	DECQ(argument("groups"))
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

func (b *wordRows) declare() {
	name, sums := "Rows", "Products are rounded before they are added."
	if b.fused {
		name, sums = "Fused", "Products are not rounded before they are added."
	}
	declare(fmt.Sprintf("%s%s%d", b.name, name, b.rows), "(groups, m, n int, a *float32, w *byte, stride int, c *float32, cRow, ahead int)",
		fmt.Sprintf("writes the products of m ≥ %d rows of a with groups of %d rows of n %s. The rows of w are stride bytes apart, those of c cRow bytes. "+
			"n is a multiple of %d. Each iteration prefetches the line ahead bytes after the previous one, from the next group on. %s",
			b.rows, b.cols, b.format, rowsSteps*lanes, sums))
}

// move advances a and c to the next rows of A. If fewer rows are left than the registers hold, it repeats some.
func (b *wordRows) move(left, a, c Register) {
	rows, bytes := GP64(), Load(Param("cRow"), GP64())
	MOVQ(U32(uint32(b.rows)), rows)
	CMPQ(left, rows)
	CMOVQLT(left, rows)
	IMULQ(rows, bytes)
	ADDQ(bytes, c)
	IMULQ(b.a.stride, rows)
	ADDQ(rows, a)
}

// multiply sums the products of all vectors.
func (b *wordRows) multiply(ahead Register) {
	for r := range b.rows {
		for j := range b.cols {
			b.sums[r][j] = zero()
		}
	}
	n, distance := Load(Param("n"), GP64()), Load(Param("ahead"), GP64())
	Label("loop")
	for line := 0; line < 2*lanes*rowsSteps*b.cols && (line == 0 || !b.fused); line += 64 {
		PREFETCHT0(Mem{Base: ahead, Disp: line})
	}
	ADDQ(distance, ahead)
	for i := range rowsSteps {
		b.step(i)
	}
	ADDQ(Imm(4*lanes*rowsSteps), b.a.first)
	ADDQ(Imm(2*lanes*rowsSteps), b.w.first)
	SUBQ(Imm(lanes*rowsSteps), n)
	JNZ(LabelRef("loop"))
}

// step adds the products of vector i of each row.
func (b *wordRows) step(i int) {
	var w [4]VecVirtual
	for j := range b.cols {
		w[j] = b.load(b.w.at(j, 2*lanes*i), b.order)
	}
	for r := range b.rows {
		a := YMM()
		VMOVUPS(b.a.at(r, 4*lanes*i), a)
		for j := range b.cols {
			if b.fused {
				VFMADD231PS(w[j], a, b.sums[r][j])
				continue
			}
			p := mul(w[j], a)
			VADDPS(p, b.sums[r][j], b.sums[r][j])
		}
	}
}

// store stores the elements of C.
func (b *wordRows) store(c Register) {
	to, cRow := GP64(), Load(Param("cRow"), GP64())
	MOVQ(c, to)
	for r := range b.rows {
		s := addUp(b.sums[r])
		switch b.cols {
		case 4:
			VMOVUPS(s, Mem{Base: to})
		case 3:
			VEXTRACTPS(Imm(2), s, Mem{Base: to, Disp: 8})
			fallthrough
		case 2:
			VMOVLPS(s, Mem{Base: to})
		}
		ADDQ(cRow, to)
	}
}
