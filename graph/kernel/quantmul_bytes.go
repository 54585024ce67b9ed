package kernel

import "unsafe"

// The products of many rows with weights in 8, 5 or 4 bits, on a processor that sums products of four bytes in one instruction, VPDPBUSD. One
// operand of this instruction has no sign, so an offset is added to the weights. The sum of a block starts with the offset times the total
// of the row, negated. It is the same integer as in 16 bits (quantmul_wide.go), so the bits of the product are the same.

// byteFormat unpacks rows of weights, larger by an offset, to bytes.
type byteFormat struct {
	offset int32
	unpack func(to wideColumns, w []byte)
}

// byteStrip adds the products of four rows with a panel in bytes to sums. It is nil if the processor lacks the instruction.
var byteStrip = byteStripOf(hasVNNI)

func byteStripOf(vnni bool) func(a byteRows, b wideColumns, sums *[wideRowsUnit * widePanel]float32) {
	if !vnni {
		return nil
	}
	return byteStripFast
}

func byteStripFast(a byteRows, b wideColumns, sums *[wideRowsUnit * widePanel]float32) {
	k, blocks := len(a.q)/wideRowsUnit, len(a.scales)/wideRowsUnit
	if b.minima == nil {
		byteStripVNNI(blocks, &a.q[0], k, &a.scales[0], 4*blocks, &a.starts[0], &b.bytes[0], &b.scales[0], &sums[0])
		return
	}
	byteStripMinimaVNNI(
		blocks, &a.q[0], k, &a.scales[0], 4*blocks, &a.starts[0], &b.bytes[0], &b.scales[0], &a.totals[0], &b.minima[0], &sums[0],
	)
}

// byteRows are rows of bytes, in whole groups, with scales. starts are the totals of blocks times the offset of the weights, negated.
// totals are the totals times the scales, or nil.
type byteRows struct {
	q              []int8
	starts         []int32
	scales, totals []float32
}

// group returns the group of rows from row i on. A row has k elements.
func (r byteRows) group(i, k int) byteRows {
	from, n := i*k/packedUnit, wideRowsUnit*k/packedUnit
	g := byteRows{q: r.q[i*k:][:wideRowsUnit*k], starts: r.starts[from:][:n], scales: r.scales[from:][:n]}
	if r.totals != nil {
		g.totals = r.totals[from:][:n]
	}
	return g
}

// roundBytes rounds m rows of k numbers like roundedRoom.round. The last group is filled up with zeros.
func (r *operandRoom) roundBytes(x []float32, m, k int, f wideFormat) byteRows {
	all, blocks := roundUp(m, wideRowsUnit), k/packedUnit
	rounded := r.narrow.sized(all * k)
	clear(rounded.q[m*k:])
	clear(rounded.scales[m*blocks:])
	clear(rounded.totals[m*blocks:])
	rows := byteRows{q: rounded.q, starts: rounded.totals, scales: rounded.scales}
	if f.minima {
		rows.totals = r.wide.totals.sized(all * blocks)
		clear(rows.totals[m*blocks:])
	}
	parallel(m, rowGrain(k), byteRounding{rows, x, k, f.inBytes.offset})
	return rows
}

type byteRounding struct {
	byteRows
	x      []float32
	k      int
	offset int32
}

func (r *byteRounding) Range(lo, hi int) {
	from, to := lo*r.k/packedUnit, hi*r.k/packedUnit
	roundedRows{r.q, r.scales, r.starts}.from(from).round(r.x[lo*r.k : hi*r.k])
	for b := from; b < to; b++ {
		total := r.starts[b]
		r.starts[b] = -r.offset * total
		if r.totals != nil {
			r.totals[b] = float32(total) * r.scales[b]
		}
	}
}

// inBytes multiplies A with n columns.
func (g *packedGemm) inBytes(s *packedRoom, col, n int) {
	var panel wideColumns
	g.strips(s, col, n,
		func(row, count int) { panel = s.wide.packBytes(g.W, row, count) },
		func(row int) { byteStrip(g.bytes.group(row, g.W.Cols), panel, &s.wide.sums) },
	)
}

// packBytes returns a panel of count ≤ 16 rows of w in bytes, with four bytes of a column after the other. The other columns have scale zero.
func (r *wideRoom) packBytes(w *Packed, row, count int) wideColumns {
	k, blocks, f := w.Cols, w.Cols/packedUnit, wides[w.Format]
	rows, panel := r.columns(blocks, count, f.minima)
	rows.bytes, panel.bytes = r.bytes.sized(widePanel*k), r.bytePanel.sized(widePanel*k)
	clear(rows.bytes[count*k:])
	f.inBytes.unpack(rows.first(count*blocks), w.Data[row*w.stride():][:count*w.stride()])
	panel.packScales(rows, blocks)
	packAcross16AVX2(k/4, (*float32)(unsafe.Pointer(&rows.bytes[0])), k, (*float32)(unsafe.Pointer(&panel.bytes[0])), 4*widePanel)
	return panel
}
