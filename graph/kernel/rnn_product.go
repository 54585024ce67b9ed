package kernel

import "unsafe"

// columns holds the columns of a matrix B by which many matrices A of one shape are multiplied, in blocks of recurrentCols. If the
// products are computed by strips, each block is packed once for all of them. Every gate begins with a block of its own.
type columns[T Float] struct {
	b      Matrix[T] // (k, gates·width)
	m, k   int       // rows and columns of every A
	gates  int
	width  int // columns of a gate
	packed []T // nil if B is read in place
}

// blocks returns the number of blocks of a gate.
func (c *columns[T]) blocks() int { return (c.width + recurrentCols - 1) / recurrentCols }

// depth returns the depth of a piece of a packed block.
func (c *columns[T]) depth() int {
	pieces := (c.k + stripDepth - 1) / stripDepth
	return (c.k + pieces - 1) / pieces
}

// pack packs all blocks into memory from buf, unless products of so few rows are faster without.
func (c *columns[T]) pack(buf *buffer[T]) {
	c.packed = nil
	if !striped[T]() || thin(c.m, c.b) {
		return
	}
	n := c.gates * c.blocks()
	c.packed = buf.sized(n * recurrentCols * c.k)
	parallel(n, rowGrain(recurrentCols*c.k), packColumns[T]{*c})
}

type packColumns[T Float] struct{ columns[T] }

func (c *packColumns[T]) Range(lo, hi int) {
	for i := lo; i < hi; i++ {
		gate, j := i/c.blocks(), i%c.blocks()*recurrentCols
		n, depth := min(recurrentCols, c.width-j), c.depth()
		for k := 0; k < c.k; k += depth {
			dst, d := singles(c.packed)[i*recurrentCols*c.k+recurrentCols*k:], min(depth, c.k-k)
			b := c.b.at(k, gate*c.width+j)
			strips.packCols(dst[:recurrentCols*d], Matrix[float32]{singles(b.Data), b.Stride, b.Trans}, n, d)
		}
	}
}

// multiply computes y (m, n) = A (m, k)·B, for the n columns of a block. The rows of A are contiguous.
func (c *columns[T]) multiply(s *panels[T], y, a []T, m, gate, block int) {
	j := block * recurrentCols
	n := min(recurrentCols, c.width-j)
	if c.packed == nil {
		col := c.b.at(0, gate*c.width+j)
		product[T]{m: m, n: n, k: c.k, a: Matrix[T]{Data: a, Stride: c.k}, b: col, c: y, stride: n, alpha: 1}.runAs(s, thin(c.m, c.b))
		return
	}
	p := product[float32]{stride: n, alpha: 1}
	panel, rows, depth := singles(c.packed)[(gate*c.blocks()+block)*recurrentCols*c.k:], strips.rows, c.depth()
	for k := 0; k < c.k; k += depth {
		d := min(depth, c.k-k)
		left := leftRows{m, rows, singles(a)[k:], c.k, 1, rows * c.k}
		for j := 0; j < n; j += strips.cols {
			strips.runStrip(&p, left, rightPanel{min(strips.cols, n-j), panel[recurrentCols*k+j*d:], strips.cols}, d, singles(y)[j:], [2]ahead{})
		}
		p.accumulate = true
	}
}

// singles reinterprets x as float32. The caller has checked that T is float32.
func singles[T Float](x []T) []float32 { return unsafe.Slice(first(x), len(x)) }
