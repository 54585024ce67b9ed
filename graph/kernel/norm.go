package kernel

// Norm normalizes each row of X by one of two formulas:
//
//	LayerNorm: y = (x-mean)·rstd·W + B, rstd = 1/√(var+Eps)
//	RMSNorm: y = x/√(mean x² + Eps)·W + B
//
// The variance is biased: it is divided by Cols. Means and variances are computed in float64. LayerNorm: Ba, Kiros and
// Hinton 2016, https://arxiv.org/abs/1607.06450. RMSNorm: Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467.
type Norm[T Float] struct {
	X    []T // (rows, Cols)
	W, B []T // (Cols); a nil W means ones, a nil B zeros
	Cols int
	Eps  float64
	RMS  bool
}

// Moments are the statistics of each row that Norm.Forward stores for Backward: the mean, as the sum of Mean and Rest so
// that rows far from zero keep their digits, and the reciprocal deviation Rstd. RMSNorm has no mean. The slices may be
// nil.
type Moments[T Float] struct{ Mean, Rest, Rstd []T }

func (m Moments[T]) check(kernel string, rows int) {
	checkOptional(kernel, "mean", m.Mean, rows)
	checkOptional(kernel, "rest", m.Rest, rows)
	checkOptional(kernel, "rstd", m.Rstd, rows)
}

// moment holds the Moments of one row.
type moment[T Float] struct{ mean, rest, rstd T }

func (m Moments[T]) set(row int, v moment[T]) {
	if m.Mean != nil {
		m.Mean[row] = v.mean
	}
	if m.Rest != nil {
		m.Rest[row] = v.rest
	}
	if m.Rstd != nil {
		m.Rstd[row] = v.rstd
	}
}

// normCost is the cost of an element in the unit of minWork.
const normCost = 4

func (n Norm[T]) rows(kernel string) int {
	rows := rowsOf(kernel, len(n.X), n.Cols)
	checkOptional(kernel, "w", n.W, n.Cols)
	checkOptional(kernel, "b", n.B, n.Cols)
	return rows
}

// Forward writes y, which may be X, and the moments of each row.
func (n Norm[T]) Forward(y []T, m Moments[T]) {
	rows := n.rows("norm")
	checkLen("norm", "y", len(y), len(n.X))
	m.check("norm", rows)
	parallel(rows, rowGrain(n.Cols*normCost), normForward[T]{n, y, m})
}

type normForward[T Float] struct {
	Norm[T]
	y       []T
	moments Moments[T]
}

func (n *normForward[T]) Range(lo, hi int) {
	for r := lo; r < hi; r++ {
		x := n.X[r*n.Cols : (r+1)*n.Cols]
		var mean float64
		if !n.RMS {
			mean = sum(x) / float64(n.Cols)
		}
		m := moment[T]{rstd: T(1 / sqrt(sumSquares(x, mean)/float64(n.Cols)+n.Eps))}
		m.mean, m.rest = split[T](mean)
		n.moments.set(r, m)
		n.row(n.y[r*n.Cols:(r+1)*n.Cols], x, m)
	}
}

// row computes y = (x-mean)·rstd·W + B.
func (n *normForward[T]) row(y, x []T, m moment[T]) {
	if !fast[T]() || n.W == nil && n.B != nil {
		m.normRow(y, x)
		affineRow(y, n.W, n.B)
		return
	}
	mean, rest, rstd := float32(m.mean), float32(m.rest), float32(m.rstd)
	switch {
	case n.B != nil:
		normAffineRowAsm(len(x), first(y), first(x), first(n.W), first(n.B), mean, rest, rstd)
	case n.W != nil:
		normScaleRowAsm(len(x), first(y), first(x), first(n.W), mean, rest, rstd)
	default:
		normRowAsm(len(x), first(y), first(x), mean, rest, rstd)
	}
}

// normal returns (v-mean)·rstd.
func (m moment[T]) normal(v T) T { return (v - m.mean - m.rest) * m.rstd }

// normRow computes y = (x-mean)·rstd.
func (m moment[T]) normRow(y, x []T) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] = m.normal(v)
	}
}

// affineRow computes y = y·w + b.
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

// Backward writes the gradients of X, W and B, given the moments that Forward stored and the gradient dy of y. Any of
// dx, dw and db may be nil; dx may be dy. With g = dy·W and n = (x-mean)·rstd,
//
//	dx = rstd·(g - avg(g) - n·avg(g·n)), dw = Σ dy·n over the rows, db = Σ dy over the rows.
//
// RMSNorm has no avg(g) and ignores the mean.
func (n Norm[T]) Backward(dx, dw, db, dy []T, m Moments[T]) {
	rows := n.rows("norm backward")
	checkOptional("norm backward", "dx", dx, len(n.X))
	checkOptional("norm backward", "dw", dw, n.Cols)
	checkOptional("norm backward", "db", db, n.Cols)
	checkLen("norm backward", "rstd", len(m.Rstd), rows)
	checkLen("norm backward", "dy", len(dy), len(n.X))
	if !n.RMS {
		checkLen("norm backward", "mean", len(m.Mean), rows)
		checkLen("norm backward", "rest", len(m.Rest), rows)
	}
	grain := partialGrain(rows, n.Cols*2*normCost)
	args := normBackward[T]{Norm: n, dx: dx, dw: dw != nil, db: db != nil, moments: m, dy: dy, grain: grain}
	partial := take[buffer[float64]]()
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
	dx, dy  []T
	dw, db  bool
	moments Moments[T]
	partial []float64 // (2, chunks, Cols): dw, then db, of each chunk of rows
	grain   int
}

func (n *normBackward[T]) moment(r int) moment[T] {
	m := moment[T]{rstd: n.moments.Rstd[r]}
	if !n.RMS {
		m.mean, m.rest = n.moments.Mean[r], n.moments.Rest[r]
	}
	return m
}

// normRows is the number of rows whose terms of dw and db are added in T, before the sums are added in float64. A short
// chain of additions loses few digits.
const normRows = 16

func (n *normBackward[T]) Range(lo, hi int) {
	scratch := take[buffer[T]]()
	for r := lo; r < hi; r += normRows {
		n.rowRange(scratch, r, min(r+normRows, hi), lo/n.grain*n.Cols)
	}
	give(scratch)
}

// rowRange computes at most normRows rows. Their sums are added to the partial sums at the given index.
func (n *normBackward[T]) rowRange(scratch *buffer[T], lo, hi, at int) {
	c := n.Cols
	var dw, db []T
	if n.dw || n.db {
		sums := scratch.zeroed(2 * c)
		dw, db = sums[:c], sums[c:]
	}
	for r := lo; r < hi; r++ {
		x, dy := n.X[r*c:(r+1)*c], n.dy[r*c:(r+1)*c]
		m := n.moment(r)
		if n.db {
			addRow(db, dy)
		}
		if n.dw {
			m.weightRow(dw, x, dy)
		}
		if n.dx != nil {
			n.inputRow(n.dx[r*c:(r+1)*c], x, dy, m)
		}
	}
	if n.dw {
		addRow64(n.partial[at:at+c], dw)
	}
	if n.db {
		addRow64(n.partial[len(n.partial)/2+at:][:c], db)
	}
}

// weightRow computes dw += dy·(x-mean)·rstd.
func (m moment[T]) weightRow(dw, x, dy []T) {
	dw, dy = dw[:len(x)], dy[:len(x)]
	if fast[T]() {
		normWeightRowAsm(len(x), first(dw), first(x), first(dy), float32(m.mean), float32(m.rest), float32(m.rstd))
		return
	}
	for i, v := range x {
		dw[i] += dy[i] * m.normal(v)
	}
}

func (n *normBackward[T]) inputRow(dx, x, dy []T, m moment[T]) {
	g, gn := m.sums(x, dy, n.W)
	avg, slope := T(g/float64(n.Cols)), T(gn/float64(n.Cols))
	if n.RMS {
		avg = 0
	}
	if fast[T]() && n.W != nil {
		normInputRowAsm(len(x), first(dx), first(x), first(dy), first(n.W), float32(m.mean), float32(m.rest), float32(m.rstd), float32(avg), float32(slope))
		return
	}
	for i, v := range x {
		d := dy[i]
		if n.W != nil {
			d *= n.W[i]
		}
		dx[i] = m.rstd * (d - avg - m.normal(v)*slope)
	}
}

// sums returns Σ g and Σ g·n with g = dy·w and n = (x-mean)·rstd.
func (m moment[T]) sums(x, dy, w []T) (g, gn float64) {
	dy = dy[:len(x)]
	if fast[T]() && w != nil {
		return normSumsRowAsm(len(x), first(x), first(dy), first(w), float32(m.mean), float32(m.rest), float32(m.rstd))
	}
	for i, v := range x {
		d := dy[i]
		if w != nil {
			d *= w[i]
		}
		g += float64(d)
		gn += float64(d) * float64(m.normal(v))
	}
	return g, gn
}
