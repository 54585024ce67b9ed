package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// fewCols is the number of columns of C that the kernels of fewRows keep in registers.
const fewCols = 2 * lanes

// fewRows writes the products of a few rows of A with a B whose rows are contiguous. Unlike the micro-kernels they loop over columns, so
// that a short depth costs no call for each panel. The sums have the order of the micro-kernels.
func fewRows(rows int) {
	declare(fmt.Sprintf("few%d", rows), "(blocks, depth int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cRow int, alpha float32, accumulate int)",
		fmt.Sprintf("computes C = alpha·A·B, plus C if accumulate is not 0, for %d rows and blocks of %d columns. Distances are in bytes.", rows, fewCols))
	m := &micro{registers: registers{"AVX2", lanes, rows, func() VecVirtual { return YMM() }}, rows: rows, vectors: 2}
	a, c := Load(Param("a"), GP64()), Load(Param("c"), GP64())
	m.aRow, m.aStep = Load(Param("aRow"), GP64()).(GPVirtual), Load(Param("aStep"), GP64()).(GPVirtual)
	m.bStep = Load(Param("bStep"), GP64()).(GPVirtual)
	m.b = GP64()
	for range (rows + 2) / 3 {
		m.a = append(m.a, GP64())
	}
	Label("block")
	m.clear()
	m.start(a)
	left := Load(Param("depth"), GP64())
	Label("deep")
	PREFETCHT0(Mem{Base: m.b, Disp: fewAhead})
	m.step()
	DECQ(left)
	JNZ(LabelRef("deep"))
	m.storeFew(c)
	ADDQ(Imm(4*fewCols), c)
	ADDQ(Imm(4*fewCols), argument("b"))
	DECQ(argument("blocks"))
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// fewAhead is the distance in bytes to the part of each row of B that is prefetched.
const fewAhead = 512

// storeFew writes the sums.
func (m *micro) storeFew(c Register) {
	place, cRow := GP64(), Load(Param("cRow"), GP64())
	MOVQ(c, place)
	alpha := m.vector()
	VBROADCASTSS(argument("alpha"), alpha)
	CMPQ(argument("accumulate"), Imm(0))
	JNE(LabelRef("add"))
	m.scaledOut(place, cRow, alpha)
	Label("stored")
}
