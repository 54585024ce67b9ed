package kernel

// The products with Q4_K and Q5_K. A weight is its number times a scale less a minimum. Both belong to a part of 32 weights, like a block of the
// rounded row. So the product of a part is the exact sum of numbers times the scales, less the minimum times the total of the row.

const partsK = 8 // of 32 weights in a block

// partsFormat describes the blocks of such a format. They begin with the scales and the minima.
type partsFormat struct {
	bytes     int // of a block
	high, low int // the fifth bits and the lower four bits begin here; if high is 0, there are no fifth bits
}

var (
	partsQ4K = partsFormat{bytes: 144, low: 16}
	partsQ5K = partsFormat{bytes: 176, high: 16, low: 48}
)

// numbers writes the numbers of part j of a block.
func (f partsFormat) numbers(dst []int16, w []byte, j int) {
	for i, v := range w[f.low+j/2*32:][:32] {
		dst[i] = int16(v >> (j % 2 * 4) & 15)
	}
	if f.high > 0 {
		for i, v := range w[f.high:][:32] {
			dst[i] |= int16(v>>j&1) << 4
		}
	}
}

// exact returns the sum of the products of a with the numbers of part j of a block.
func (f partsFormat) exact(a []int8, w []byte, j int) (sum int32) {
	shift := j % 2 * 4
	for i, v := range w[f.low+j/2*32:][:32] {
		sum += int32(a[i]) * int32(v>>(shift&7)&15)
	}
	if f.high > 0 {
		var fifths int32
		for i, v := range w[f.high:][:32] {
			fifths += int32(a[i]) & -int32(v>>(j&7)&1)
		}
		sum += fifths << 4
	}
	return sum
}

func (f partsFormat) dot(o dotOperands) (sum float32) {
	var scales, minima [partsK]float32
	for b := 0; b < len(o.rounded.scales); b += partsK {
		w := o.w[b/partsK*f.bytes:][:f.bytes]
		partScales(&scales, &minima, w)
		for j := range partsK {
			a, scale := o.rounded.q[32*(b+j):][:32], o.rounded.scales[b+j]
			exact := f.exact(a, w, j)
			sum -= float32(float32(float32(o.rounded.totals[b+j])*scale) * minima[j])
			sum += float32(float32(exact) * float32(scales[j]*scale))
		}
	}
	return sum
}

// partScales computes the scales and the minima of a block.
func partScales(scales, minima *[partsK]float32, w []byte) {
	d, least := getF16(w), getF16(w[2:])
	for j := range scales {
		s, m := scaleOf(w[4:16], j)
		scales[j], minima[j] = d*float32(s), least*float32(m)
	}
}

// widenScales writes the scales and the minima of blocks.
func (f partsFormat) widenScales(to wideColumns, w []byte) {
	for b := 0; b < len(to.scales); b += partsK {
		partScales((*[partsK]float32)(to.scales[b:]), (*[partsK]float32)(to.minima[b:]), w[b/partsK*f.bytes:])
	}
}

func (f partsFormat) widenFast(numbers func(blocks int, dst *int16, w *byte)) func(to wideColumns, w []byte) {
	return func(to wideColumns, w []byte) {
		numbers(len(w)/f.bytes, &to.q[0], &w[0])
		f.widenScales(to, w)
	}
}

func (f partsFormat) widenSlow(to wideColumns, w []byte) {
	for p := range to.scales {
		f.numbers(to.q[32*p:][:32], w[p/partsK*f.bytes:], p%partsK)
	}
	f.widenScales(to, w)
}

func (f partsFormat) inBytes(numbers func(blocks int, dst, w *byte)) byteFormat {
	return byteFormat{0, func(to wideColumns, w []byte) {
		numbers(len(w)/f.bytes, &to.bytes[0], &w[0])
		f.widenScales(to, w)
	}}
}
