package kernel

// PackedBack is the gradient of PackedGemm's A: C (M, K) = A (M, N)·W, where W is (N, K) and packed. All rows are contiguous. A is not
// rounded. The result is the product with the values of W, which are unpacked a few rows at a time.
type PackedBack struct {
	M          int
	A          []float32
	W          *Packed
	C          []float32
	Accumulate bool // adds to C
}

// backWeights is the number of weights that are unpacked at a time: few enough for the L2 cache.
const backWeights = 1 << 17

// Run computes the product. C must not overlap the operands. Blocks of rows of W are added in order, so the result does not depend on the
// number of workers.
func (g PackedBack) Run() {
	w := g.W
	if g.M == 0 || w.Rows == 0 {
		return
	}
	w.check("packed back")
	checkLen("packed back", "a", len(g.A), g.M*w.Rows)
	checkLen("packed back", "c", len(g.C), g.M*w.Cols)
	room := take[buffer[float32]]()
	rows := min(roundUp(backWeights/w.Cols, packedUnit), w.Rows)
	values := room.sized(rows * w.Cols)
	for at := 0; at < w.Rows; at += rows {
		n := min(rows, w.Rows-at)
		parallel(n, rowGrain(4*w.Cols), packedRows{w, values, at})
		Gemm[float32]{
			M: g.M, N: w.Cols, K: n,
			A: Matrix[float32]{Data: g.A[at:], Stride: w.Rows}, B: Matrix[float32]{Data: values, Stride: w.Cols},
			C: g.C, StrideC: w.Cols, Accumulate: g.Accumulate || at > 0,
		}.Run()
	}
	give(room)
}

// packedRows unpacks rows from at on.
type packedRows struct {
	*Packed
	y  []float32
	at int
}

func (r *packedRows) Range(lo, hi int) {
	for i := lo; i < hi; i++ {
		r.Row(r.at+i, r.y[i*r.Cols:][:r.Cols])
	}
}
