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

// runStrip computes the part of a product, of the given depth, that starts at c.
func (shape *stripShape) runStrip(p *product[float32], a leftRows, b rightPanel, depth int, c []float32) {
	// The assembly does not check bounds, so the bounds of its operands are checked here.
	last := a.m - 1
	_ = a.a[last/a.group*a.next+last%a.group*a.row+(depth-1)*a.step]
	_ = b.b[(depth-1)*b.step+shape.cols-1]
	_ = c[last*p.stride+b.cols-1]
	kernels := shape.kernels[1]
	if b.cols <= shape.cols/2 {
		kernels = shape.kernels[0]
	}
	var mask *int32
	if b.cols%(shape.cols/2) > 0 {
		mask = &stripMask[maxStripCols-b.cols]
	}
	accumulate := 0
	if p.accumulate {
		accumulate = 1
	}
	count, rest := a.m/a.group, a.m%a.group
	if count > 0 {
		kernels[a.group-1](count, depth, &a.a[0], 4*a.row, 4*a.step, 4*a.next, &b.b[0], 4*b.step,
			&c[0], 4*p.stride, 4*a.group*p.stride, p.alpha, accumulate, mask)
	}
	if rest > 0 {
		kernels[rest-1](1, depth, &a.a[count*a.next], 4*a.row, 4*a.step, 0, &b.b[0], 4*b.step,
			&c[count*a.group*p.stride], 4*p.stride, 0, p.alpha, accumulate, mask)
	}
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

// packGroups packs whole groups of rows of a transposed A, k deep, into panels.
func (shape *stripShape) packGroups(dst []float32, a Matrix[float32], groups, k int) {
	if groups == 0 {
		return
	}
	r := shape.rows
	if shape.packRows == nil {
		pack(dst, a, groups*r, k, r, true)
		return
	}
	_, _ = a.Data[(k-1)*a.Stride+groups*r-1], dst[groups*r*k-1]
	g := 0
	for ; g+shape.many <= groups; g += shape.many {
		shape.packMany(k, &a.Data[g*r], 4*a.Stride, &dst[g*r*k])
	}
	for ; g < groups; g++ {
		shape.packRows(k, &a.Data[g*r], 4*a.Stride, &dst[g*r*k])
	}
}
