package kernel

import "unsafe"

// stripShape is the tile of C that the micro-kernels of one instruction set keep in registers: up to rows by up to cols.
type stripShape struct {
	rows, cols int
	kernels    [2][]stripKernel // by the number of rows less one, for up to cols/2 columns and for up to cols

	// The packing in assembly; nil where Go does it.
	packRows   rowsPacker                                                               // of one group of rows
	packMany   rowsPacker                                                               // of groups that fill cache lines
	many       int                                                                      // how many these are
	packAlong  func(depth, count int, src *float32, stride int, dst *float32, next int) // of count panels of B
	packAcross func(depth int, src *float32, stride int, dst *float32, step int)        // of packedCols columns of a transposed B
}

type (
	stripKernel func(count, depth int, a *float32, aRow, aStep, aNext int, b *float32, bStep int,
		c *float32, cRow, cNext int, alpha float32, accumulate int, mask *int32)
	rowsPacker func(depth int, src *float32, stride int, dst *float32)
)

// strips is the shape that the processor is best at, nil where it has none.
var strips = func() *stripShape {
	if len(shapes) == 0 {
		return nil
	}
	return shapes[len(shapes)-1]
}()

// The blocks of the assembly's products: a panel of B, stripDepth deep, stays in the first cache while a block of A, blockRows
// high, comes from the second.
const (
	stripDepth = 384
	blockRows  = 96
)

// directRows is the number of rows of A up to which B is read where it lies, if its rows are contiguous: so few rows read each panel
// once or twice. directSize is the number of elements up to which a transposed A is.
const (
	directRows = 16
	directSize = 8192
)

// leftRows are m rows of A in groups: element (i, k) is a[i/group·next + i%group·row + k·step].
type leftRows struct {
	m, group        int
	a               []float32
	row, step, next int
}

// rightPanel is some columns of B: row k is b[k·step:], and as many elements of it as a strip has columns may be read.
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
	shape := strips
	pieces := (p.k + stripDepth - 1) / stripDepth
	depth := (p.k + pieces - 1) / pieces
	direct := 0
	if !p.b.Trans && p.m <= directRows {
		direct = p.n / shape.cols * shape.cols
	}
	for k := 0; k < p.k; k += depth {
		d := min(depth, p.k-k)
		b := s.b.sized((p.n - direct + shape.cols) * d)
		if direct < p.n {
			shape.packCols(b, p.b.at(k, direct), p.n-direct, d)
		}
		for i := 0; i < p.m; i += blockRows {
			shape.runBlock(p, s, block{i, min(blockRows, p.m-i), k, d, direct})
		}
		p.accumulate = true
	}
}

// block is m rows of A from row i on, depth elements from k on; the first direct columns of B are not packed.
type block struct{ i, m, k, depth, direct int }

// runBlock multiplies a block of A by all panels of B.
func (shape *stripShape) runBlock(p *product[float32], s *panels[float32], t block) {
	packed, rest := shape.rowsOf(p, s, t)
	for j := 0; j < p.n; j += shape.cols {
		b := rightPanel{cols: min(shape.cols, p.n-j), step: shape.cols}
		if j < t.direct {
			b.b, b.step = p.b.at(t.k, j).Data, p.b.Stride
		} else {
			b.b = s.b.data[(j-t.direct)*t.depth:]
		}
		c := p.c[t.i*p.stride+j:]
		if packed.m > 0 {
			shape.runStrip(p, packed, b, t.depth, c)
		}
		if rest.m > 0 {
			shape.runStrip(p, rest, b, t.depth, c[packed.m*p.stride:])
		}
	}
}

// rowsOf is a block of A in two parts. Contiguous rows are read as they lie in memory, and so is a small transposed A; of a
// large one, the rows that do not fill a group are.
func (shape *stripShape) rowsOf(p *product[float32], s *panels[float32], t block) (packed, rest leftRows) {
	a, r := p.a.at(t.i, t.k), shape.rows
	if !a.Trans {
		return packed, leftRows{t.m, r, a.Data, a.Stride, 1, r * a.Stride}
	}
	if a.Stride*t.depth > directSize {
		groups := t.m / r
		packed = leftRows{groups * r, r, s.a.sized(groups * r * t.depth), 1, r, r * t.depth}
		shape.packGroups(packed.a, a, groups, t.depth)
	}
	if packed.m < t.m {
		rest = leftRows{t.m - packed.m, r, a.at(packed.m, 0).Data, 1, a.Stride, r}
	}
	return packed, rest
}
