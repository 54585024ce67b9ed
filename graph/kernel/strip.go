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

// directRows is the number of rows of A up to which B is read where it lies, if its rows are contiguous, and directSize the
// number of elements up to which a transposed A is.
const (
	directRows = 64
	directSize = 8192
)

// leftRows are m rows of A: element (i, k) is a[i/stripRows·next + i%stripRows·row + k·step].
type leftRows struct {
	m               int
	a               []float32
	row, step, next int
}

// rightPanel is up to stripCols columns of B: row k is b[k·step:], and stripCols elements of it may be read.
type rightPanel struct {
	cols int
	b    []float32
	step int
}

// asSingle is a product in float32 as what it is.
func asSingle[T Float](p *product[T], s *panels[T]) (*product[float32], *panels[float32]) {
	return (*product[float32])(unsafe.Pointer(p)), (*panels[float32])(unsafe.Pointer(s))
}

// runStrips computes a product by strips, each a few rows of A with one panel of B.
func runStrips(p *product[float32], s *panels[float32]) {
	pieces := (p.k + stripDepth - 1) / stripDepth
	depth := (p.k + pieces - 1) / pieces
	direct := 0
	if !p.b.Trans && p.m <= directRows {
		direct = p.n &^ (stripCols - 1)
	}
	for k := 0; k < p.k; k += depth {
		d := min(depth, p.k-k)
		b := s.b.sized((p.n - direct + stripCols) * d)
		for j := direct; j < p.n; j += stripCols {
			packPanel(b[(j-direct)*d:], p.b.at(k, j), min(stripCols, p.n-j), d)
		}
		for i := 0; i < p.m; i += blockRows {
			runBlock(p, s, block{i, min(blockRows, p.m-i), k, d, direct})
		}
		p.accumulate = true
	}
}

// block is m rows of A from row i on, depth elements from k on; the first direct columns of B are not packed.
type block struct{ i, m, k, depth, direct int }

// runBlock multiplies a block of A by all panels of B.
func runBlock(p *product[float32], s *panels[float32], t block) {
	packed, rest := blockRowsOf(p, s, t)
	for j := 0; j < p.n; j += stripCols {
		b := rightPanel{cols: min(stripCols, p.n-j), step: stripCols}
		if j < t.direct {
			b.b, b.step = p.b.at(t.k, j).Data, p.b.Stride
		} else {
			b.b = s.b.data[(j-t.direct)*t.depth:]
		}
		c := p.c[t.i*p.stride+j:]
		if packed.m > 0 {
			runStrip(p, packed, b, t.depth, c)
		}
		if rest.m > 0 {
			runStrip(p, rest, b, t.depth, c[packed.m*p.stride:])
		}
	}
}

// blockRowsOf is a block of A in two parts. Contiguous rows are read as they lie in memory, and so is a small transposed A;
// of a large one, the rows that do not fill a panel are.
func blockRowsOf(p *product[float32], s *panels[float32], t block) (packed, rest leftRows) {
	a := p.a.at(t.i, t.k)
	if !a.Trans {
		return packed, leftRows{t.m, a.Data, a.Stride, 1, stripRows * a.Stride}
	}
	if a.Stride*t.depth > directSize {
		groups := t.m / stripRows
		packed = leftRows{groups * stripRows, s.a.sized(groups * stripRows * t.depth), 1, stripRows, stripRows * t.depth}
		packRows(packed.a, a, groups, t.depth)
	}
	if packed.m < t.m {
		rest = leftRows{t.m - packed.m, a.at(packed.m, 0).Data, 1, a.Stride, stripRows}
	}
	return packed, rest
}
