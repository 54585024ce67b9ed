package kernel

import "math"

// The products of a row with rows of weights. With rounded rows, the 32 products of a block are integers with an exact sum, which is
// multiplied by the scales and added, block after block: the same order as for many rows (quantmul_wide.go). In F16 and BF16 a sum has eight
// parts; part l sums the products l, l+8, …. Products are rounded before they are added. The assembly has the same order and the same bits.

// packedDots computes the product of a row with a row of weights of one format.
type packedDots struct {
	rounded bool // the other operand is rounded
	slow    func(o dotOperands) float32
	fast    fastDots
	rows    rowsKernels
}

// fastDots computes the products with groups of rows of weights, in assembly. A group may be a single row.
type fastDots struct {
	group int
	run   func(groups int, o dotOperands)
}

// dotOperands are a row and rows of weights, stride bytes apart. c receives a product for each row of weights.
type dotOperands struct {
	a       []float32
	rounded rounded
	w       []byte
	stride  int
	c       []float32
}

// rounded is a row of bytes in blocks of 32, with a scale and the sum of the bytes of each block.
type rounded struct {
	q      []int8
	scales []float32
	totals []int32
}

// packed lists the products by format.
var packed = map[Quant]packedDots{
	Q8_0: {rounded: true, slow: dotQ8, fast: fastQ8},
	Q4_0: {rounded: true, slow: blocksQ4.dot, fast: fastQ4},
	Q4_1: {rounded: true, slow: blocksQ41.dot, fast: fastQ41},
	Q5_0: {rounded: true, slow: blocksQ5.dot, fast: fastQ5},
	Q5_1: {rounded: true, slow: blocksQ51.dot, fast: fastQ51},
	Q4_K: {rounded: true, slow: partsQ4K.dot, fast: fastQ4K},
	Q5_K: {rounded: true, slow: partsQ5K.dot, fast: fastQ5K},
	Q6_K: {rounded: true, slow: dotQ6K, fast: fastQ6K},
	F16:  {slow: dotF16, fast: fastF16, rows: rowsF16},
	BF16: {slow: dotBF16, fast: fastBF16, rows: rowsBF16},
}

// run computes all products. If the last rows do not fill a group, the last group begins earlier and repeats some products.
func (d packedDots) run(o dotOperands) {
	n, group := len(o.c), d.fast.group
	if fastDotsRun() && group > 0 && n >= group {
		d.fast.run(n/group, o)
		if n%group > 0 {
			d.fast.run(1, o.from(n-group))
		}
		return
	}
	for i := range n {
		o.c[i] = d.slow(o.from(i))
	}
}

// from returns the operands without the first rows of weights.
func (o dotOperands) from(row int) dotOperands {
	o.w, o.c = o.w[row*o.stride:], o.c[row:]
	return o
}

// wordDots returns the products by a kernel for weights in 16 bits, which multiplies groups of four rows.
func wordDots(kernel func(groups, n int, a *float32, w *byte, stride int, c *float32)) fastDots {
	return fastDots{4, func(groups int, o dotOperands) { kernel(groups, len(o.a), &o.a[0], &o.w[0], o.stride, &o.c[0]) }}
}

// quantKernel computes the products of a row of rounded blocks with groups of rows of weights.
type quantKernel func(groups, blocks int, a *int8, scales *float32, totals *int32, w *byte, stride int, c *float32)

// quantDots returns the products with rounded operands, by the kernel vnni if its instructions may be used. parts is the number of blocks
// of the row in a block of weights.
func quantDots(parts int, fast, vnni quantKernel) func(groups int, o dotOperands) {
	return func(groups int, o dotOperands) {
		a, run := o.rounded, fast
		if hasVNNI {
			run = vnni
		}
		run(groups, len(a.scales)/parts, &a.q[0], &a.scales[0], &a.totals[0], &o.w[0], o.stride, &o.c[0])
	}
}

const bytesQ8 = 34 // of a block

func dotQ8(o dotOperands) (sum float32) {
	for b, scale := range o.rounded.scales {
		q, block := o.rounded.q[32*b:][:32], o.w[bytesQ8*b:][:bytesQ8]
		d := getF16(block) * scale
		var exact int32
		for i, w := range block[2:] {
			exact += int32(q[i]) * int32(int8(w))
		}
		sum += float32(float32(exact) * d)
	}
	return sum
}

func dotBF16(o dotOperands) float32 {
	var s eightSums
	for i := 0; i < len(o.a); i += 8 {
		var y [8]float32
		unpackBF16(y[:], o.w[2*i:][:16])
		s.add(o.a[i:][:8], &y)
	}
	return s.total()
}

func dotF16(o dotOperands) float32 {
	var s eightSums
	for i := 0; i < len(o.a); i += 8 {
		var y [8]float32
		unpackF16(y[:], o.w[2*i:][:16])
		s.add(o.a[i:][:8], &y)
	}
	return s.total()
}

// eightSums are the parts of a product in F16 or BF16.
type eightSums [8]float32

func (s *eightSums) add(x []float32, y *[8]float32) {
	for l, v := range x[:8] {
		s[l] += float32(v * y[l])
	}
}

func (s *eightSums) total() float32 {
	return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
}

// roundedRows are rows of bytes, one after the other.
type roundedRows rounded

// row returns row i of k elements.
func (r roundedRows) row(i, k int) rounded {
	if r.q == nil {
		return rounded{}
	}
	blocks := k / packedUnit
	return rounded{r.q[i*k:][:k], r.scales[i*blocks:][:blocks], r.totals[i*blocks:][:blocks]}
}

// roundedRoom is memory for rounded rows.
type roundedRoom struct {
	q      buffer[int8]
	scales buffer[float32]
	totals buffer[int32]
}

// round rounds x, in blocks of 32, to bytes from −127 to 127 times a scale.
func (r *roundedRoom) round(x []float32) roundedRows {
	rows := r.sized(len(x))
	rows.round(x)
	return rows
}

// sized returns rows of n bytes in all.
func (r *roundedRoom) sized(n int) roundedRows {
	blocks := n / packedUnit
	return roundedRows{r.q.sized(n), r.scales.sized(blocks), r.totals.sized(blocks)}
}

// from returns the blocks from number block on.
func (r roundedRows) from(block int) roundedRows {
	return roundedRows{r.q[block*packedUnit:], r.scales[block:], r.totals[block:]}
}

// round rounds the first blocks to x.
func (r roundedRows) round(x []float32) {
	blocks := len(x) / packedUnit
	if whole() {
		quantRowAVX2(blocks, &r.q[0], &r.scales[0], &r.totals[0], &x[0])
		return
	}
	for b := range blocks {
		q := r.q[32*b:][:32]
		r.scales[b], r.totals[b] = roundBlock(q, x[32*b:][:32]), 0
		for _, v := range q {
			r.totals[b] += int32(v)
		}
	}
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
