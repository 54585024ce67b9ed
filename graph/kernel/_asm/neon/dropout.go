package main

// dropout writes Philox4x32-10 for eight blocks at a time. The words of a block are in four values. Each block has its own lane.
func dropout() {
	f := newFunction("dropoutRowAsm", "(n int, x *float32, counter *[4]uint32, keys *[20]uint32, limit uint32, scale float32)")
	for i, name := range []string{"n", "x", "counter", "keys"} {
		f.integer(name, []string{"R0", "R1", "R2", "R3"}[i])
	}
	scale, limit, block := f.scalar("scale"), f.scalar("limit"), f.pin(2)
	f.set(block, f.apply(opAddInt, f.laneNumbers(), f.loadFrom("VLD1R (R2), [V%d.S4]", 1)))
	f.raw("loop:")
	f.raw("ADD $4, R2, R4")
	f.raw("MOVD R3, R5")
	c := [4]*value{block}
	for i := 1; i < 4; i++ {
		c[i] = f.loadFrom("VLD1R.P 4(R4), [V%d.S4]", 1)
	}
	for range 10 {
		c = f.philoxRound(c)
	}
	for i := range c {
		c[i] = f.apply(opAnd, f.apply(opAtLeast, c[i], limit), scale)
	}
	f.multiplyBlocks(c)
	f.accumulate(opAddInt, block, f.constant(2*lanes))
	f.raw("SUBS $32, R0")
	f.raw("BGT loop")
	f.raw("RET")
	f.finish("multiplies n elements, a multiple of 32, by scale, or sets them to zero if their random word is below limit. The first " +
		"word of counter must not wrap.")
}

func (f *function) philoxRound(c [4]*value) [4]*value {
	h0, l0 := f.mulWords(0xD2511F53, c[0])
	h1, l1 := f.mulWords(0xCD9E8D57, c[2])
	for _, h := range []struct {
		high **value
		with *value
	}{{&h1, c[1]}, {&h0, c[3]}} {
		key := f.loadFrom("VLD1R.P 4(R5), [V%d.S4]", 1)
		*h.high = f.apply(opXor, f.apply(opXor, *h.high, h.with), key)
	}
	return [4]*value{h1, l1, h0, l0}
}

// mulWords returns the upper and the lower halves of the products with a factor.
func (f *function) mulWords(factor uint32, x *value) (high, low *value) {
	k := f.constant(factor)
	wide := f.do(instruction{d: &value{width: 4}, s: []*value{x, k}, emit: func(d []int, s [][]int) {
		for i := range d {
			f.word([]opcode{opMulWide, opMulWide2}[i%2], s[1][0], s[0][i/2%len(s[0])], d[i])
		}
	}})
	pick := func(o opcode) *value {
		return f.do(instruction{d: &value{width: 2}, s: []*value{wide}, emit: func(d []int, s [][]int) {
			for i := range d {
				f.word(o, s[0][2*i+1], s[0][2*i], d[i])
			}
		}})
	}
	return pick(opOdd), pick(opEven)
}

// multiplyBlocks multiplies 32 elements by the factors of eight blocks: element 4·b + i by lane b of factor[i].
func (f *function) multiplyBlocks(factor [4]*value) {
	var blocks []*value // value k has the factors of the blocks k and k+4
	for _, zip := range []opcode{opZip1, opZip2} {
		even, odd := f.apply(zip, factor[0], factor[2]), f.apply(zip, factor[1], factor[3])
		blocks = append(blocks, f.apply(opZip1, even, odd), f.apply(opZip2, even, odd))
	}
	for half := range 2 {
		for k := 0; k < 4; k += 2 {
			f.do(instruction{d: &value{width: 2}, s: blocks[k : k+2], emit: func(d []int, s [][]int) {
				f.line("FLDPQ (R1), (F%d, F%d)", d[0], d[1])
				for i := range d {
					f.word(opMul, s[i][half], d[i], d[i])
				}
				f.line("FSTPQ.P (F%d, F%d), 32(R1)", d[0], d[1])
			}})
		}
	}
}
