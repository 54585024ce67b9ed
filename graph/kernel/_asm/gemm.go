package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// microRows is the number of rows of C in registers: 6 by 16 sums take 12 of the 16 registers, a row of B takes two more.
const microRows = 6

// unroll is the number of steps along the depth in one turn of the inner loop.
const unroll = 4

func gemm() {
	for rows := 1; rows <= microRows; rows++ {
		for _, vectors := range []int{1, 2} {
			multiply(rows, vectors)
		}
	}
}

// micro is the state of one micro-kernel while it is written.
type micro struct {
	rows, vectors int
	sums          [][]VecVirtual
	a             []GPVirtual // every third row of A
	b, aRow       GPVirtual
	aStep, bStep  GPVirtual
}

// multiply writes the kernel for rows by 8·vectors elements of C. It runs over count groups of rows.
func multiply(rows, vectors int) {
	name := fmt.Sprintf("gemm%dx%d", rows, 8*vectors)
	declare(name, "(count, depth int, a *float32, aRow, aStep, aNext int, b *float32, bStep int, "+
		"c *float32, cRow, cNext int, alpha float32, accumulate int, mask *int32)",
		fmt.Sprintf("is C = alpha·A·B, or C plus that, for count groups of %d rows and %d columns. Distances are in bytes.", rows, 8*vectors))
	m := &micro{rows: rows, vectors: vectors}
	count := Load(Param("count"), GP64())
	depth := Load(Param("depth"), GP64())
	a := Load(Param("a"), GP64())
	c := Load(Param("c"), GP64())
	m.aRow = Load(Param("aRow"), GP64()).(GPVirtual)
	m.aStep = Load(Param("aStep"), GP64()).(GPVirtual)
	m.bStep = Load(Param("bStep"), GP64()).(GPVirtual)
	m.b = GP64()
	for range (rows + 2) / 3 {
		m.a = append(m.a, GP64())
	}
	cRow := Load(Param("cRow"), GP64())

	Label("group")
	m.clear()
	m.start(a)
	place := GP64()
	MOVQ(c, place)
	for range rows {
		PREFETCHT0(Mem{Base: place})
		ADDQ(cRow, place)
	}
	left := GP64()
	MOVQ(depth, left)
	SUBQ(Imm(unroll), left)
	JL(LabelRef("rest"))
	Label("deep")
	for range unroll {
		m.step()
	}
	SUBQ(Imm(unroll), left)
	JGE(LabelRef("deep"))
	Label("rest")
	ADDQ(Imm(unroll), left)
	JZ(LabelRef("done"))
	Label("single")
	m.step()
	DECQ(left)
	JNZ(LabelRef("single"))
	Label("done")
	m.store(c, cRow)

	next := Load(Param("aNext"), GP64())
	ADDQ(next, a)
	Load(Param("cNext"), next)
	ADDQ(next, c)
	DECQ(count)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

func (m *micro) clear() {
	m.sums = nil
	for range m.rows {
		var row []VecVirtual
		for range m.vectors {
			sum := YMM()
			VXORPS(sum, sum, sum)
			row = append(row, sum)
		}
		m.sums = append(m.sums, row)
	}
}

func (m *micro) start(a Register) {
	Load(Param("b"), m.b)
	MOVQ(a, m.a[0])
	if len(m.a) > 1 {
		LEAQ(Mem{Base: m.a[0], Index: m.aRow, Scale: 2}, m.a[1])
		ADDQ(m.aRow, m.a[1])
	}
}

// step multiplies one column of A by one row of B.
func (m *micro) step() {
	var b []VecVirtual
	for v := range m.vectors {
		x := YMM()
		VMOVUPS(Mem{Base: m.b, Disp: 32 * v}, x)
		b = append(b, x)
	}
	ADDQ(m.bStep, m.b)
	for r := range m.rows {
		x := YMM()
		from := Mem{Base: m.a[r/3]}
		if r%3 > 0 {
			from.Index, from.Scale = m.aRow, uint8(r%3)
		}
		VBROADCASTSS(from, x)
		for v := range m.vectors {
			VFMADD231PS(b[v], x, m.sums[r][v])
		}
	}
	for _, p := range m.a {
		ADDQ(m.aStep, p)
	}
}

// store writes the sums; with a mask, only the columns that it names.
func (m *micro) store(c, cRow Register) {
	place, flag := GP64(), GP64()
	MOVQ(c, place)
	alpha := broadcast("alpha")
	Load(Param("mask"), flag)
	TESTQ(flag, flag)
	JNZ(LabelRef("masked"))
	accumulate := GP64()
	Load(Param("accumulate"), accumulate)
	TESTQ(accumulate, accumulate)
	JNZ(LabelRef("add"))
	m.rowsOut(place, cRow, func(sum VecVirtual, at Mem) {
		VMULPS(sum, alpha, sum)
		VMOVUPS(sum, at)
	})
	JMP(LabelRef("stored"))
	Label("add")
	m.rowsOut(place, cRow, func(sum VecVirtual, at Mem) {
		VFMADD213PS(at, alpha, sum)
		VMOVUPS(sum, at)
	})
	JMP(LabelRef("stored"))
	Label("masked")
	masks := make([]VecVirtual, m.vectors)
	for v := range masks {
		masks[v] = YMM()
		VMOVUPS(Mem{Base: flag, Disp: 32 * v}, masks[v])
	}
	Load(Param("accumulate"), accumulate)
	TESTQ(accumulate, accumulate)
	JNZ(LabelRef("addMasked"))
	v := 0
	m.rowsOut(place, cRow, func(sum VecVirtual, at Mem) {
		VMULPS(sum, alpha, sum)
		VMASKMOVPS(sum, masks[v%m.vectors], at)
		v++
	})
	JMP(LabelRef("stored"))
	Label("addMasked")
	m.rowsOut(place, cRow, func(sum VecVirtual, at Mem) {
		old := YMM()
		VMASKMOVPS(at, masks[v%m.vectors], old)
		VFMADD213PS(old, alpha, sum)
		VMASKMOVPS(sum, masks[v%m.vectors], at)
		v++
	})
	Label("stored")
}

func (m *micro) rowsOut(place, cRow Register, out func(sum VecVirtual, at Mem)) {
	for r := range m.rows {
		for v := range m.vectors {
			out(m.sums[r][v], Mem{Base: place, Disp: 32 * v})
		}
		if r+1 < m.rows {
			ADDQ(cRow, place)
		}
	}
}
