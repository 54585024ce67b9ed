package kernel

import (
	bytes "encoding/binary"
	"math"
)

// The products of a row with rows of weights. A sum has eight parts: in a block of 32 weights, part l sums the products 4l … 4l+3, which
// are integers, and then multiplies them by the product of both scales. In bfloat16, part l sums the products l, l+8, …. Products are
// rounded before they are added. The assembly has the same order and the same bits.

// packedDots computes products with up to four rows of weights of one format.
type packedDots struct {
	rounded bool // the other operand is rounded
	run     func(o dotOperands) [packedGroup]float32
}

// dotOperands are a row and up to four rows of weights, stride bytes apart.
type dotOperands struct {
	a       []float32
	rounded rounded
	w       []byte
	stride  int
	count   int // of rows
}

// rounded is a row of bytes in blocks of 32 with a scale for each.
type rounded struct {
	q      []int8
	scales []float32
}

// packed lists the products by format. Weights of other formats are unpacked first.
var packed = map[Quant]packedDots{
	Q8_0: {true, quantDots(quantDotsQ8AVX2, dotQ8)},
	Q4_0: {true, quantDots(quantDotsQ4AVX2, dotQ4)},
	BF16: {false, bfloatDots},
}

// quantDots returns the products with rounded operands: in assembly for four rows, otherwise in Go.
func quantDots(
	fast func(blocks int, a *int8, scales *float32, w *byte, stride int, sums *[4]float32), slow func(a rounded, w []byte) float32,
) func(o dotOperands) [packedGroup]float32 {
	return func(o dotOperands) (sums [packedGroup]float32) {
		if accelerated && hasF16C && o.count == packedGroup {
			fast(len(o.rounded.scales), &o.rounded.q[0], &o.rounded.scales[0], &o.w[0], o.stride, &sums)
			return sums
		}
		for r := range o.count {
			sums[r] = slow(o.rounded, o.w[r*o.stride:][:o.stride])
		}
		return sums
	}
}

func bfloatDots(o dotOperands) (sums [packedGroup]float32) {
	if accelerated && o.count == packedGroup {
		bfloatDotsAVX2(len(o.a), &o.a[0], &o.w[0], o.stride, &sums)
		return sums
	}
	for r := range o.count {
		sums[r] = dotBF16(o.a, o.w[r*o.stride:][:o.stride])
	}
	return sums
}

// total adds up the parts of a sum.
func total(s *[8]float32) float32 {
	return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
}

func dotQ8(a rounded, w []byte) float32 {
	var parts [8]float32
	for b, scale := range a.scales {
		q, block := a.q[32*b:][:32], w[34*b:][:34]
		d := getF16(block) * scale
		block = block[2:]
		for l := range parts {
			var sum int32
			for i := 4 * l; i < 4*l+4; i++ {
				sum += int32(q[i]) * int32(int8(block[i]))
			}
			parts[l] += float32(float32(sum) * d)
		}
	}
	return total(&parts)
}

func dotQ4(a rounded, w []byte) float32 {
	var parts [8]float32
	for b, scale := range a.scales {
		q, block := a.q[32*b:][:32], w[18*b:][:18]
		d := getF16(block) * scale
		block = block[2:]
		for l := range 4 {
			var low, high int32
			for i := 4 * l; i < 4*l+4; i++ {
				low += int32(q[i]) * (int32(block[i]&15) - 8)
				high += int32(q[i+16]) * (int32(block[i]>>4) - 8)
			}
			parts[l] += float32(float32(low) * d)
			parts[l+4] += float32(float32(high) * d)
		}
	}
	return total(&parts)
}

func dotBF16(a []float32, w []byte) float32 {
	var parts [8]float32
	for i := 0; i < len(a); i += 8 {
		x, y := a[i:][:8], w[2*i:][:16]
		for l := range parts {
			parts[l] += float32(x[l] * math.Float32frombits(uint32(bytes.LittleEndian.Uint16(y[2*l:]))<<16))
		}
	}
	return total(&parts)
}

// roundedRows are rows of bytes, one after the other.
type roundedRows rounded

// row returns row i of k elements.
func (r roundedRows) row(i, k int) rounded {
	if r.q == nil {
		return rounded{}
	}
	return rounded{r.q[i*k:][:k], r.scales[i*k/packedUnit:][:k/packedUnit]}
}

// roundedRoom is memory for rounded rows.
type roundedRoom struct {
	q      buffer[int8]
	scales buffer[float32]
}

// round rounds x, in blocks of 32, to bytes from −127 to 127 times a scale.
func (r *roundedRoom) round(x []float32) roundedRows {
	rows := roundedRows{r.q.sized(len(x)), r.scales.sized(len(x) / packedUnit)}
	if accelerated {
		quantRowAVX2(len(rows.scales), &rows.q[0], &rows.scales[0], &x[0])
		return rows
	}
	for b := range rows.scales {
		rows.scales[b] = roundBlock(rows.q[32*b:][:32], x[32*b:][:32])
	}
	return rows
}

// leastScale is the smallest scale. Blocks of smaller numbers become zeros.
const leastScale = 0x1p-126

// roundBlock rounds a block and returns its scale, which is NaN if a number is.
func roundBlock(q []int8, x []float32) (d float32) {
	var most uint32 // the bits of magnitudes are ordered like magnitudes, and a NaN is the largest
	for _, v := range x {
		most = max(most, math.Float32bits(v)&^(1<<31))
	}
	var inverse float32
	if d = math.Float32frombits(most) / 127; d < leastScale {
		d = 0
	} else {
		inverse = 1 / d
	}
	for i, v := range x {
		r := math.RoundToEven(float64(v * inverse))
		if !(math.Abs(r) <= 127) { // the block has an infinity or a NaN, and so has the product
			r = 0
		}
		q[i] = int8(r)
	}
	return d
}
