package kernel

// PackedGemm is the product of rows in float32 with packed weights: C (M, N) = act(A (M, K)·Wᵀ + Bias), where W is (N, K). All rows
// are contiguous.
//
// A is rounded to bytes, in blocks of 32 with a scale, unless the format is F16 or BF16.
type PackedGemm struct {
	M    int
	A    []float32
	W    *Packed
	C    []float32
	Bias []float32 // (N); nil means none
	Act  Activation
	Pre  []float32 // receives the values before Act, in the layout of C; may be nil
}

// packedGemm is a PackedGemm in tiles of some columns of C.
type packedGemm struct {
	PackedGemm
	dots   packedDots
	kernel rowsKernel  // of dots, for several rows
	rows   roundedRows // of A, if dots needs them
	wides  wideRows    // of A, if it has many rows that must be rounded
	bytes  byteRows    // of A, instead of wides
	cols   int         // in a tile
	stride int
}

// Columns of C in a tile. The unpacked weights of a tile stay in the L2 cache.
const (
	unpackedCols = 64
	unpackedThin = 8 // of few rows, where unpacking counts more than packing
	packedThin   = 4 // rows up to which the weights are not unpacked, without a rowsKernel
	packedGroup  = 8 // divides the columns of a tile of few rows
	packedShare  = 4 // divides the number of tiles, if possible
)

// Weights in a tile of few rows. Rows that are multiplied one after the other read a tile of the smaller size from the L2 cache. For one row, or
// a few that are multiplied together, each worker reads its tile from one end to the other, ahead of its products. So larger tiles are faster
// then, as long as all workers have one.
const (
	packedLeast = 1 << 16
	packedMost  = 1 << 18
)

// Run computes the product. C must not overlap the operands.
func (g PackedGemm) Run() {
	w := g.W
	if g.M == 0 || w.Rows == 0 {
		return
	}
	w.check("packed gemm")
	checkLen("packed gemm", "a", len(g.A), g.M*w.Cols)
	checkLen("packed gemm", "c", len(g.C), g.M*w.Rows)
	checkOptional("packed gemm", "bias", g.Bias, w.Rows)
	checkOptional("packed gemm", "pre", g.Pre, g.M*w.Rows)
	p := packedGemm{PackedGemm: g, cols: unpackedCols, stride: w.stride()}
	room := take[operandRoom]()
	switch dots := packed[w.Format]; {
	case g.M <= packedThin || dots.rows.of(g.M).run != nil:
		p.dots, p.kernel = dots, dots.rows.of(g.M)
		p.cols = p.thinCols(1 + workers.ready())
		if dots.rounded {
			p.rows = room.narrow.round(g.A)
		}
	case dots.rounded && accelerated && byteStrip != nil && wides[w.Format].inBytes.unpack != nil:
		p.bytes = room.roundBytes(g.A, g.M, w.Cols, wides[w.Format])
	case dots.rounded:
		p.wides = room.wide.round(g.A, g.M, w.Cols, wides[w.Format].minima)
	case g.M <= thinFastRows:
		p.cols = unpackedThin
	}
	parallel((w.Rows+p.cols-1)/p.cols, 1, p)
	give(room)
}

// thinCols returns the number of columns in a tile of few rows. If it can, it chooses tiles that two or four workers share evenly.
func (g *packedGemm) thinCols(workers int) int {
	rows, k, group := g.W.Rows, g.W.Cols, g.kernel.share()
	work := packedLeast
	if g.M == 1 || g.M <= packedThin && g.kernel.run != nil {
		work = min(max(rows*k/workers, packedLeast), packedMost)
	}
	least := roundUp(work/k, group)
	if rows <= least {
		return least
	}
	for cols := least; cols > least/2; cols -= group {
		if (rows+cols-1)/cols%packedShare == 0 {
			return cols
		}
	}
	return least
}

// operandRoom is memory for the rounded A.
type operandRoom struct {
	narrow roundedRoom
	wide   wideRoom
}

func (g *packedGemm) Range(lo, hi int) {
	s := take[packedRoom]()
	for i := lo; i < hi; i++ {
		col := i * g.cols
		n := min(g.cols, g.W.Rows-col)
		switch {
		case g.dots.slow != nil:
			g.direct(col, n)
		case g.bytes.q != nil:
			g.inBytes(s, col, n)
		case g.wides.q != nil:
			g.wide(s, col, n)
		default:
			g.unpacked(s, col, n)
		}
		t := gemmTiles[float32]{Gemm: Gemm[float32]{C: g.C, StrideC: g.W.Rows, Bias: g.Bias, Act: g.Act, Pre: g.Pre}}
		t.finish(product[float32]{m: g.M, n: n, c: g.C[col:], stride: g.W.Rows}, col, col)
	}
	give(s)
}

// packedRoom is the scratch memory of one worker.
type packedRoom struct {
	weights buffer[float32]
	panels  panels[float32]
	wide    wideRoom
}

// unpacked multiplies A with n columns in float32.
func (g *packedGemm) unpacked(s *packedRoom, col, n int) {
	k := g.W.Cols
	w := s.weights.sized(n * k)
	for j := range n {
		g.W.Row(col+j, w[j*k:][:k])
	}
	b := Matrix[float32]{Data: w, Stride: k, Trans: true}
	product[float32]{
		m: g.M, n: n, k: k, a: Matrix[float32]{Data: g.A, Stride: k}, b: b, c: g.C[col:], stride: g.W.Rows, alpha: 1,
	}.runAs(&s.panels, thin(g.M, b))
}

// direct multiplies A with n columns without unpacking them.
func (g *packedGemm) direct(col, n int) {
	k, w := g.W.Cols, g.W.Data[col*g.stride:][:n*g.stride]
	if g.kernel.run != nil {
		g.together(w, col, n)
		return
	}
	for i := range g.M {
		g.dots.run(dotOperands{a: g.A[i*k:][:k], rounded: g.rows.row(i, k), w: w, stride: g.stride, c: g.C[i*g.W.Rows+col:][:n]})
	}
}
