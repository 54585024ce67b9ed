package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// blockFormat is a format of blocks of 32 weights in 4 or 5 bits. They begin with the scale and end with the lower four bits: byte j has those
// of the weights j and j+16.
type blockFormat struct {
	name    string
	bytes   int  // of a block
	minimum bool // follows the scale
	high    int  // the fifth bits begin here; if it is 0, there are none
	offset  int  // of the numbers, a power of two as an exponent; if it is 0, there is none
}

var blockFormats = []blockFormat{
	{name: "Q4", bytes: 18, offset: 3},
	{name: "Q41", bytes: 20, minimum: true},
	{name: "Q5", bytes: 22, high: 2, offset: 4},
	{name: "Q51", bytes: 24, minimum: true, high: 4},
}

// dots writes the products of a row of bytes with rows of weights.
func (f blockFormat) dots(set string) {
	quantDotsOf(set, "quantDots"+f.name, f.bytes, packedUnit, func(q *quantDots) { q.dotBlock(f) })
}

// dotBlock adds a block.
func (q *quantDots) dotBlock(f blockFormat) {
	q.fiveBits = f.high > 0
	low, high := YMM(), YMM()
	VBROADCASTI128(Mem{Base: q.a}, low)
	VBROADCASTI128(Mem{Base: q.a, Disp: 16}, high)
	row := func(r int) VecVirtual {
		w, u := q.halves(r, f.bytes-16), YMM()
		VPSRLW(Imm(4), w, u)
		VPAND(q.low, w, w)
		VPAND(q.low, u, u)
		if q.fiveBits {
			bits := q.halves(r, f.high)
			addBits(bits, spread("spread_first", 0, 1, 0, 1), w)
			addBits(bits, spread("spread_last", 2, 3, 2, 3), u)
		}
		return q.product(high, u, q.product(low, w, nil))
	}
	x := q.joined(q.paired(row(0), row(1)), q.paired(row(2), row(3)))
	total := YMM()
	VPBROADCASTD(Mem{Base: q.totals}, total)
	if f.minimum {
		q.addMinima(total)
	} else {
		VPSLLD(Imm(uint64(f.offset)), total, total)
		VPSUBD(total, x, x)
	}
	q.scaled(x, halfScales(q.row))
}

// addMinima adds the minima of the blocks times the total of a.
func (q *quantDots) addMinima(total VecVirtual) {
	scale := YMM()
	VCVTDQ2PS(total, total)
	VBROADCASTSS(Mem{Base: q.scales}, scale)
	VMULPS(scale, total, total)
	minima := halfScales(func(i int) Mem { return q.row(i).Offset(2) })
	VMULPS(minima, total, total)
	VADDPS(total, q.sums, q.sums)
}

// addBits sets the bits 4 of to. The order moves the byte with the bit of an element to the element, and each eight elements have its eight bits.
func addBits(bits VecVirtual, order Mem, to Op) {
	x, mask := YMM(), YMM()
	VMOVDQU(eightBits(), mask)
	VPSHUFB(order, bits, x)
	VPAND(mask, x, x)
	VPCMPEQB(mask, x, x)
	VPAND(allInt(0x10101010), x, x)
	VPOR(x, to, to)
}

// eightBits returns bytes with one bit each: eight bits again and again.
func eightBits() Mem {
	return table("eight_bits", []uint32{0x08040201, 0x80402010, 0x08040201, 0x80402010, 0x08040201, 0x80402010, 0x08040201, 0x80402010})
}

// spread returns the order of bytes that repeats each of four bytes eight times.
func spread(name string, bytes ...uint32) Mem {
	var words []uint32
	for _, b := range bytes {
		words = append(words, b*0x01010101, b*0x01010101)
	}
	return table(name, words)
}

// table returns words in memory.
func table(name string, words []uint32) Mem {
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i, v := range words {
		DATA(4*i, U32(v))
	}
	constants[name] = m
	return m
}

// numbers returns the numbers of a block in bytes.
func (f blockFormat) numbers(w Register) VecVirtual {
	x, y := XMM(), XMM()
	VMOVDQU(Mem{Base: w, Disp: f.bytes - 16}, x)
	VPSRLW(Imm(4), x, y)
	z := YMM()
	VINSERTI128(Imm(1), y, x.AsY(), z)
	VPAND(allInt(0x0f0f0f0f), z, z)
	if f.high > 0 {
		bits := YMM()
		VPBROADCASTD(Mem{Base: w, Disp: f.high}, bits)
		addBits(bits, spread("spread_all", 0, 1, 2, 3), z)
	}
	return z
}

// inBytes writes the function that unpacks blocks to bytes.
func (f blockFormat) inBytes() {
	bytesOf("bytes"+f.name, f.bytes, packedUnit, "writes the numbers of blocks in bytes, and their scales.", func(w Register) []VecVirtual {
		return []VecVirtual{f.numbers(w)}
	})
}

// widen writes the function that unpacks blocks to 16 bits.
func (f blockFormat) widen() {
	widen("widen"+f.name, f.bytes, func(w Register) (x [2]VecVirtual) {
		z := f.numbers(w)
		if f.offset > 0 {
			offset := YMM()
			VMOVDQU(allInt(0x01010101<<f.offset), offset)
			VPSUBB(offset, z, z)
		}
		x = [2]VecVirtual{YMM(), YMM()}
		VPMOVSXBW(z.AsX(), x[0])
		VEXTRACTI128(Imm(1), z, z.AsX())
		VPMOVSXBW(z.AsX(), x[1])
		return x
	})
}
