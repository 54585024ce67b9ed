package kernel

// Norm normalizes each row of X: y = (x-mean)·rstd·W + B with rstd = 1/√(var+Eps), LayerNorm (Ba, Kiros and Hinton 2016,
// https://arxiv.org/abs/1607.06450), or y = x/√(mean x² + Eps)·W + B, RMSNorm (Zhang and Sennrich 2019,
// https://arxiv.org/abs/1910.07467). The variance is the biased one. Means and variances are taken in float64.
type Norm[T Float] struct {
	X    []T // (rows, Cols)
	W, B []T // (Cols); nil means ones and zeros
	Cols int
	Eps  float64
	RMS  bool
}

// normCost is the cost of an element in the steps that minWork counts.
const normCost = 4

func (n Norm[T]) rows(kernel string) int {
	rows := rowsOf(kernel, len(n.X), n.Cols)
	checkOptional(kernel, "w", n.W, n.Cols)
	checkOptional(kernel, "b", n.B, n.Cols)
	return rows
}

// Forward writes y, which may be X, and for each row the mean and the reciprocal deviation that Backward needs. mean and
// rstd may be nil; RMSNorm leaves mean alone.
func (n Norm[T]) Forward(y, mean, rstd []T) {
	rows := n.rows("norm")
	checkLen("norm", "y", len(y), len(n.X))
	checkOptional("norm", "rstd", rstd, rows)
	if !n.RMS {
		checkOptional("norm", "mean", mean, rows)
	}
	parallel(rows, rowGrain(n.Cols*normCost), normForward[T]{n, y, mean, rstd})
}

type normForward[T Float] struct {
	Norm[T]
	y, mean, rstd []T
}

func (n *normForward[T]) Range(lo, hi int) {
	for r := lo; r < hi; r++ {
		x := n.X[r*n.Cols : (r+1)*n.Cols]
		var mean float64
		if !n.RMS {
			mean = sum(x) / float64(n.Cols)
			if n.mean != nil {
				n.mean[r] = T(mean)
			}
		}
		rstd := 1 / sqrt(sumSquares(x, mean)/float64(n.Cols)+n.Eps)
		if n.rstd != nil {
			n.rstd[r] = T(rstd)
		}
		n.row(n.y[r*n.Cols:(r+1)*n.Cols], x, T(mean), T(rstd))
	}
}

// row is y = (x-mean)·rstd·W + B.
func (n *normForward[T]) row(y, x []T, mean, rstd T) {
	if !fast[T]() || n.W == nil && n.B != nil {
		normRow(y, x, mean, rstd)
		affineRow(y, n.W, n.B)
		return
	}
	switch {
	case n.B != nil:
		normAffineRowAVX2(len(x), first(y), first(x), first(n.W), first(n.B), float32(mean), float32(rstd))
	case n.W != nil:
		normScaleRowAVX2(len(x), first(y), first(x), first(n.W), float32(mean), float32(rstd))
	default:
		normRowAVX2(len(x), first(y), first(x), float32(mean), float32(rstd))
	}
}

// normRow is y = (x-mean)·rstd.
func normRow[T Float](y, x []T, mean, rstd T) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] = (v - mean) * rstd
	}
}

// affineRow is y = y·w + b.
func affineRow[T Float](y, w, b []T) {
	if w != nil {
		w = w[:len(y)]
		for i := range y {
			y[i] *= w[i]
		}
	}
	if b != nil {
		addRow(y, b)
	}
}

// Backward writes the gradients of X, W and B, given what Forward stored and the gradient dy of y. Any of dx, dw and db
// may be nil; dx may be dy. With g = dy·W and n = (x-mean)·rstd,
//
//	dx = rstd·(g - avg(g) - n·avg(g·n)), dw = Σ dy·n over the rows, db = Σ dy over the rows;
//
// RMSNorm has no avg(g) and ignores mean.
func (n Norm[T]) Backward(dx, dw, db, mean, rstd, dy []T) {
	rows := n.rows("norm backward")
	checkOptional("norm backward", "dx", dx, len(n.X))
	checkOptional("norm backward", "dw", dw, n.Cols)
	checkOptional("norm backward", "db", db, n.Cols)
	checkLen("norm backward", "rstd", len(rstd), rows)
	checkLen("norm backward", "dy", len(dy), len(n.X))
	if !n.RMS {
		checkLen("norm backward", "mean", len(mean), rows)
	}
	grain := partialGrain(rows, n.Cols*2*normCost)
	args := normBackward[T]{Norm: n, dx: dx, dw: dw != nil, db: db != nil, mean: mean, rstd: rstd, dy: dy, grain: grain}
	partial := take[buffer[T]]()
	chunks := (rows + grain - 1) / grain
	if dw != nil || db != nil {
		args.partial = partial.zeroed(2 * chunks * n.Cols)
	}
	parallel(rows, grain, args)
	parts := args.partial
	if dw != nil {
		sumParts(dw, parts[:chunks*n.Cols])
	}
	if db != nil {
		sumParts(db, parts[chunks*n.Cols:])
	}
	give(partial)
}

type normBackward[T Float] struct {
	Norm[T]
	dx             []T
	dw, db         bool
	mean, rstd, dy []T
	partial        []T // (2, chunks, Cols): dw, then db, of each chunk of rows
	grain          int
}

func (n *normBackward[T]) Range(lo, hi int) {
	c := n.Cols
	var dw, db []T
	if n.partial != nil {
		k := lo / n.grain * c
		dw, db = n.partial[k:k+c], n.partial[len(n.partial)/2+k:][:c]
	}
	for r := lo; r < hi; r++ {
		x, dy := n.X[r*c:(r+1)*c], n.dy[r*c:(r+1)*c]
		var mean T
		if !n.RMS {
			mean = n.mean[r]
		}
		if n.db {
			addRow(db, dy)
		}
		if n.dw {
			normWeightRow(dw, x, dy, mean, n.rstd[r])
		}
		if n.dx != nil {
			n.inputRow(n.dx[r*c:(r+1)*c], x, dy, r)
		}
	}
}

// normWeightRow is dw += dy·(x-mean)·rstd.
func normWeightRow[T Float](dw, x, dy []T, mean, rstd T) {
	dw, dy = dw[:len(x)], dy[:len(x)]
	if fast[T]() {
		normWeightRowAVX2(len(x), first(dw), first(x), first(dy), float32(mean), float32(rstd))
		return
	}
	for i, v := range x {
		dw[i] += dy[i] * ((v - mean) * rstd)
	}
}

func (n *normBackward[T]) inputRow(dx, x, dy []T, r int) {
	var mean T
	rstd := n.rstd[r]
	if !n.RMS {
		mean = n.mean[r]
	}
	g, gn := normSums(x, dy, n.W, mean, rstd)
	avg, slope := T(g/float64(n.Cols)), T(gn/float64(n.Cols))
	if n.RMS {
		avg = 0
	}
	if fast[T]() && n.W != nil {
		normInputRowAVX2(len(x), first(dx), first(x), first(dy), first(n.W), float32(mean), float32(rstd), float32(avg), float32(slope))
		return
	}
	for i, v := range x {
		d := dy[i]
		if n.W != nil {
			d *= n.W[i]
		}
		dx[i] = rstd * (d - avg - (v-mean)*rstd*slope)
	}
}

// normSums is Σ g and Σ g·n with g = dy·w and n = (x-mean)·rstd.
func normSums[T Float](x, dy, w []T, mean, rstd T) (g, gn float64) {
	dy = dy[:len(x)]
	if fast[T]() && w != nil {
		return normSumsRowAVX2(len(x), first(x), first(dy), first(w), float32(mean), float32(rstd))
	}
	for i, v := range x {
		d := dy[i]
		if w != nil {
			d *= w[i]
		}
		g += float64(d)
		gn += float64(d) * float64((v-mean)*rstd)
	}
	return g, gn
}
