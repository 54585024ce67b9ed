package kernel

import "fmt"

// Matrix is an operand of a product, row-major: element (i, j) is Data[i·Stride+j], or Data[j·Stride+i] if Trans.
type Matrix[T Float] struct {
	Data   []T
	Stride int
	Trans  bool
}

// at returns the matrix from element (i, j) on.
func (m Matrix[T]) at(i, j int) Matrix[T] {
	if m.Trans {
		i, j = j, i
	}
	m.Data = m.Data[i*m.Stride+j:]
	return m
}

// reach returns one more than the largest index of a matrix of rows by cols.
func (m Matrix[T]) reach(rows, cols int) int {
	if rows == 0 || cols == 0 {
		return 0
	}
	if m.Trans {
		rows, cols = cols, rows
	}
	return (rows-1)*m.Stride + cols
}

// Gemm is one product or a batch of products, with an optional bias and activation:
//
//	C (M, N) = act(Alpha·A (M, K)·B (K, N) + Bias)
//
// With Accumulate, the former C is added before Bias.
type Gemm[T Float] struct {
	M, N, K int
	A, B    Matrix[T]
	C       []T // element (i, j) is C[i·StrideC+j]
	StrideC int

	Batch                  int // number of products; 0 means 1
	BatchA, BatchB, BatchC int // elements from one product to the next; 0 shares A or B among all

	Alpha      float64 // 0 means 1
	Accumulate bool
	Bias       []T // (N); nil means none
	Act        Activation
	Pre        []T // receives the values before Act, in the layout of C; may be nil
}

// Run computes the product. C must not overlap the operands.
func (g Gemm[T]) Run() {
	g.Batch = max(1, g.Batch)
	if g.Alpha == 0 {
		g.Alpha = 1
	}
	if g.M == 0 || g.N == 0 {
		return
	}
	g.check()
	if unit := g.deepUnit(); unit > 0 {
		g.runDeep(unit)
		return
	}
	t := gemmTiles[T]{Gemm: g}
	t.cut()
	parallel(t.rows*t.cols*g.Batch, rowGrain(t.m*t.n*g.K/4), t)
}

func (g *Gemm[T]) check() {
	last := g.Batch - 1
	checkReach("gemm", "a", len(g.A.Data), last*g.BatchA+g.A.reach(g.M, g.K))
	checkReach("gemm", "b", len(g.B.Data), last*g.BatchB+g.B.reach(g.K, g.N))
	c := last*g.BatchC + (g.M-1)*g.StrideC + g.N
	checkReach("gemm", "c", len(g.C), c)
	if g.Pre != nil {
		checkReach("gemm", "pre", len(g.Pre), c)
	}
	checkOptional("gemm", "bias", g.Bias, g.N)
	if last > 0 && g.BatchC == 0 || g.M > 1 && g.StrideC < g.N {
		panic(fmt.Sprintf("kernel: gemm: rows of %d elements overlap in c: rows are %d apart, products %d", g.N, g.StrideC, g.BatchC))
	}
}

// gemmTiles is a product split into tiles of C. One worker computes a tile.
type gemmTiles[T Float] struct {
	Gemm[T]
	m, n       int // sides of a tile
	rows, cols int // tiles in each direction
}

// enoughTiles is the number of tiles above which more tiles do not spread the work better.
const enoughTiles = 16

// cut chooses the size of a tile.
func (t *gemmTiles[T]) cut() {
	if striped[T]() {
		t.cutStrips()
		return
	}
	t.resize(min(panelRows, t.M), min(panelCols, t.N))
	for t.rows*t.cols*t.Batch < enoughTiles {
		switch {
		case t.n >= 2*minTile && t.n >= t.m:
			t.resize(t.m, halve(t.n, microCols))
		case t.m >= 2*minTile:
			t.resize(halve(t.m, microRows), t.n)
		default:
			return
		}
	}
}

func (t *gemmTiles[T]) resize(m, n int) {
	t.m, t.n = m, n
	t.rows, t.cols = (t.M+m-1)/m, (t.N+n-1)/n
}

// minTile is the smallest side to which a tile is halved.
const minTile = 32

// halve returns half of n, rounded up to a multiple of unit.
func halve(n, unit int) int { return (n/2 + unit - 1) / unit * unit }

func (t *gemmTiles[T]) Range(lo, hi int) {
	p := take[panels[T]]()
	for i := lo; i < hi; i++ {
		// Neighbouring tiles share their columns of B.
		row, rest := i%t.rows*t.m, i/t.rows
		col, batch := rest%t.cols*t.n, rest/t.cols
		a, b := t.A, t.B
		a.Data, b.Data = a.Data[batch*t.BatchA:], b.Data[batch*t.BatchB:]
		from := batch*t.BatchC + row*t.StrideC + col
		tile := product[T]{
			m: min(t.m, t.M-row), n: min(t.n, t.N-col), k: t.K,
			c: t.C[from:], stride: t.StrideC, alpha: T(t.Alpha), accumulate: t.Accumulate,
		}
		if t.K > 0 {
			tile.a, tile.b = a.at(row, 0), b.at(0, col)
		}
		tile.runAs(p, thin(t.M, t.B))
		t.finish(tile, from, col)
	}
	give(p)
}

// finish adds the bias and applies the activation to a tile whose first element is C[from], in column col.
func (t *gemmTiles[T]) finish(tile product[T], from, col int) {
	for i := range tile.m {
		row := tile.c[i*tile.stride:][:tile.n]
		if t.Bias != nil {
			addRow(row, t.Bias[col:col+tile.n])
		}
		if t.Pre != nil {
			copy(t.Pre[from+i*t.StrideC:], row)
		}
		if t.Act != Identity {
			activateRow(t.Act, row, row)
		}
	}
}
