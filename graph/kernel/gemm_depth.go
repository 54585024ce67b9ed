package kernel

// Some products are split along their depth: each worker multiplies one part of the depth, and the partial products are
// added in order. Few rows of A and a row-major B are split so that memory is read sequentially, at its full speed. A
// product far deeper than it is high or wide is split so that each operand is read once, not once for each tile of C.
const (
	depthRows = directRows
	depthPart = 1 << 14 // least number of elements of B in a part
	depthUnit = 16      // rows of B at a time for few rows of A: as many streams as the processor prefetches
	deepRatio = 8       // least ratio of the depth to the height and the width
	deepTile  = 1 << 18 // largest number of elements of C in a deep product
	// depthParts is the number of parts: enough for the workers that one memory can feed.
	depthParts = 8
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
	case g.Batch > 1 || g.N*g.K < depthParts*depthPart:
		return 0
	case g.M <= depthRows && !g.B.Trans && g.K >= 64:
		return depthUnit
	case g.M > depthRows && g.K >= deepRatio*max(g.M, g.N) && g.M*g.N <= deepTile:
		return stripDepth
	}
	return 0
}

func (g *Gemm[T]) runDeep(unit int) {
	depth := roundUp((g.K+depthParts-1)/depthParts, unit)
	parts := (g.K + depth - 1) / depth
	sums := take[buffer[T]]()
	d := deepProduct[T]{Gemm: *g, unit: unit, depth: depth, sums: sums.sized(parts * g.M * g.N)}
	parallel(parts, 1, d)
	d.addParts(parts)
	give(sums)
}

func (d *deepProduct[T]) Range(lo, hi int) {
	s := take[panels[T]]()
	size := d.M * d.N
	for i := lo; i < hi; i++ {
		sums := d.sums[i*size:][:size]
		k, end := i*d.depth, min((i+1)*d.depth, d.K)
		d.multiply(s, sums, k, min(k+d.longest(), end))
		// A part that is very deep is summed in stretches. One long chain of additions would lose digits.
		for k += d.longest(); k < end; k += d.longest() {
			stretch := s.sums.sized(size)
			d.multiply(s, stretch, k, min(k+d.longest(), end))
			addRow(sums, stretch)
		}
	}
	give(s)
}

// longest returns the largest depth that is summed at once.
func (d *deepProduct[T]) longest() int {
	if d.unit == depthUnit {
		return foldDepth(true)
	}
	return roundUp(1<<16, d.unit)
}

// multiply writes the product of depths k to end.
func (d *deepProduct[T]) multiply(s *panels[T], sums []T, from, end int) {
	wide := tileCols
	if d.unit == depthUnit {
		wide = d.N
	}
	for k := from; k < end; k += d.unit {
		// A block of A stays in the L2 cache for all columns.
		for j := 0; j < d.N; j += wide {
			product[T]{
				m: d.M, n: min(wide, d.N-j), k: min(d.unit, end-k), a: d.A.at(0, k), b: d.B.at(k, j),
				c: sums[j:], stride: d.N, alpha: T(d.Alpha), accumulate: k > from,
			}.run(s)
		}
	}
}

// addParts sums the partial products in order, onto C if Accumulate is set.
func (d *deepProduct[T]) addParts(parts int) {
	for i := range d.M {
		row := d.C[i*d.StrideC:][:d.N]
		if !d.Accumulate {
			clear(row)
		}
		for p := range parts {
			addRow(row, d.sums[(p*d.M+i)*d.N:][:d.N])
		}
	}
	t := gemmTiles[T]{Gemm: d.Gemm}
	t.finish(product[T]{m: d.M, n: d.N, c: d.C, stride: d.StrideC}, 0, 0)
}
