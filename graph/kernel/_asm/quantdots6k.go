package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The parts of a block of Q6_K: the lower four bits of its 256 weights, the upper two, the signed scales of parts of 16 weights, and the scale
// of the block.
const (
	upperQ6K  = 128
	scalesQ6K = 192
	scaleQ6K  = 208
	bytesQ6K  = 210
)

// blockQ6K reads a block of Q6_K. A part has 32 weights with two scales.
type blockQ6K struct {
	w              Register
	low, high, mid VecVirtual    // masks of lower and upper bits, and bytes of 32
	scales         VecVirtual    // in 16 bits: of the first 16 weights of all parts, and of the others
	lower          [2]VecVirtual // bits of half a block
	upper          VecVirtual
}

func newBlockQ6K(w Register) *blockQ6K {
	b := &blockQ6K{w: w, low: YMM(), high: YMM(), mid: YMM()}
	VMOVDQU(allInt(0x0f0f0f0f), b.low)
	VMOVDQU(allInt(0x30303030), b.high)
	VMOVDQU(allInt(0x20202020), b.mid)
	return b
}

// begin reads the scales.
func (b *blockQ6K) begin() {
	x := XMM()
	b.scales = YMM()
	VMOVDQU(Mem{Base: b.w, Disp: scalesQ6K}, x)
	VPSHUFB(table("even_first", []uint32{0x06040200, 0x0e0c0a08, 0x07050301, 0x0f0d0b09}), x, x)
	VPMOVSXBW(x, b.scales)
}

// part returns the weights of part p, larger by 32, in bytes. The parts are read in order.
func (b *blockQ6K) part(p int) VecVirtual {
	half, quarter := p/4, p%4
	if quarter == 0 {
		for i := range b.lower {
			b.lower[i] = YMM()
			VMOVDQU(Mem{Base: b.w, Disp: 64*half + 32*i}, b.lower[i])
		}
		b.upper = YMM()
		VMOVDQU(Mem{Base: b.w, Disp: upperQ6K + 32*half}, b.upper)
	}
	x, y := YMM(), YMM()
	if low := b.lower[quarter%2]; quarter < 2 {
		VPAND(low, b.low, x)
	} else {
		VPSRLW(Imm(4), low, x)
		VPAND(x, b.low, x)
	}
	shifted(b.upper, 4-2*quarter, y)
	VPAND(y, b.high, y)
	VPOR(y, x, x)
	return x
}

// scaleWords returns the scales of part p, in 16 bits: one of them in the lower half, the other in the upper half.
func (b *blockQ6K) scaleWords(p int) VecVirtual {
	s := YMM()
	VPSHUFB(allInt(0x01000100+0x02020202*uint32(p)), b.scales, s)
	return s
}

// shifted shifts words to the left by some bits, or to the right if bits is negative.
func shifted(x VecVirtual, bits int, to VecVirtual) {
	switch {
	case bits > 0:
		VPSLLW(Imm(uint64(bits)), x, to)
	case bits < 0:
		VPSRLW(Imm(uint64(-bits)), x, to)
	default:
		VMOVDQA(x, to)
	}
}

// quantDotsQ6K writes the products with rows of Q6_K, row after row, so that memory is read in order. The eight parts of a block have the eight
// lanes of a vector for their sums. The lanes are added one after the other, as in the Go twin.
func quantDotsQ6K() {
	declare("quantDotsQ6K", "(rows, blocks int, a *int8, scales *float32, totals *int32, w *byte, stride int, c *float32)",
		"writes the products of a, in blocks of 32 bytes with scales, with rows of weights, stride bytes apart.")
	rows, c, stride, row := Load(Param("rows"), GP64()), Load(Param("c"), GP64()), Load(Param("stride"), GP64()), Load(Param("w"), GP64())
	b, a, scales, sum, local := newBlockQ6K(GP64()), GP64(), GP64(), XMM(), AllocLocal(4*lanes)
	Label("row")
	MOVQ(row, b.w)
	blocks := Load(Param("blocks"), GP64())
	Load(Param("a"), a)
	Load(Param("scales"), scales)
	VXORPS(sum, sum, sum)
	Label("block")
	for i := 0; i < bytesQ6K; i += 64 {
		PREFETCHT0(Mem{Base: b.w, Disp: rowsAhead + i})
	}
	b.begin()
	x, d := b.dots(a), YMM()
	VPBROADCASTW(Mem{Base: b.w, Disp: scaleQ6K}, d.AsX())
	VCVTPH2PS(d.AsX(), d)
	VMULPS(Mem{Base: scales}, d, d)
	VCVTDQ2PS(x, x)
	VMULPS(d, x, x)
	VMOVUPS(x, local)
	for i := range lanes {
		VADDSS(local.Offset(4*i), sum, sum)
	}
	ADDQ(U32(bytesQ6K), b.w)
	ADDQ(U32(256), a)
	ADDQ(Imm(4*lanes), scales)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VMOVSS(sum, Mem{Base: c})
	ADDQ(Imm(4), c)
	ADDQ(stride, row)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// dots returns the exact sums of all parts.
func (b *blockQ6K) dots(a Register) VecVirtual {
	two := func(p int) VecVirtual { return across(b.product(a, p), b.product(a, p+1), 32, addDoubles) }
	four := func(p int) VecVirtual { return across(two(p), two(p+2), 64, addDoubles) }
	return across(four(0), four(4), 128, addDoubles)
}

// product returns the sums of four products each of part p, times its scales.
func (b *blockQ6K) product(a Register, p int) VecVirtual {
	w, offset, at := b.part(p), YMM(), Mem{Base: a, Disp: 32 * p}
	VPMADDUBSW(at, w, w)
	VPMADDUBSW(at, b.mid, offset)
	VPSUBW(offset, w, w)
	VPMADDWD(b.scaleWords(p), w, w)
	return w
}

// widenQ6K writes the weights of blocks times the scales of their parts, which fit in 16 bits. The parts share the scale of their block.
func widenQ6K() {
	declare("widenQ6K", "(blocks int, dst *int16, scales *float32, w *byte)",
		"writes the weights of blocks, times the scales of their parts, in 16 bits, and the scale of each block for all eight parts.")
	blocks := Load(Param("blocks"), GP64())
	dst, scales := Load(Param("dst"), GP64()), Load(Param("scales"), GP64())
	b := newBlockQ6K(Load(Param("w"), GP64()))
	Label("block")
	b.begin()
	d := YMM()
	VPBROADCASTW(Mem{Base: b.w, Disp: scaleQ6K}, d.AsX())
	VCVTPH2PS(d.AsX(), d)
	VMOVUPS(d, Mem{Base: scales})
	for p := range 8 {
		x, s := b.part(p), b.scaleWords(p)
		VPSUBB(b.mid, x, x)
		both := YMM()
		VPERMQ(Imm(0x44), s, both)
		VPERMQ(Imm(0xee), s, s)
		for i, scale := range []VecVirtual{both, s} {
			y := YMM()
			if i > 0 {
				VEXTRACTI128(Imm(1), x, x.AsX())
			}
			VPMOVSXBW(x.AsX(), y)
			VPMULLW(scale, y, y)
			VMOVDQU(y, Mem{Base: dst, Disp: 64*p + 32*i})
		}
	}
	ADDQ(U32(bytesQ6K), b.w)
	ADDQ(U32(512), dst)
	ADDQ(Imm(4*lanes), scales)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}
