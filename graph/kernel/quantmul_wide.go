package kernel

import "unsafe"

// The products of many rows with weights in 8 or 4 bits. A worker unpacks 16 rows of weights to 16 bits and transposes them to a panel, in
// which two weights of a column are neighbours. Each step of the micro-kernel multiplies pairs of bytes, whose sum is exact, and each block of
// 32 is then scaled and added to C in float32. So every element of C is summed in the order of its blocks.

const (
	wideRowsUnit = 4 // rows of A that the micro-kernel computes at a time
	widePanel    = 16
)

// wideFormat unpacks the blocks of a format.
type wideFormat struct {
	fast  func(blocks int, dst *int16, scales *float32, w *byte)
	block func(dst []int16, w []byte) (scale float32)
}

// wides lists the formats that are multiplied in 16 bits.
var wides = map[Quant]wideFormat{Q8_0: {widenQ8AVX2, wideQ8}, Q4_0: {widenQ4AVX2, wideQ4}}

func wideQ8(dst []int16, w []byte) (scale float32) {
	for i := range dst {
		dst[i] = int16(int8(w[2+i]))
	}
	return getF16(w)
}

func wideQ4(dst []int16, w []byte) (scale float32) {
	for i := range 16 {
		dst[i], dst[i+16] = int16(w[2+i]&15)-8, int16(w[2+i]>>4)-8
	}
	return getF16(w)
}

// wideRows are rows of bytes in 16 bits, in whole groups, with scales.
type wideRows struct {
	q      []int16
	scales []float32
}

// wideRoom is memory for wideRows, and for a panel.
type wideRoom struct {
	q, panel            buffer[int16]
	scales, panelScales buffer[float32]
	sums                [wideRowsUnit * widePanel]float32
}

// round rounds m rows of k numbers like roundedRoom.round. The last group is filled up with zeros.
func (r *wideRoom) round(x []float32, m, k int) wideRows {
	all := roundUp(m, wideRowsUnit)
	rows := wideRows{r.q.sized(all * k), r.scales.sized(all * k / packedUnit)}
	clear(rows.q[m*k:])
	clear(rows.scales[m*k/packedUnit:])
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
	if accelerated {
		quantWideRowAVX2((hi-lo)*n, &w.q[lo*w.k], &w.scales[lo*n], &w.x[lo*w.k])
		return
	}
	var block [packedUnit]int8
	for b := lo * n; b < hi*n; b++ {
		w.scales[b] = roundBlock(block[:], w.x[b*packedUnit:][:packedUnit])
		for i, v := range block {
			w.q[b*packedUnit+i] = int16(v)
		}
	}
}

// wide multiplies A with n columns.
func (g *packedGemm) wide(s *packedRoom, col, n int) {
	k := g.W.Cols
	blocks := k / packedUnit
	for j := 0; j < n; j += widePanel {
		count := min(widePanel, n-j)
		panel, scales := s.wide.pack(g.W, col+j, count)
		for i := 0; i < g.M; i += wideRowsUnit {
			clear(s.wide.sums[:])
			quantStrip(g.wides.q[i*k:][:wideRowsUnit*k], g.wides.scales[i*blocks:][:wideRowsUnit*blocks], panel, scales, &s.wide.sums)
			for r := range min(wideRowsUnit, g.M-i) {
				copy(g.C[(i+r)*g.W.Rows+col+j:][:count], s.wide.sums[r*widePanel:])
			}
		}
	}
}

// pack returns a panel of count ≤ 16 rows of w. The other columns of the panel are zero.
func (r *wideRoom) pack(w *Packed, row, count int) (panel []int16, scales []float32) {
	k, blocks, f := w.Cols, w.Cols/packedUnit, wides[w.Format]
	q, d := r.q.sized(widePanel*k), r.scales.sized(widePanel*blocks)
	clear(q[count*k:])
	clear(d[count*blocks:])
	data := w.Data[row*w.stride():][:count*w.stride()]
	panel, scales = r.panel.sized(widePanel*k), r.panelScales.sized(widePanel*blocks)
	if accelerated && hasF16C {
		f.fast(count*blocks, &q[0], &d[0], &data[0])
		pack(scales, Matrix[float32]{Data: d, Stride: blocks}, widePanel, blocks, widePanel, false)
		packAcross16AVX2(k/2, (*float32)(unsafe.Pointer(&q[0])), 2*k, (*float32)(unsafe.Pointer(&panel[0])), 4*widePanel)
		return panel, scales
	}
	_, size := w.Format.Block()
	for b := range count * blocks {
		d[b] = f.block(q[b*packedUnit:][:packedUnit], data[b*size:])
	}
	pack(scales, Matrix[float32]{Data: d, Stride: blocks}, widePanel, blocks, widePanel, false)
	for i := range widePanel {
		for p := range k / 2 {
			panel[(p*widePanel+i)*2], panel[(p*widePanel+i)*2+1] = q[i*k+2*p], q[i*k+2*p+1]
		}
	}
	return panel, scales
}

// quantStrip adds the products of four rows with a panel to sums.
func quantStrip(a []int16, aScales []float32, b []int16, bScales []float32, sums *[wideRowsUnit * widePanel]float32) {
	k, blocks := len(a)/wideRowsUnit, len(aScales)/wideRowsUnit
	if accelerated {
		quantStripAVX2(blocks, &a[0], 2*k, &aScales[0], 4*blocks, &b[0], &bScales[0], &sums[0])
		return
	}
	for block := range blocks {
		for r := range wideRowsUnit {
			row, panel := a[r*k+block*packedUnit:][:packedUnit], b[block*packedUnit*widePanel:][:packedUnit*widePanel]
			var exact [widePanel]int32
			for p := 0; p < packedUnit; p += 2 {
				x, y := int32(row[p]), int32(row[p+1])
				for i, w := range panel[p*widePanel:][:2*widePanel] {
					if i%2 == 0 {
						exact[i/2] += x * int32(w)
					} else {
						exact[i/2] += y * int32(w)
					}
				}
			}
			for i, v := range exact {
				d := float32(bScales[block*widePanel+i] * aScales[r*blocks+block])
				sums[r*widePanel+i] += float32(float32(v) * d)
			}
		}
	}
}

// widenBF16 writes bfloat16 as float32.
func widenBF16(x []float32, w []byte) {
	if accelerated {
		widenBF16AVX2(len(x), &x[0], &w[0])
		return
	}
	for i := range x {
		unpackBF16(x[i:i+1], w[2*i:])
	}
}
