package kernel

// Some products are cut along their depth: each worker takes a stretch of it, and what the stretches come to is added up in their
// order. Few rows of A with a matrix whose rows are contiguous: so memory is read from end to end, at its speed. And a product far
// deeper than it is high or wide: so each operand is read once, not once for each tile of C.
const (
	depthRows = directRows
	depthPart = 1 << 14 // elements of B in a stretch at least
	depthUnit = 16      // rows of B for few rows of A at a time: as many places of memory as the processor fetches from in advance
	deepRatio = 8       // what the depth is of the height and the width, at least
	deepTile  = 1 << 18 // elements of C of a deep product at most
	// depthParts is the number of stretches: enough for as many workers as share one memory with profit.
	depthParts = 8
)

// deepProduct is one such product.
type deepProduct[T Float] struct {
	Gemm[T]
	unit  int // of depth that is done at a time
	depth int // of a stretch
	sums  []T // (stretches, M, N)
}

// deepUnit is how much of the depth is done at a time where a product is cut along it, otherwise 0.
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
	d.add(parts)
	give(sums)
}

func (d *deepProduct[T]) Range(lo, hi int) {
	s := take[panels[T]]()
	wide := tileCols
	if d.unit == depthUnit {
		wide = d.N
	}
	for i := lo; i < hi; i++ {
		sums := d.sums[i*d.M*d.N:]
		for k, end := i*d.depth, min((i+1)*d.depth, d.K); k < end; k += d.unit {
			// A block of A stays in the second cache for all columns.
			for j := 0; j < d.N; j += wide {
				product[T]{
					m: d.M, n: min(wide, d.N-j), k: min(d.unit, end-k), a: d.A.at(0, k), b: d.B.at(k, j),
					c: sums[j:], stride: d.N, alpha: T(d.Alpha), accumulate: k > i*d.depth,
				}.run(s)
			}
		}
	}
	give(s)
}

// add adds up what the stretches have come to, and to C when that is wanted.
func (d *deepProduct[T]) add(parts int) {
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
