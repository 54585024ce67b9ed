package kernel

import "unsafe"

// stripShape is the tile of C that the micro-kernels of one instruction set keep in registers: up to rows by up to cols.
type stripShape struct {
	set        string // the instruction set
	rows, cols int
	kernels    [2][]stripKernel // indexed by rows-1, for up to cols/2 columns and for up to cols

	// Packing in assembly; nil if Go packs.
	packRows   rowsPacker                                                               // of one group of rows
	packMany   rowsPacker                                                               // of many groups, which fill cache lines
	many       int                                                                      // number of groups of packMany
	packAlong  func(depth, count int, src *float32, stride int, dst *float32, next int) // of count panels of B
	packAcross func(depth int, src *float32, stride int, dst *float32, step int)        // of packedCols columns of a transposed B

	// A transposed A, or a B, is read in place if the memory between the first and the last row of a piece has at most so many elements.
	// Packing it then costs more than it gains. Where packed panels of B stay in the L1 cache, packing gains more.
	placeA, placeB int
}

type (
	stripKernel func(count, depth int, a *float32, aRow, aStep, aNext int, b *float32, bStep int,
		c *float32, cRow, cNext int, alpha float32, accumulate int, mask *int32, ahead *float32, aheadStep, aheadNext int)
	rowsPacker func(depth int, src *float32, stride int, dst *float32, next int)
)

// strips is the best shape for the processor, or nil if it has none.
var strips = func() *stripShape {
	if len(shapes) == 0 {
		return nil
	}
	return shapes[len(shapes)-1]
}()

// The blocks of a product in assembly. A panel of B, stripDepth deep, stays in the L1 cache with AVX2, and in the L2 cache with AVX-512,
// while a block of A, blockRows high, comes from the L2 cache.
const (
	stripDepth = 384
	blockRows  = 96
)

// directRows is the largest number of rows of A for which a B with contiguous rows is read in place, whatever its size: so few rows read
// each panel only once or twice.
const directRows = 16

// leftRows are m rows of A in groups: element (i, k) is a[i/group·next + i%group·row + k·step].
type leftRows struct {
	m, group        int
	a               []float32
	row, step, next int
}

// rightPanel is some columns of B: row k is b[k·step:]. A full strip of elements may be read from each row.
type rightPanel struct {
	cols int
	b    []float32
	step int
}

// asSingle reinterprets p and s as float32. The caller has checked that T is float32.
func asSingle[T Float](p *product[T], s *panels[T]) (*product[float32], *panels[float32]) {
	return (*product[float32])(unsafe.Pointer(p)), (*panels[float32])(unsafe.Pointer(s))
}

// runStrips computes a product by strips. A strip is a few rows of A times one panel of B.
func runStrips(p *product[float32], s *panels[float32]) {
	shape := strips
	pieces := (p.k + stripDepth - 1) / stripDepth
	depth := (p.k + pieces - 1) / pieces
	direct := 0
	if !p.b.Trans && (p.m <= directRows || p.b.Stride*depth <= shape.placeB) {
		direct = p.n / shape.cols * shape.cols
	}
	for k := 0; k < p.k; k += depth {
		d := min(depth, p.k-k)
		s.b.sized((p.n - direct + shape.cols) * d)
		for i := 0; i < p.m; i += blockRows {
			shape.runBlock(p, s, block{i, min(blockRows, p.m-i), k, d, direct})
		}
		p.accumulate = true
	}
}

// block is m rows of A from row i on, with depth elements from k on. The first direct columns of B are not packed.
type block struct{ i, m, k, depth, direct int }

// runBlock multiplies a block of A by all panels of B. The first block packs each panel just before its first use.
func (shape *stripShape) runBlock(p *product[float32], s *panels[float32], t block) {
	packed, rest := shape.rowsOf(p, s, t)
	for j := 0; j < p.n; j += shape.cols {
		b := rightPanel{cols: min(shape.cols, p.n-j), step: shape.cols}
		if j < t.direct {
			b.b, b.step = p.b.at(t.k, j).Data, p.b.Stride
		} else {
			b.b = s.b.data[(j-t.direct)*t.depth:][:shape.cols*t.depth]
			if t.i == 0 {
				shape.packCols(b.b, p.b.at(t.k, j), b.cols, t.depth)
			}
		}
		next := aheadOf(p, t, j, shape.cols)
		c := p.c[t.i*p.stride+j:]
		if packed.m > 0 {
			shape.runStrip(p, packed, b, t.depth, c, next)
			next = [2]ahead{}
		}
		if rest.m > 0 {
			shape.runStrip(p, rest, b, t.depth, c[packed.m*p.stride:], next)
		}
	}
}

// rowsOf returns a block of A in two parts: packed rows, and rows that are read in place. Contiguous rows are read in
// place, and so is a small transposed A: see placeA. Of a larger one, only the rows that do not fill a group are read in
// place.
func (shape *stripShape) rowsOf(p *product[float32], s *panels[float32], t block) (packed, rest leftRows) {
	a, r := p.a.at(t.i, t.k), shape.rows
	if !a.Trans {
		return packed, leftRows{t.m, r, a.Data, a.Stride, 1, r * a.Stride}
	}
	if a.Stride*t.depth > shape.placeA {
		groups, next := t.m/r, oddLines(r*t.depth)
		packed = leftRows{groups * r, r, s.a.sized(groups * next), 1, r, next}
		shape.packGroups(packed.a, a, groups, t.depth, next)
	}
	if packed.m < t.m {
		rest = leftRows{t.m - packed.m, r, a.at(packed.m, 0).Data, 1, a.Stride, r}
	}
	return packed, rest
}

// oddLines rounds n elements up to an odd number of cache lines. Panels at this distance are written side by side, so they
// must not compete for a set of the L1 cache.
func oddLines(n int) int { return (n+15)/16*16 | 16 }
