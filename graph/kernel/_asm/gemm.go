package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// unroll is the number of steps along the depth in one iteration of the inner loop.
const unroll = 4

// registers describes the vector registers of a micro-kernel.
type registers struct {
	set    string // instructions that they need
	lanes  int
	rows   int // of C in registers, at most
	vector func() VecVirtual
}

// gemm writes the micro-kernels. With 16 registers of 8 elements, 6 by 16 sums take 12 registers and a row of B takes
// two. With 32 registers of 16 elements, 12 by 32 sums take 24 registers.
func gemm() {
	for _, r := range []registers{
		{"AVX2", 8, 6, func() VecVirtual { return YMM() }},
		{"AVX512", 16, 12, func() VecVirtual { return ZMM() }},
	} {
		for rows := 1; rows <= r.rows; rows++ {
			for _, vectors := range []int{1, 2} {
				multiply(r, rows, vectors)
			}
		}
	}
}

// micro is the state of the generator of one micro-kernel.
type micro struct {
	registers
	rows, vectors int
	sums          [][]VecVirtual
	a             []GPVirtual // every third row of A
	b, aRow       GPVirtual
	aStep, bStep  GPVirtual

	ahead, aheadStep GPVirtual // the next element to prefetch and the distance to the one after it
}

// multiply writes the kernel for rows by vectors·lanes elements of C. The kernel loops over count groups of rows.
func multiply(r registers, rows, vectors int) {
	declareFor(r.set, fmt.Sprintf("gemm%dx%d", rows, r.lanes*vectors), "(count, depth int, a *float32, aRow, aStep, aNext int, b *float32, bStep int, "+
		"c *float32, cRow, cNext int, alpha float32, accumulate int, mask *int32, ahead *float32, aheadStep, aheadNext int)",
		fmt.Sprintf("computes C = alpha·A·B, plus C if accumulate is not 0, for count groups of %d rows and %d columns. Distances are in bytes. "+
			"Each group prefetches a cache line for every four steps along the depth, aheadStep apart, and starts aheadNext after the previous group.", rows, r.lanes*vectors))
	m := &micro{registers: r, rows: rows, vectors: vectors}
	a := Load(Param("a"), GP64())
	c := Load(Param("c"), GP64())
	m.aRow = Load(Param("aRow"), GP64()).(GPVirtual)
	m.aStep = Load(Param("aStep"), GP64()).(GPVirtual)
	m.bStep = Load(Param("bStep"), GP64()).(GPVirtual)
	m.b = GP64()
	for range (rows + 2) / 3 {
		m.a = append(m.a, GP64())
	}

	Label("group")
	m.clear()
	m.start(a)
	cRow, place := Load(Param("cRow"), GP64()), GP64()
	MOVQ(c, place)
	for range rows {
		for v := 0; v < vectors; v += 16 / r.lanes {
			PREFETCHT0(Mem{Base: place, Disp: 4 * r.lanes * v})
		}
		ADDQ(cRow, place)
	}
	m.ahead, m.aheadStep = Load(Param("ahead"), GP64()).(GPVirtual), Load(Param("aheadStep"), GP64()).(GPVirtual)
	left := Load(Param("depth"), GP64())
	SUBQ(Imm(unroll), left)
	JL(LabelRef("rest"))
	Label("deep")
	PREFETCHT1(Mem{Base: m.ahead})
	ADDQ(m.aheadStep, m.ahead)
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
	Load(Param("cRow"), cRow)
	m.store(c, cRow)

	next := Load(Param("aNext"), GP64())
	ADDQ(next, a)
	Load(Param("cNext"), next)
	ADDQ(next, c)
	Load(Param("aheadNext"), next)
	ADDQ(next, argument("ahead"))
	DECQ(argument("count"))
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

// argument returns the location of an argument in memory.
func argument(name string) Mem {
	from, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return from.Addr
}

func (m *micro) clear() {
	m.sums = nil
	for range m.rows {
		var row []VecVirtual
		for range m.vectors {
			sum := m.vector()
			if m.lanes == 16 {
				VPXORD(sum, sum, sum)
			} else {
				VXORPS(sum, sum, sum)
			}
			row = append(row, sum)
		}
		m.sums = append(m.sums, row)
	}
}

func (m *micro) start(a Register) {
	Load(Param("b"), m.b)
	MOVQ(a, m.a[0])
	for i := 1; i < len(m.a); i++ {
		LEAQ(Mem{Base: m.a[i-1], Index: m.aRow, Scale: 2}, m.a[i])
		ADDQ(m.aRow, m.a[i])
	}
}

// step multiplies one column of A by one row of B.
func (m *micro) step() {
	var b []VecVirtual
	for v := range m.vectors {
		x := m.vector()
		VMOVUPS(Mem{Base: m.b, Disp: 4 * m.lanes * v}, x)
		b = append(b, x)
	}
	ADDQ(m.bStep, m.b)
	for r := range m.rows {
		x := m.vector()
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

// store writes the sums. With a mask, it writes only the columns in the mask.
func (m *micro) store(c, cRow Register) {
	place, flag := GP64(), GP64()
	MOVQ(c, place)
	alpha := m.vector()
	VBROADCASTSS(argument("alpha"), alpha)
	Load(Param("mask"), flag)
	accumulate := Load(Param("accumulate"), GP64())
	if m.lanes == 16 {
		m.storeAVX512(place, cRow, alpha, flag, accumulate)
	} else {
		m.storeAVX2(place, cRow, alpha, flag, accumulate)
	}
}

// storeAVX512 masks every store, because masks cost nothing with AVX-512.
func (m *micro) storeAVX512(place, cRow Register, alpha VecVirtual, flag, accumulate Register) {
	masks := make([]OpmaskVirtual, m.vectors)
	for v := range masks {
		masks[v] = K()
		KXNORW(masks[v], masks[v], masks[v])
	}
	TESTQ(flag, flag)
	JZ(LabelRef("all"))
	for v := range masks {
		x := m.vector()
		VMOVUPS(Mem{Base: flag, Disp: 64 * v}, x)
		VPTESTMD(x, x, masks[v])
	}
	Label("all")
	TESTQ(accumulate, accumulate)
	JNZ(LabelRef("add"))
	m.rowsOut(place, cRow, func(v int, sum VecVirtual, at Mem) {
		VMULPS(sum, alpha, sum)
		VMOVUPS(sum, masks[v], at)
	})
	JMP(LabelRef("stored"))
	Label("add")
	m.rowsOut(place, cRow, func(v int, sum VecVirtual, at Mem) {
		old := m.vector()
		VMOVUPS_Z(at, masks[v], old)
		VFMADD213PS(old, alpha, sum)
		VMOVUPS(sum, masks[v], at)
	})
	Label("stored")
}

// scaledOut writes alpha times the sums, or from label add on, adds that to C.
func (m *micro) scaledOut(place, cRow Register, alpha VecVirtual) {
	m.rowsOut(place, cRow, func(_ int, sum VecVirtual, at Mem) {
		VMULPS(sum, alpha, sum)
		VMOVUPS(sum, at)
	})
	JMP(LabelRef("stored"))
	Label("add")
	m.rowsOut(place, cRow, func(_ int, sum VecVirtual, at Mem) {
		VFMADD213PS(at, alpha, sum)
		VMOVUPS(sum, at)
	})
}

func (m *micro) storeAVX2(place, cRow Register, alpha VecVirtual, flag, accumulate Register) {
	TESTQ(flag, flag)
	JNZ(LabelRef("masked"))
	TESTQ(accumulate, accumulate)
	JNZ(LabelRef("add"))
	m.scaledOut(place, cRow, alpha)
	JMP(LabelRef("stored"))
	Label("masked")
	masks := make([]VecVirtual, m.vectors)
	for v := range masks {
		masks[v] = YMM()
		VMOVUPS(Mem{Base: flag, Disp: 32 * v}, masks[v])
	}
	TESTQ(accumulate, accumulate)
	JNZ(LabelRef("addMasked"))
	m.rowsOut(place, cRow, func(v int, sum VecVirtual, at Mem) {
		VMULPS(sum, alpha, sum)
		VMASKMOVPS(sum, masks[v], at)
	})
	JMP(LabelRef("stored"))
	Label("addMasked")
	m.rowsOut(place, cRow, func(v int, sum VecVirtual, at Mem) {
		old := YMM()
		VMASKMOVPS(at, masks[v], old)
		VFMADD213PS(old, alpha, sum)
		VMASKMOVPS(sum, masks[v], at)
	})
	Label("stored")
}

func (m *micro) rowsOut(place, cRow Register, out func(v int, sum VecVirtual, at Mem)) {
	for r := range m.rows {
		for v := range m.vectors {
			out(v, m.sums[r][v], Mem{Base: place, Disp: 4 * m.lanes * v})
		}
		if r+1 < m.rows {
			ADDQ(cRow, place)
		}
	}
}
