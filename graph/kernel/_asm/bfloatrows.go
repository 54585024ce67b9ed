package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// rowsSteps is the number of vectors of each row that one iteration of the inner loop multiplies.
const rowsSteps = 2

// bfloatRows writes the products of some rows of A with some rows of weights in bfloat16, the columns of C. Every product of two vectors
// has a sum of its own in a register.
type bfloatRows struct {
	rows, cols int
	fused      bool // products are not rounded before they are added
	a, w       closeRows
	order      Op // of the bytes of a vector of weights
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

// bfloatRowsOf writes the loops over groups of rows of weights, over groups of rows of A and over vectors.
func bfloatRowsOf(rows, cols int, fused bool) {
	b := &bfloatRows{rows: rows, cols: cols, fused: fused}
	b.declare()
	w, c := Load(Param("w"), GP64()), Load(Param("c"), GP64())
	stride := Load(Param("stride"), GP64())
	b.w = newCloseRows(cols, stride)
	row := Load(Param("n"), GP64())
	SHLQ(Imm(2), row)
	b.a = newCloseRows(rows, row)
	b.order = widenOrder()
	if rows*cols < 12 {
		b.order = YMM()
		VMOVDQU(widenOrder(), b.order)
	}
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

func (b *bfloatRows) declare() {
	name, sums := "bfloatRows", "Products are rounded before they are added."
	if b.fused {
		name, sums = "bfloatFused", "Products are not rounded before they are added."
	}
	declare(fmt.Sprintf("%s%d", name, b.rows), "(groups, m, n int, a *float32, w *byte, stride int, c *float32, cRow, ahead int)",
		fmt.Sprintf("writes the products of m ≥ %d rows of a with groups of %d rows of n bfloat16. The rows of w are stride bytes apart, those of c cRow bytes. "+
			"n is a multiple of %d. Each iteration prefetches the line ahead bytes after the previous one, from the next group on. %s",
			b.rows, b.cols, rowsSteps*lanes, sums))
}

// move advances a and c to the next rows of A. If fewer rows are left than the registers hold, it repeats some.
func (b *bfloatRows) move(left, a, c Register) {
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
func (b *bfloatRows) multiply(ahead Register) {
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
func (b *bfloatRows) step(i int) {
	var w [4]VecVirtual
	for j := range b.cols {
		w[j] = widened(b.w.at(j, 2*lanes*i), b.order)
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
func (b *bfloatRows) store(c Register) {
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

// widened returns eight bfloat16 as float32.
func widened(from Mem, order Op) VecVirtual {
	w := YMM()
	VBROADCASTI128(from, w)
	VPSHUFB(order, w, w)
	return w
}

// widenOrder returns the order of bytes that moves each of the lower four words, in the upper half of each of the upper four, to the upper
// half of a doubleword.
func widenOrder() Mem {
	if m, ok := constants["widen"]; ok {
		return m
	}
	m := GLOBL("widen", attr.RODATA|attr.NOPTR)
	for i := range lanes {
		low := uint32(2 * i)
		DATA(4*i, U32(low<<16|(low+1)<<24|0x8080)) // 0x80 stands for zero
	}
	constants["widen"] = m
	return m
}
