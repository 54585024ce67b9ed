package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// words is a format of weights in 16 bits.
type words struct {
	name, format string
	shuffled     bool // moving its bytes makes a float32
}

// wordFormats lists the formats.
var wordFormats = []words{{"bfloat", "bfloat16", true}, {"half", "binary16", false}}

// multiply writes the products with weights in 16 bits.
func (f words) multiply() {
	f.multiplyRow()
	f.multiplyRows(2, 4, false)
	f.multiplyRows(3, 2, false)
	f.multiplyRows(4, 2, false)
	f.multiplyRows(3, 3, true)
	f.multiplyRows(4, 3, true)
}

// load returns eight weights as float32. order is the result of f.order.
func (f words) load(from Mem, order Op) VecVirtual {
	w := YMM()
	if !f.shuffled {
		VCVTPH2PS(from, w)
		return w
	}
	VBROADCASTI128(from, w)
	VPSHUFB(order, w, w)
	return w
}

// order returns the order of bytes that load needs, in memory or in a register.
func (f words) order(register bool) Op {
	switch {
	case !f.shuffled:
		return nil
	case !register:
		return widenOrder()
	}
	order := YMM()
	VMOVDQU(widenOrder(), order)
	return order
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

// wordsAhead is the distance in bytes from the next group of rows to the part of it that is prefetched, for one row. On Zen 4, it is a
// twentieth faster than 0 for rows in memory.
const wordsAhead = 4096

// multiplyRow writes the products of one row with four rows of weights at a time.
func (f words) multiplyRow() {
	declare(f.name+"Dots", "(groups, n int, a *float32, w *byte, stride int, c *float32)",
		"writes the products of a with groups of four rows of n "+f.format+" that are stride bytes apart. n is a multiple of 8.")
	v := &vector{pointers: map[string]Register{}, offset: GP64()}
	groups, a := Load(Param("groups"), GP64()), Load(Param("a"), GP64())
	first := Load(Param("w"), GP64())
	stride, c := Load(Param("stride"), GP64()), Load(Param("c"), GP64())
	order := f.order(true)
	Label("group")
	n := Load(Param("n"), GP64())
	v.pointers["b"] = first
	XORQ(v.offset, v.offset)
	matrixRows(v, stride)
	ahead := GP64()
	LEAQ(Mem{Base: first, Index: stride, Scale: 4}, ahead)
	var sums [4]VecVirtual
	for r := range sums {
		sums[r] = zero()
	}
	Label("loop")
	PREFETCHT0(Mem{Base: ahead, Index: v.offset, Scale: 4, Disp: wordsAhead})
	x := YMM()
	VMOVUPS(Mem{Base: a, Index: v.offset, Scale: 2}, x)
	for r := range sums {
		w := f.load(v.at(fmt.Sprintf("b%d", r)), order)
		VMULPS(x, w, w)
		VADDPS(w, sums[r], sums[r])
	}
	ADDQ(Imm(16), v.offset)
	SUBQ(Imm(8), n)
	JNZ(LabelRef("loop"))
	storeFour(sums, Mem{Base: c})
	MOVQ(ahead, first)
	ADDQ(Imm(16), c)
	DECQ(groups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}
