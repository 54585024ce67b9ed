package kernel

var stripsAVX2 = stripShape{
	rows: 6, cols: 16,
	kernels: [2][]stripKernel{
		{gemm1x8AVX2, gemm2x8AVX2, gemm3x8AVX2, gemm4x8AVX2, gemm5x8AVX2, gemm6x8AVX2},
		{gemm1x16AVX2, gemm2x16AVX2, gemm3x16AVX2, gemm4x16AVX2, gemm5x16AVX2, gemm6x16AVX2},
	},
	packRows: packAlong6x1AVX2, packMany: packAlong6x8AVX2, many: 8,
}

var stripsAVX512 = stripShape{
	rows: 12, cols: 32,
	kernels: [2][]stripKernel{
		{
			gemm1x16AVX512, gemm2x16AVX512, gemm3x16AVX512, gemm4x16AVX512, gemm5x16AVX512, gemm6x16AVX512,
			gemm7x16AVX512, gemm8x16AVX512, gemm9x16AVX512, gemm10x16AVX512, gemm11x16AVX512, gemm12x16AVX512,
		},
		{
			gemm1x32AVX512, gemm2x32AVX512, gemm3x32AVX512, gemm4x32AVX512, gemm5x32AVX512, gemm6x32AVX512,
			gemm7x32AVX512, gemm8x32AVX512, gemm9x32AVX512, gemm10x32AVX512, gemm11x32AVX512, gemm12x32AVX512,
		},
	},
	packRows: packAlong12x1AVX2, packMany: packAlong12x4AVX2, many: 4,
}

// maxStripCols is the width of the widest strip.
const maxStripCols = 32

// stripMask has ones where a mask lets elements through: from its place maxStripCols-n on it lets n elements through.
var stripMask = func() (m [2 * maxStripCols]int32) {
	for i := range maxStripCols {
		m[i] = -1
	}
	return m
}()

// runStrip computes the part of a product, of the given depth, that begins at c.
func (shape *stripShape) runStrip(p *product[float32], a leftRows, b rightPanel, depth int, c []float32) {
	// The assembly trusts its operands, so what it reaches is looked at here.
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
		kernels[a.group-1](count, depth, &a.a[0], 4*a.row, 4*a.step, 4*a.next, &b.b[0], 4*b.step, 4*b.ahead,
			&c[0], 4*p.stride, 4*a.group*p.stride, p.alpha, accumulate, mask)
	}
	if rest > 0 {
		kernels[rest-1](1, depth, &a.a[count*a.next], 4*a.row, 4*a.step, 0, &b.b[0], 4*b.step, 4*b.ahead,
			&c[count*a.group*p.stride], 4*p.stride, 0, p.alpha, accumulate, mask)
	}
}

// packedCols is the number of columns that the assembly packs at a time.
const packedCols = 16

// packPanel makes a panel of cols columns of B, k deep, from m as it lies in memory.
func (shape *stripShape) packPanel(dst []float32, m Matrix[float32], cols, k int) {
	if cols < shape.cols {
		pack(dst, m, cols, k, shape.cols, !m.Trans)
		return
	}
	_ = dst[k*shape.cols-1]
	_ = m.at(k-1, cols-1).Data[0]
	whole := k &^ 3
	for j := 0; j < cols; j += packedCols {
		switch from := m.at(0, j).Data; {
		case !m.Trans:
			packAlong16AVX2(k, &from[0], 4*m.Stride, &dst[j], 4*shape.cols)
		case whole > 0:
			packAcross16AVX2(whole, &from[0], 4*m.Stride, &dst[j], 4*shape.cols)
		}
	}
	if m.Trans && whole < k {
		pack(dst[whole*shape.cols:], m.at(whole, 0), cols, k-whole, shape.cols, false)
	}
}

// packGroups makes panels of whole groups of rows of a transposed A, k deep.
func (shape *stripShape) packGroups(dst []float32, a Matrix[float32], groups, k int) {
	if groups == 0 {
		return
	}
	r := shape.rows
	_, _ = a.Data[(k-1)*a.Stride+groups*r-1], dst[groups*r*k-1]
	g := 0
	for ; g+shape.many <= groups; g += shape.many {
		shape.packMany(k, &a.Data[g*r], 4*a.Stride, &dst[g*r*k])
	}
	for ; g < groups; g++ {
		shape.packRows(k, &a.Data[g*r], 4*a.Stride, &dst[g*r*k])
	}
}
