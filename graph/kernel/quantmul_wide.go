package kernel

import "unsafe"

// The products of many rows with weights in few bits. A worker unpacks 16 rows of weights to 16 bits and transposes them to a panel, in
// which two weights of a column are neighbours. Each step of the micro-kernel multiplies pairs of bytes, whose sum is exact, and each block of
// 32 is then scaled and added to C in float32. So every element of C is summed in the order of its blocks.

const (
	wideRowsUnit = 4 // rows of A that the micro-kernel computes at a time
	widePanel    = 16
)

// wideFormat unpacks rows of weights, in assembly or in Go.
type wideFormat struct {
	minima     bool // of blocks, which are subtracted
	fast, slow func(to wideColumns, w []byte)
	inBytes    byteFormat
}

// wideColumns are rows or panels of weights in 16 bits, or in bytes without a sign, with scales and perhaps minima.
type wideColumns struct {
	q              []int16
	bytes          []byte
	scales, minima []float32
}

// wides lists the formats that are multiplied in 16 bits.
var wides = map[Quant]wideFormat{
	Q8_0: {fast: widenFastQ8, slow: widenSlowQ8, inBytes: byteFormat{128, unpackBytesQ8}},
	Q4_0: {fast: blocksQ4.widenFast(widenQ4AVX2), slow: blocksQ4.widenSlow, inBytes: blocksQ4.inBytes(bytesQ4AVX2)},
	Q4_1: {minima: true, fast: blocksQ41.widenFast(widenQ41AVX2), slow: blocksQ41.widenSlow, inBytes: blocksQ41.inBytes(bytesQ41AVX2)},
	Q5_0: {fast: blocksQ5.widenFast(widenQ5AVX2), slow: blocksQ5.widenSlow, inBytes: blocksQ5.inBytes(bytesQ5AVX2)},
	Q5_1: {minima: true, fast: blocksQ51.widenFast(widenQ51AVX2), slow: blocksQ51.widenSlow, inBytes: blocksQ51.inBytes(bytesQ51AVX2)},
	Q4_K: {minima: true, fast: partsQ4K.widenFast(widenQ4KAVX2), slow: partsQ4K.widenSlow, inBytes: partsQ4K.inBytes(bytesQ4KAVX2)},
	Q5_K: {minima: true, fast: partsQ5K.widenFast(widenQ5KAVX2), slow: partsQ5K.widenSlow, inBytes: partsQ5K.inBytes(bytesQ5KAVX2)},
	Q6_K: {fast: widenFastQ6K, slow: widenSlowQ6K},
}

func widenFastQ8(to wideColumns, w []byte) {
	widenQ8AVX2(len(to.scales), &to.q[0], &to.scales[0], &w[0])
}

func widenSlowQ8(to wideColumns, w []byte) {
	for b := range to.scales {
		block := w[b*bytesQ8:][:bytesQ8]
		for i, v := range block[2:] {
			to.q[b*packedUnit+i] = int16(int8(v))
		}
		to.scales[b] = getF16(block)
	}
}

func unpackBytesQ8(to wideColumns, w []byte) {
	bytesQ8AVX2(len(to.scales), &to.bytes[0], &to.scales[0], &w[0])
}

// wideRows are rows of bytes in 16 bits, in whole groups, with scales. totals are the sums of blocks times their scales, or nil.
type wideRows struct {
	q              []int16
	scales, totals []float32
}

// group returns the group of rows from row i on. A row has k elements.
func (w wideRows) group(i, k int) wideRows {
	blocks := k / packedUnit
	g := wideRows{q: w.q[i*k:][:wideRowsUnit*k], scales: w.scales[i*blocks:][:wideRowsUnit*blocks]}
	if w.totals != nil {
		g.totals = w.totals[i*blocks:][:wideRowsUnit*blocks]
	}
	return g
}

// wideRoom is memory for wideRows, and for a panel.
type wideRoom struct {
	q, panel            buffer[int16]
	scales, panelScales buffer[float32]
	minima, panelMinima buffer[float32]
	totals              buffer[float32]
	bytes, bytePanel    buffer[byte]
	sums                [wideRowsUnit * widePanel]float32
}

// round rounds m rows of k numbers like roundedRoom.round. The last group is filled up with zeros.
func (r *wideRoom) round(x []float32, m, k int, totals bool) wideRows {
	all := roundUp(m, wideRowsUnit)
	blocks := k / packedUnit
	rows := wideRows{q: r.q.sized(all * k), scales: r.scales.sized(all * blocks)}
	clear(rows.q[m*k:])
	clear(rows.scales[m*blocks:])
	if totals {
		rows.totals = r.totals.sized(all * blocks)
		clear(rows.totals[m*blocks:])
	}
	parallel(m, rowGrain(k), wideRounding{rows, x, k})
	return rows
}

type wideRounding struct {
	wideRows
	x []float32
	k int
}

func (w *wideRounding) Range(lo, hi int) {
	n := w.k / packedUnit
	if whole() {
		quantWideRowAVX2((hi-lo)*n, &w.q[lo*w.k], &w.scales[lo*n], &w.x[lo*w.k])
	} else {
		var block [packedUnit]int8
		for b := lo * n; b < hi*n; b++ {
			w.scales[b] = roundBlock(block[:], w.x[b*packedUnit:][:packedUnit])
			for i, v := range block {
				w.q[b*packedUnit+i] = int16(v)
			}
		}
	}
	if w.totals != nil {
		w.sum(lo*n, hi*n)
	}
}

// sum computes the totals of blocks.
func (w *wideRounding) sum(lo, hi int) {
	for b := lo; b < hi; b++ {
		var total int32
		for _, v := range w.q[b*packedUnit:][:packedUnit] {
			total += int32(v)
		}
		w.totals[b] = float32(total) * w.scales[b]
	}
}

// wide multiplies A with n columns.
func (g *packedGemm) wide(s *packedRoom, col, n int) {
	var panel wideColumns
	g.strips(s, col, n,
		func(row, count int) { panel = s.wide.pack(g.W, row, count) },
		func(row int) { quantStrip(g.wides.group(row, g.W.Cols), panel, &s.wide.sums) },
	)
}

// strips calls pack for each panel of columns, and then strip for each group of rows of A, which adds to the sums.
func (g *packedGemm) strips(s *packedRoom, col, n int, pack func(row, count int), strip func(row int)) {
	for j := 0; j < n; j += widePanel {
		count := min(widePanel, n-j)
		pack(col+j, count)
		for i := 0; i < g.M; i += wideRowsUnit {
			clear(s.wide.sums[:])
			strip(i)
			for r := range min(wideRowsUnit, g.M-i) {
				copy(g.C[(i+r)*g.W.Rows+col+j:][:count], s.wide.sums[r*widePanel:])
			}
		}
	}
}

// pack returns a panel of count ≤ 16 rows of w. The other columns of the panel are zero.
func (r *wideRoom) pack(w *Packed, row, count int) wideColumns {
	k, blocks, f := w.Cols, w.Cols/packedUnit, wides[w.Format]
	rows, panel := r.columns(blocks, count, f.minima)
	rows.q, panel.q = r.q.sized(widePanel*k), r.panel.sized(widePanel*k)
	clear(rows.q[count*k:])
	fill := f.slow
	if whole() && hasF16C {
		fill = f.fast
	}
	fill(rows.first(count*blocks), w.Data[row*w.stride():][:count*w.stride()])
	panel.packScales(rows, blocks)
	packPairs(panel.q, rows.q, k)
	return panel
}

// columns returns memory for the scales and the minima of count rows of weights and for those of a panel. The other columns are zero.
func (r *wideRoom) columns(blocks, count int, minima bool) (rows, panel wideColumns) {
	n := widePanel * blocks
	rows.scales, panel.scales = r.scales.sized(n), r.panelScales.sized(n)
	clear(rows.scales[count*blocks:])
	if minima {
		rows.minima, panel.minima = r.minima.sized(n), r.panelMinima.sized(n)
		clear(rows.minima[count*blocks:])
	}
	return rows, panel
}

// first returns the columns with the first scales and minima only.
func (c wideColumns) first(blocks int) wideColumns {
	c.scales = c.scales[:blocks]
	if c.minima != nil {
		c.minima = c.minima[:blocks]
	}
	return c
}

// packScales transposes the scales and the minima of rows.
func (c wideColumns) packScales(rows wideColumns, blocks int) {
	pack(c.scales, Matrix[float32]{Data: rows.scales, Stride: blocks}, widePanel, blocks, widePanel, false)
	if c.minima != nil {
		pack(c.minima, Matrix[float32]{Data: rows.minima, Stride: blocks}, widePanel, blocks, widePanel, false)
	}
}

// packPairs transposes 16 rows of k numbers in pairs.
func packPairs(panel, q []int16, k int) {
	if whole() {
		packAcross16AVX2(k/2, (*float32)(unsafe.Pointer(&q[0])), 2*k, (*float32)(unsafe.Pointer(&panel[0])), 4*widePanel)
		return
	}
	for i := range widePanel {
		for p := range k / 2 {
			panel[(p*widePanel+i)*2], panel[(p*widePanel+i)*2+1] = q[i*k+2*p], q[i*k+2*p+1]
		}
	}
}

// quantStrip adds the products of four rows with a panel to sums.
func quantStrip(a wideRows, b wideColumns, sums *[wideRowsUnit * widePanel]float32) {
	if fastStrip(a, b, sums) {
		return
	}
	k, blocks := len(a.q)/wideRowsUnit, len(a.scales)/wideRowsUnit
	for block := range blocks {
		for r := range wideRowsUnit {
			exact := pairProducts(a.q[r*k+block*packedUnit:][:packedUnit], b.q[block*packedUnit*widePanel:][:packedUnit*widePanel])
			for i, v := range exact {
				at, sum := block*widePanel+i, &sums[r*widePanel+i]
				if b.minima != nil {
					*sum -= float32(b.minima[at] * a.totals[r*blocks+block])
				}
				d := float32(b.scales[at] * a.scales[r*blocks+block])
				*sum += float32(float32(v) * d)
			}
		}
	}
}

// pairProducts returns the products of a block with the columns of a panel.
func pairProducts(row, panel []int16) (exact [widePanel]int32) {
	for p := 0; p < packedUnit; p += 2 {
		x, y := int32(row[p]), int32(row[p+1])
		for i := range exact {
			w := panel[p*widePanel+2*i:][:2]
			exact[i] += x*int32(w[0]) + y*int32(w[1])
		}
	}
	return exact
}
