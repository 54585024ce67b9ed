package kernel

import "unsafe"

// The sides of the tile of C that the assembly keeps in registers.
const (
	stripRows = 6
	stripCols = 16
)

// The blocks of the assembly's products: a panel of B, stripDepth deep, stays in the first cache while a block of A, blockRows
// high, comes from the second.
const (
	stripDepth = 384
	blockRows  = 96
)

// strip is C (m, cols ≤ stripCols) = alpha·A·B, or C plus that. Element (i, k) of A is
// a[i/stripRows·aNext + i%stripRows·aRow + k·aStep], row k of B starts at b[k·bStep] and has stripCols elements.
type strip struct {
	m, cols, k         int
	a                  []float32
	aRow, aStep, aNext int
	b                  []float32
	bStep              int
	c                  []float32
	stride             int
	alpha              float32
	accumulate         bool
}

// check panics where the assembly would reach beyond its operands.
func (s *strip) check() {
	last := s.m - 1
	_ = s.a[last/stripRows*s.aNext+last%stripRows*s.aRow+(s.k-1)*s.aStep]
	_ = s.b[(s.k-1)*s.bStep+stripCols-1]
	_ = s.c[last*s.stride+s.cols-1]
}

// asSingle is a product in float32 as what it is.
func asSingle[T Float](p *product[T], s *panels[T]) (*product[float32], *panels[float32]) {
	return (*product[float32])(unsafe.Pointer(p)), (*panels[float32])(unsafe.Pointer(s))
}

// runStrips computes a product by strips.
func runStrips(p *product[float32], s *panels[float32]) {
	pieces := (p.k + stripDepth - 1) / stripDepth
	depth := (p.k + pieces - 1) / pieces
	for k := 0; k < p.k; k += depth {
		d := min(depth, p.k-k)
		b := s.b.sized(roundUp(p.n, stripCols) * d)
		for j := 0; j < p.n; j += stripCols {
			packPanel(b[j*d:], p.b.at(k, j), min(stripCols, p.n-j), d)
		}
		for i := 0; i < p.m; i += blockRows {
			runBlock(p, s, block{i, min(blockRows, p.m-i), k, d})
		}
		p.accumulate = true
	}
}

// block is m rows of A from row i on, depth elements from k on.
type block struct{ i, m, k, depth int }

// runBlock multiplies a block of A by all packed panels of B.
func runBlock(p *product[float32], s *panels[float32], t block) {
	packed, direct := blockStrips(p, s, t)
	for j := 0; j < p.n; j += stripCols {
		cols, b, c := min(stripCols, p.n-j), s.b.data[j*t.depth:], p.c[t.i*p.stride+j:]
		packed.at(cols, b, c)
		packed.run()
		if direct.m > 0 {
			direct.at(cols, b, c[packed.m*p.stride:])
			direct.run()
		}
	}
}

// blockStrips is a block of A for the strips. Its rows are read as they lie in memory; columns are packed, except for those
// that do not fill a panel.
func blockStrips(p *product[float32], s *panels[float32], t block) (packed, direct strip) {
	a := p.a.at(t.i, t.k)
	direct = strip{m: t.m, k: t.depth, bStep: stripCols, stride: p.stride, alpha: p.alpha, accumulate: p.accumulate}
	if a.Trans {
		groups := t.m / stripRows
		packed = direct
		packed.m, packed.a = groups*stripRows, s.a.sized(groups*stripRows*t.depth)
		packed.aRow, packed.aStep, packed.aNext = 1, stripRows, stripRows*t.depth
		packRows(packed.a, a, groups, t.depth)
		direct.m -= packed.m
		if direct.m == 0 {
			return packed, direct
		}
		a = a.at(packed.m, 0)
		direct.aRow, direct.aStep = 1, a.Stride
	} else {
		direct.aRow, direct.aStep, direct.aNext = a.Stride, 1, stripRows*a.Stride
	}
	direct.a = a.Data
	return packed, direct
}

// at moves the strip to other columns.
func (s *strip) at(cols int, b, c []float32) { s.cols, s.b, s.c = cols, b, c }
