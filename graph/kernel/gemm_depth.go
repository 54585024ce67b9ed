package kernel

// Some products are split along their depth: each worker multiplies one part of the depth, and the partial products are
// added in order. Few rows of A and a row-major B are split so that memory is read sequentially, at its full speed. A
// product far deeper than it is high or wide is split so that each operand is read once, not once for each tile of C.
const (
	depthRows = directRows
	depthPart = 1 << 14 // least number of elements of B in a part
	depthUnit = 16      // rows of B at a time for few rows of A: as many streams as the processor prefetches
	deepWork  = 1 << 22 // least number of multiplications of a deep product
	deepRatio = 5       // least ratio of the depth to the height and the width
	deepTile  = 1 << 18 // largest number of elements of C in a deep product
	// depthParts is the number of parts: enough for the workers that one memory can feed.
	depthParts = 8
	// fewDepth is the depth below which a deep product has only half as many parts, because their sum takes time, too.
	fewDepth = 1 << 13
)

// deepProduct is a product that is split along its depth.
type deepProduct[T Float] struct {
	Gemm[T]
	unit  int // depth multiplied at a time
	depth int // of a part
	sums  []T // (parts, M, N)
}

// deepUnit returns the depth to multiply at a time if the product is split along its depth, otherwise 0.
func (g *Gemm[T]) deepUnit() int {
	switch {
	case g.Batch > 1:
		return 0
	case g.M <= depthRows && !g.B.Trans && g.K >= 64 && g.N*g.K >= depthParts*depthPart:
		return depthUnit
	case g.M > depthRows && g.K >= deepRatio*max(g.M, g.N) && g.M*g.N <= deepTile && g.M*g.N*g.K >= deepWork:
		return stripDepth
	}
	return 0
}

// deepParts returns the number of parts of a product split along its depth, and the multiple of their depth.
func (g *Gemm[T]) deepParts(unit int) (count, multiple int) {
	switch {
	case unit == depthUnit:
		return depthParts, unit
	case g.K < fewDepth:
		return depthParts / 2, packedCols
	}
	return depthParts, packedCols
}

func (g *Gemm[T]) runDeep(unit int) {
	count, multiple := g.deepParts(unit)
	depth := roundUp((g.K+count-1)/count, multiple)
	parts := (g.K + depth - 1) / depth
	sums := take[buffer[T]]()
	d := deepProduct[T]{Gemm: *g, unit: unit, depth: depth, sums: sums.sized(parts * g.M * g.N)}
	parallel(parts, 1, d)
	parallel(g.M, rowGrain(parts*g.N), partsSum[T]{d, parts})
	give(sums)
}

func (d *deepProduct[T]) Range(lo, hi int) {
	s := take[panels[T]]()
	size := d.M * d.N
	for i := lo; i < hi; i++ {
		sums := d.sums[i*size:][:size]
		k, end := i*d.depth, min((i+1)*d.depth, d.K)
		d.multiply(s, sums, k, min(k+d.longest(), end))
		// A part of few rows that is very deep is summed in stretches. One long chain of additions would lose digits.
		for k += d.longest(); k < end; k += d.longest() {
			stretch := s.sums.sized(size)
			d.multiply(s, stretch, k, min(k+d.longest(), end))
			addRow(sums, stretch)
		}
	}
	give(s)
}

// longest returns the largest depth that multiply sums at once. The products of a deep product fold themselves, in the scratch memory that
// stretches need.
func (d *deepProduct[T]) longest() int {
	if d.unit == depthUnit {
		return foldDepth(true)
	}
	return d.depth
}

// multiply writes the product of depths from to end.
func (d *deepProduct[T]) multiply(s *panels[T], sums []T, from, end int) {
	wide, unit := tileCols, end-from
	if d.unit == depthUnit {
		wide, unit = d.N, depthUnit
	}
	first := 0
	if d.unit == depthUnit && !thin(d.M, d.B) && striped[T]() {
		first = d.runFew(singles(sums), from, end)
	}
	for k := from; k < end && first < d.N; k += unit {
		for j := first; j < d.N; j += wide {
			product[T]{
				m: d.M, n: min(wide, d.N-j), k: min(unit, end-k), a: d.A.at(0, k), b: d.B.at(k, j),
				c: sums[j:], stride: d.N, alpha: T(d.Alpha), accumulate: k > from,
			}.run(s)
		}
	}
}

// partsSum sums the partial products in order, onto C if Accumulate is set.
type partsSum[T Float] struct {
	deepProduct[T]
	parts int
}

func (d *partsSum[T]) Range(lo, hi int) {
	for i := lo; i < hi; i++ {
		row := d.C[i*d.StrideC:][:d.N]
		if !d.Accumulate {
			clear(row)
		}
		for p := range d.parts {
			addRow(row, d.sums[(p*d.M+i)*d.N:][:d.N])
		}
	}
	t := gemmTiles[T]{Gemm: d.Gemm}
	t.finish(product[T]{m: hi - lo, n: d.N, c: d.C[lo*d.StrideC:], stride: d.StrideC}, lo*d.StrideC, 0)
}
