package kernel

// maxStripCols is the width of the widest strip.
const maxStripCols = 32

// stripMask holds ones, then zeros. The mask of the first n elements starts at index maxStripCols-n.
var stripMask = func() (m [2 * maxStripCols]int32) {
	for i := range maxStripCols {
		m[i] = -1
	}
	return m
}()

// strip is a product of rows of A and one panel of B.
type strip struct {
	kernels     []stripKernel // by rows-1
	a           leftRows
	count, rest int // groups of rows, and rows that do not fill a group
	b           rightPanel
	depth       int
	c           []float32
	stride      int
	alpha       float32
	accumulate  int
	mask        *int32
}

// runStrip computes the part of a product, of the given depth, that starts at c. While it multiplies, it prefetches the memory of next.
// Each group of rows prefetches a part, so few groups leave some of it out.
func (shape *stripShape) runStrip(p *product[float32], a leftRows, b rightPanel, depth int, c []float32, next [2]ahead) {
	var s strip
	s.a = a
	s.setRows(p, depth)
	s.setPanel(shape, b, c)
	done := 0
	for _, x := range next {
		n := min(x.groups, s.count-done)
		s.run(done, n, a.group, x)
		done += n
	}
	s.runFrom(done)
}

// setRows sets the operands that all panels of a product share, once the rows of A are set.
func (s *strip) setRows(p *product[float32], depth int) {
	a := &s.a
	s.depth, s.stride, s.alpha = depth, p.stride, p.alpha
	s.count = a.m / a.group
	s.rest = a.m - s.count*a.group
	if p.accumulate {
		s.accumulate = 1
	}
	group, row := s.count, s.rest // of the last row, plus 1
	if row == 0 {
		group, row = group-1, a.group
	}
	_ = a.a[group*a.next+(row-1)*a.row+(depth-1)*a.step] // the assembly does not check bounds
}

// setPanel sets the panel of B and the place of the result.
func (s *strip) setPanel(shape *stripShape, b rightPanel, c []float32) {
	_ = b.b[(s.depth-1)*b.step+shape.cols-1] // the assembly does not check bounds
	_ = c[(s.a.m-1)*s.stride+b.cols-1]
	s.b, s.c, s.kernels, s.mask = b, c, shape.kernels[1], nil
	half := shape.cols / 2
	if b.cols <= half {
		s.kernels = shape.kernels[0]
	}
	if b.cols != half && b.cols != shape.cols {
		s.mask = &stripMask[maxStripCols-b.cols]
	}
}

// runFrom multiplies the rows from a group on.
func (s *strip) runFrom(group int) {
	s.run(group, s.count-group, s.a.group, ahead{})
	if s.rest > 0 {
		s.run(s.count, 1, s.rest, ahead{})
	}
}

// run multiplies count groups of rows from group first on. Nothing to prefetch means the first row of B, again and again.
func (s *strip) run(first, count, rows int, x ahead) {
	if count == 0 {
		return
	}
	if x.from == nil {
		x.from = s.b.b
	}
	s.kernels[rows-1](count, s.depth, &s.a.a[first*s.a.next], 4*s.a.row, 4*s.a.step, 4*s.a.next, &s.b.b[0], 4*s.b.step,
		&s.c[first*s.a.group*s.stride], 4*s.stride, 4*s.a.group*s.stride, s.alpha, s.accumulate, s.mask,
		&x.from[0], 4*x.step, 4*x.next)
}

// packCols packs cols columns of B, k deep, from m into panels.
func (shape *stripShape) packCols(dst []float32, m Matrix[float32], cols, k int) {
	w := shape.cols
	whole := cols / w
	if whole > 0 {
		_, _ = dst[whole*w*k-1], m.at(k-1, whole*w-1).Data[0]
	}
	switch {
	case shape.packAlong == nil:
		whole = 0
	case m.Trans:
		for j := range whole {
			shape.packPanelAcross(dst[j*w*k:], m.at(0, j*w), k)
		}
	case whole > 0:
		shape.packAlong(k, whole, &m.Data[0], 4*m.Stride, &dst[0], 4*w*k)
	}
	for j := whole * w; j < cols; j += w {
		pack(dst[j*k:], m.at(0, j), min(w, cols-j), k, w, !m.Trans)
	}
}

// packedCols is the number of columns that the assembly transposes at a time.
const packedCols = 16

// packPanelAcross packs a panel of columns that are rows in memory.
func (shape *stripShape) packPanelAcross(dst []float32, m Matrix[float32], k int) {
	whole := k &^ 3
	for j := 0; j < shape.cols && whole > 0; j += packedCols {
		shape.packAcross(whole, &m.at(0, j).Data[0], 4*m.Stride, &dst[j], 4*shape.cols)
	}
	if whole < k {
		pack(dst[whole*shape.cols:], m.at(whole, 0), shape.cols, k-whole, shape.cols, false)
	}
}

// packGroups packs whole groups of rows of a transposed A, k deep, into panels that are next elements apart.
func (shape *stripShape) packGroups(dst []float32, a Matrix[float32], groups, k, next int) {
	if groups == 0 {
		return
	}
	r := shape.rows
	if shape.packRows == nil {
		for g := range groups {
			pack(dst[g*next:][:r*k], a.at(g*r, 0), r, k, r, true)
		}
		return
	}
	_, _ = a.Data[(k-1)*a.Stride+groups*r-1], dst[(groups-1)*next+r*k-1]
	g := 0
	for ; g+shape.many <= groups; g += shape.many {
		shape.packMany(k, &a.Data[g*r], 4*a.Stride, &dst[g*next], 4*next)
	}
	for ; g < groups; g++ {
		shape.packRows(k, &a.Data[g*r], 4*a.Stride, &dst[g*next], 4*next)
	}
}
