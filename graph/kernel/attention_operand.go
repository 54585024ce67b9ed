package kernel

import "unsafe"

// rightOperand is the right operand B (k, n) of several products. In assembly, it is packed once for all of them, or read in place.
type rightOperand[T Float] struct {
	matrix  Matrix[T]
	thin    bool     // the products with it are thin
	strided bool     // the products with it are computed by strips of panels
	panels  panelsOf // in packed or in matrix
	packed  buffer[T]
}

// panelsOf says where the panels of a right operand are: element (k, j) has index k·step + j/cols·next + j%cols, with cols of the
// strips.
type panelsOf struct{ step, next int }

// set makes m (k, n) the operand of products with at most the given number of rows.
func (r *rightOperand[T]) set(m Matrix[T], k, n, rows int) {
	r.matrix, r.thin = m, thin(rows, m)
	r.strided = striped[T]() && !r.thin && (m.Trans || rows > directRows)
	if r.strided {
		panels := r.packed.sized(roundUp(n, strips.cols)*k + strips.cols)
		strips.packCols(singles(panels), *(*Matrix[float32])(unsafe.Pointer(&m)), n, k)
		r.matrix.Data, r.panels = panels, panelsOf{strips.cols, strips.cols * k}
	}
}

// inPlace makes rows the operand of products that are not thin. The rows are close together, and maxStripCols more elements may be
// read after the last row.
func (r *rightOperand[T]) inPlace(rows Matrix[T]) {
	r.matrix, r.thin, r.strided = rows, false, striped[T]()
	if r.strided {
		r.panels = panelsOf{rows.Stride, strips.cols}
	}
}

// multiply computes p, which it changes. Its B is the operand from element (k, j) on. j is a multiple of bandUnit.
func (r *rightOperand[T]) multiply(s *panels[T], p *product[T], k, j int) {
	if r.strided {
		one, _ := asSingle(p, s)
		strips.runPanels(one, singles(r.matrix.Data), r.panels, k, j)
		return
	}
	p.b = r.matrix.at(k, j)
	p.runAs(s, r.thin)
}

// runPanels computes p. Its B begins at element (k, j) of the panels. The sums have the order of runStrips.
func (shape *stripShape) runPanels(p *product[float32], data []float32, at panelsOf, k, j int) {
	depth := p.k
	if p.k > stripDepth {
		pieces := (p.k + stripDepth - 1) / stripDepth
		depth = (p.k + pieces - 1) / pieces
	}
	first, skip := j/shape.cols, j%shape.cols
	for from := 0; from < p.k; from += depth {
		var s strip
		s.a.inPlace(shape, &p.a, from, p.m)
		s.setRows(p, min(depth, p.k-from))
		b := rightPanel{step: at.step}
		panel, inner := first, skip // columns of the panel to skip
		for col := 0; col < p.n; col += b.cols {
			b.cols = min(shape.cols-inner, p.n-col)
			b.b = data[(k+from)*at.step+panel*at.next+inner:]
			s.setPanel(shape, b, p.c[col:])
			s.runFrom(0)
			panel, inner = panel+1, 0
		}
		p.accumulate = true
	}
}

// inPlace sets m rows of a matrix from column k on, which are read in place.
func (r *leftRows) inPlace(shape *stripShape, a *Matrix[float32], k, m int) {
	r.m, r.group = m, shape.rows
	if a.Trans {
		r.a, r.row, r.step, r.next = a.Data[k*a.Stride:], 1, a.Stride, shape.rows
		return
	}
	r.a, r.row, r.step, r.next = a.Data[k:], a.Stride, 1, shape.rows*a.Stride
}
