package kernel

// A product of few rows with a matrix whose rows are contiguous is cut along its depth, so that each worker reads whole rows of
// the matrix, one behind the other, at the speed of memory. There are depthParts stretches of rows; what they come to is
// added up in their order.
const (
	depthRows = 16      // rows of A at most
	depthPart = 1 << 14 // elements of the matrix in a stretch at least
	// depthParts is enough for as many workers as share one memory with profit.
	depthParts = 8
)

// deepProduct is one such product.
type deepProduct[T Float] struct {
	Gemm[T]
	depth int // of a stretch
	sums  []T // (stretches, M, N)
}

// isDeep says whether a product is cut along its depth.
func (g *Gemm[T]) isDeep() bool {
	return g.Batch == 1 && !g.B.Trans && g.M <= depthRows && g.K >= 8*depthParts && g.N*g.K >= depthParts*depthPart
}

func (g *Gemm[T]) runDeep() {
	const unit = 4 // rows that the assembly takes at a time
	depth := roundUp((g.K+depthParts-1)/depthParts, unit)
	parts := (g.K + depth - 1) / depth
	sums := take[buffer[T]]()
	d := deepProduct[T]{Gemm: *g, depth: depth, sums: sums.sized(parts * g.M * g.N)}
	parallel(parts, 1, d)
	d.add(parts)
	give(sums)
}

func (d *deepProduct[T]) Range(lo, hi int) {
	s := take[panels[T]]()
	for i := lo; i < hi; i++ {
		k := i * d.depth
		product[T]{
			m: d.M, n: d.N, k: min(d.depth, d.K-k), a: d.A.at(0, k), b: d.B.at(k, 0),
			c: d.sums[i*d.M*d.N:], stride: d.N, alpha: T(d.Alpha),
		}.run(s)
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
