package kernel

import "unsafe"

// rightOperand is the right operand B (k, n) of several products. In assembly, it is packed once for all of them.
type rightOperand[T Float] struct {
	matrix Matrix[T]
	depth  int  // k
	thin   bool // the products with it are thin
	packed bool
	panels buffer[T]
}

// set makes m (k, n) the operand of products with at most the given number of rows.
func (r *rightOperand[T]) set(m Matrix[T], k, n, rows int) {
	r.matrix, r.depth, r.thin = m, k, thin(rows, m)
	r.packed = striped[T]() && !r.thin && (m.Trans || rows > directRows)
	if r.packed {
		panels := r.panels.sized(roundUp(n, strips.cols)*k + strips.cols)
		strips.packCols(singles(panels), *(*Matrix[float32])(unsafe.Pointer(&m)), n, k)
	}
}

// multiply computes p. Its B is the operand from element (k, j) on. j is a multiple of bandUnit.
func (r *rightOperand[T]) multiply(s *panels[T], p product[T], k, j int) {
	if r.packed {
		one, _ := asSingle(&p, s)
		strips.runPacked(one, singles(r.panels.data), r.depth, k, j)
		return
	}
	p.b = r.matrix.at(k, j)
	p.runAs(s, r.thin)
}

// runPacked computes p with panels of packCols that have the given height. Its B begins at element (k, j) of the panels. The sums
// have the order of runStrips.
func (shape *stripShape) runPacked(p *product[float32], panels []float32, height, k, j int) {
	pieces := (p.k + stripDepth - 1) / stripDepth
	depth := (p.k + pieces - 1) / pieces
	for from := 0; from < p.k; from += depth {
		a := shape.leftRows(p.a.at(0, from), p.m)
		for col := 0; col < p.n; {
			inner := (j + col) % shape.cols // columns of the panel to skip
			cols := min(shape.cols-inner, p.n-col)
			b := panels[(j+col-inner)*height+(k+from)*shape.cols+inner:]
			shape.runStrip(p, a, rightPanel{cols: cols, b: b, step: shape.cols}, min(depth, p.k-from), p.c[col:], [2]ahead{})
			col += cols
		}
		p.accumulate = true
	}
}

// leftRows returns m rows of a matrix that is read in place.
func (shape *stripShape) leftRows(a Matrix[float32], m int) leftRows {
	if a.Trans {
		return leftRows{m, shape.rows, a.Data, 1, a.Stride, shape.rows}
	}
	return leftRows{m, shape.rows, a.Data, a.Stride, 1, shape.rows * a.Stride}
}
