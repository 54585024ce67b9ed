package kernel

import bytes "encoding/binary"

// The products with Q4_0, Q4_1, Q5_0 and Q5_1. A weight is its number, less an offset of the format, times the scale of its block, plus the
// minimum of its block in the last two. So the product of a block is an exact sum times the scales, plus the minimum times the total of the row.

// blockFormat describes the blocks of 32 weights of such a format. They begin with the scale, and end with the lower four bits.
type blockFormat struct {
	bytes   int  // of a block
	minimum bool // follows the scale
	high    int  // the fifth bits begin here; if it is 0, there are none
	offset  int32
}

var (
	blocksQ4  = blockFormat{bytes: 18, offset: 8}
	blocksQ41 = blockFormat{bytes: 20, minimum: true}
	blocksQ5  = blockFormat{bytes: 22, high: 2, offset: 16}
	blocksQ51 = blockFormat{bytes: 24, minimum: true, high: 4}
)

// numbers writes the numbers of a block.
func (f blockFormat) numbers(dst []int16, w []byte) {
	for i, v := range w[f.bytes-16:][:16] {
		dst[i], dst[i+16] = int16(v&15), int16(v>>4)
	}
	if f.high > 0 {
		fifth := bytes.LittleEndian.Uint32(w[f.high:])
		for i := range dst {
			dst[i] |= int16(fifth>>i&1) << 4
		}
	}
}

func (f blockFormat) dot(o dotOperands) (sum float32) {
	for b, scale := range o.rounded.scales {
		a, w, total := o.rounded.q[32*b:][:32], o.w[b*f.bytes:][:f.bytes], o.rounded.totals[b]
		exact := -f.offset * total
		for i, v := range w[f.bytes-16:][:16] {
			exact += int32(a[i])*int32(v&15) + int32(a[i+16])*int32(v>>4)
		}
		if f.high > 0 {
			exact += fifths(a, bytes.LittleEndian.Uint32(w[f.high:]))
		}
		if f.minimum {
			sum += float32(float32(float32(total)*scale) * getF16(w[2:]))
		}
		sum += float32(float32(exact) * float32(getF16(w)*scale))
	}
	return sum
}

// fifths returns 16 times the sum of the numbers in a whose bits are set.
func fifths(a []int8, bits uint32) (sum int32) {
	for i, v := range a {
		sum += int32(v) & -int32(bits>>(i&31)&1)
	}
	return sum << 4
}

func (f blockFormat) widenFast(run func(blocks int, dst *int16, scales *float32, w *byte)) func(to wideColumns, w []byte) {
	return func(to wideColumns, w []byte) {
		run(len(to.scales), &to.q[0], &to.scales[0], &w[0])
		f.widenMinima(to, w)
	}
}

func (f blockFormat) widenSlow(to wideColumns, w []byte) {
	for b := range to.scales {
		q, block := to.q[b*packedUnit:][:packedUnit], w[b*f.bytes:][:f.bytes]
		f.numbers(q, block)
		for i := range q {
			q[i] -= int16(f.offset)
		}
		to.scales[b] = getF16(block)
	}
	f.widenMinima(to, w)
}

// widenMinima writes the minima of blocks with the other sign, because the products subtract them.
func (f blockFormat) widenMinima(to wideColumns, w []byte) {
	for b := range to.minima {
		to.minima[b] = -getF16(w[b*f.bytes+2:])
	}
}

func (f blockFormat) inBytes(run func(blocks int, dst *byte, scales *float32, w *byte)) byteFormat {
	return byteFormat{f.offset, func(to wideColumns, w []byte) {
		run(len(to.scales), &to.bytes[0], &to.scales[0], &w[0])
		f.widenMinima(to, w)
	}}
}
