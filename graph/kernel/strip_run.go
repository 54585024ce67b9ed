package kernel

// stripKernels are the micro-kernels for 1 to 6 rows, of 8 columns and of 16.
var stripKernels = [2][stripRows]func(count, depth int, a *float32, aRow, aStep, aNext int, b *float32, bStep int,
	c *float32, cRow, cNext int, alpha float32, accumulate int, mask *int32){
	{gemm1x8AVX2, gemm2x8AVX2, gemm3x8AVX2, gemm4x8AVX2, gemm5x8AVX2, gemm6x8AVX2},
	{gemm1x16AVX2, gemm2x16AVX2, gemm3x16AVX2, gemm4x16AVX2, gemm5x16AVX2, gemm6x16AVX2},
}

// stripMask has ones where a mask lets elements through: from its place 16-n on it lets n of 16 through.
var stripMask = [32]int32{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}

// runStrip computes the part of a product, of the given depth, that begins at c.
func runStrip(p *product[float32], a leftRows, b rightPanel, depth int, c []float32) {
	// The assembly trusts its operands, so what it reaches is looked at here.
	last := a.m - 1
	_ = a.a[last/stripRows*a.next+last%stripRows*a.row+(depth-1)*a.step]
	_ = b.b[(depth-1)*b.step+stripCols-1]
	_ = c[last*p.stride+b.cols-1]
	kernels := &stripKernels[1]
	if b.cols <= stripCols/2 {
		kernels = &stripKernels[0]
	}
	var mask *int32
	if b.cols%(stripCols/2) > 0 {
		mask = &stripMask[stripCols-b.cols]
	}
	accumulate := 0
	if p.accumulate {
		accumulate = 1
	}
	count, rest := a.m/stripRows, a.m%stripRows
	if count > 0 {
		kernels[stripRows-1](count, depth, &a.a[0], 4*a.row, 4*a.step, 4*a.next, &b.b[0], 4*b.step,
			&c[0], 4*p.stride, 4*stripRows*p.stride, p.alpha, accumulate, mask)
	}
	if rest > 0 {
		kernels[rest-1](1, depth, &a.a[count*a.next], 4*a.row, 4*a.step, 0, &b.b[0], 4*b.step,
			&c[count*stripRows*p.stride], 4*p.stride, 0, p.alpha, accumulate, mask)
	}
}

// packPanel makes a panel of cols columns of B, k deep, from m as it lies in memory.
func packPanel(dst []float32, m Matrix[float32], cols, k int) {
	if cols < stripCols {
		pack(dst, m, cols, k, stripCols, !m.Trans)
		return
	}
	_ = dst[k*stripCols-1]
	if !m.Trans {
		_ = m.Data[(k-1)*m.Stride+cols-1]
		packAlong16AVX2(k, &m.Data[0], 4*m.Stride, &dst[0])
		return
	}
	_ = m.Data[(cols-1)*m.Stride+k-1]
	whole := k &^ 3
	if whole > 0 {
		packAcross16AVX2(whole, &m.Data[0], 4*m.Stride, &dst[0])
	}
	if whole < k {
		pack(dst[whole*stripCols:], m.at(whole, 0), cols, k-whole, stripCols, false)
	}
}

// packRows makes panels of whole groups of stripRows rows of a transposed A, k deep.
func packRows(dst []float32, a Matrix[float32], groups, k int) {
	if groups == 0 {
		return
	}
	_, _ = a.Data[(k-1)*a.Stride+groups*stripRows-1], dst[groups*stripRows*k-1]
	g := 0
	for ; g+8 <= groups; g += 8 {
		packAlong6x8AVX2(k, &a.Data[g*stripRows], 4*a.Stride, &dst[g*stripRows*k])
	}
	for ; g < groups; g++ {
		packAlong6x1AVX2(k, &a.Data[g*stripRows], 4*a.Stride, &dst[g*stripRows*k])
	}
}
