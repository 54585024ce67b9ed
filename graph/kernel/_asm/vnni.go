package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// dotBytes adds the products of four bytes with four signed bytes to every element of sums. The generator's library does not know the
// instruction, VPDPBUSD. Its sums do not saturate.
func dotBytes(signed, unsigned, sums Op) { dotInstruction("VPDPBUSD", nil, signed, unsigned, sums) }

// dotBytesOf is dotBytes with the four signed bytes at a location for all elements.
func dotBytesOf(signed Mem, unsigned, sums Op) {
	dotInstruction("VPDPBUSD", []string{"BCST"}, signed, unsigned, sums)
}

// dotWordsOf adds the products of two signed words at a location with the two words of every element.
func dotWordsOf(x Mem, y, sums Op) { dotInstruction("VPDPWSSD", []string{"BCST"}, x, y, sums) }

func dotInstruction(opcode string, suffixes []string, x, y, sums Op) {
	all := []Op{x, y, sums}
	Instruction(&ir.Instruction{
		Opcode: opcode, Suffixes: suffixes, Operands: all, Inputs: all, Outputs: []Op{sums}, ISA: []string{"AVX512VNNI", "AVX512VL"},
	})
}

// signs returns 64 bytes whose upper bit is set.
func signs() Mem {
	m := GLOBL("byte_signs", attr.RODATA|attr.NOPTR)
	for i := range 16 {
		DATA(4*i, U32(0x80808080))
	}
	return m
}

// byteFormats unpack weights to bytes without a sign.
func byteFormats() {
	bytesOf("bytesQ8", 34, 32, "adds 128 to the signed bytes of blocks and writes their scales.", func(w Register) []VecVirtual {
		x := YMM()
		VMOVDQU(allInt(0x80808080), x)
		VPXOR(Mem{Base: w, Disp: 2}, x, x)
		return []VecVirtual{x}
	})
	bytesOfParts("bytesQ4K", 144, false)
	bytesOfParts("bytesQ5K", 176, true)
}

// bytesOfParts writes the weights of blocks of 256, as widenParts does.
func bytesOfParts(name string, bytes int, fifths bool) {
	bytesOf(name, bytes, 256, "writes the weights of blocks in bytes, without their scales.", func(w Register) (parts []VecVirtual) {
		low, high := YMM(), YMM()
		VMOVDQU(allInt(0x0f0f0f0f), low)
		if fifths {
			VMOVDQU(Mem{Base: w, Disp: 16}, high)
		}
		for c := range 4 {
			x, y := YMM(), YMM()
			VMOVDQU(Mem{Base: w, Disp: bytes - 128 + 32*c}, x)
			VPSRLW(Imm(4), x, y)
			VPAND(low, x, x)
			VPAND(low, y, y)
			if fifths {
				addFifths(high, 2*c, allInt(0x10101010), x)
				addFifths(high, 2*c+1, allInt(0x10101010), y)
			}
			parts = append(parts, x, y)
		}
		return parts
	})
}

// bytesOf writes the weights of blocks in bytes. A block of 32 weights begins with its scale.
func bytesOf(name string, bytes, weights int, doc string, values func(w Register) []VecVirtual) {
	scaled := weights == packedUnit
	signature := "(blocks int, dst *byte, w *byte)"
	if scaled {
		signature = "(blocks int, dst *byte, scales *float32, w *byte)"
	}
	declare(name, signature, doc)
	blocks, dst, w := Load(Param("blocks"), GP64()), Load(Param("dst"), GP64()), Load(Param("w"), GP64())
	var scales Register
	if scaled {
		scales = Load(Param("scales"), GP64())
	}
	Label("loop")
	if scaled {
		storeScale(w, scales)
	}
	for i, x := range values(w) {
		VMOVDQU(x, Mem{Base: dst, Disp: 32 * i})
	}
	ADDQ(U32(uint32(weights)), dst)
	ADDQ(U32(uint32(bytes)), w)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// byteStrip writes the product of four rows of bytes with a panel of 16 columns of bytes without a sign: four bytes of a column are
// neighbours. The sums of a block begin with a number of the row.
func byteStrip(minima bool) {
	name, more, doc := "byteStrip", "", "adds to 4 by 16 sums the products of four rows of a, stride bytes apart, with a panel of 16 columns. The sum of a block begins with its start."
	if minima {
		name, more, doc = "byteStripMinima", "totals *float32, minima *float32, ", "is byteStrip for weights less minima."
	}
	declareIn("VNNI", name, "(blocks int, a *int8, stride int, scales *float32, scalesStride int, starts *int32, b *byte, bScales *float32, "+more+"c *float32)", doc)
	s := stripOperands{minima: minima}
	s.load()
	starts := Load(Param("starts"), GP64())
	startsLast := lastOfFour(starts, s.scalesStride)
	Label("loop")
	var sums [4]VecVirtual
	for r := range sums {
		sums[r] = ZMM()
		VPBROADCASTD(rowOfFour(r, starts, s.scalesStride, startsLast), sums[r])
	}
	for k := range 8 {
		w := ZMM()
		VMOVDQU32(Mem{Base: s.b, Disp: 64 * k}, w)
		for r := range sums {
			dotBytesOf(rowOfFour(r, s.a, s.stride, s.aLast).Offset(4*k), w, sums[r])
		}
	}
	s.addScaledWide(sums)
	for _, p := range []Register{s.a, s.aLast} {
		ADDQ(Imm(packedUnit), p)
	}
	for _, p := range []Register{starts, startsLast} {
		ADDQ(Imm(4), p)
	}
	ADDQ(U32(512), s.b)
	s.next()
}

// wordStrip writes the product of four rows of words with a panel of 16 columns, as quantStrip does.
func wordStrip() {
	declareIn("VNNI", "wordStrip", "(blocks int, a *int16, stride int, scales *float32, scalesStride int, b *int16, bScales *float32, c *float32)",
		"adds to 4 by 16 sums the products of four rows of a, stride bytes apart, with a panel of 16 columns.")
	s := stripOperands{}
	s.load()
	Label("loop")
	var sums [4]VecVirtual
	for r := range sums {
		sums[r] = ZMM()
		VPXORD(sums[r], sums[r], sums[r])
	}
	for k := range 16 {
		w := ZMM()
		VMOVDQU32(Mem{Base: s.b, Disp: 64 * k}, w)
		for r := range sums {
			dotWordsOf(rowOfFour(r, s.a, s.stride, s.aLast).Offset(4*k), w, sums[r])
		}
	}
	s.addScaledWide(sums)
	ADDQ(Imm(64), s.a)
	ADDQ(Imm(64), s.aLast)
	ADDQ(U32(1024), s.b)
	s.next()
}
