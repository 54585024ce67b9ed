//go:build !purego

package kernel

// stripKernels are the micro-kernels for 1 to 6 rows, of 8 columns and of 16.
var stripKernels = [2][stripRows]func(count, depth int, a *float32, aRow, aStep, aNext int, b *float32, bStep int,
	c *float32, cRow, cNext int, alpha float32, accumulate int, mask *int32){
	{gemm1x8, gemm2x8, gemm3x8, gemm4x8, gemm5x8, gemm6x8},
	{gemm1x16, gemm2x16, gemm3x16, gemm4x16, gemm5x16, gemm6x16},
}

// stripMask has ones where a mask lets elements through: from its place 16-n on it lets n of 16 through.
var stripMask = [32]int32{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}

// run computes the strip in assembly.
func (s *strip) run() {
	if s.m == 0 {
		return
	}
	s.check()
	kernels := &stripKernels[1]
	var mask *int32
	switch {
	case s.cols < stripCols/2:
		kernels, mask = &stripKernels[0], &stripMask[stripCols-s.cols]
	case s.cols == stripCols/2:
		kernels = &stripKernels[0]
	case s.cols < stripCols:
		mask = &stripMask[stripCols-s.cols]
	}
	accumulate := 0
	if s.accumulate {
		accumulate = 1
	}
	count, rest := s.m/stripRows, s.m%stripRows
	if count > 0 {
		kernels[stripRows-1](count, s.k, &s.a[0], 4*s.aRow, 4*s.aStep, 4*s.aNext, &s.b[0], 4*s.bStep,
			&s.c[0], 4*s.stride, 4*stripRows*s.stride, s.alpha, accumulate, mask)
	}
	if rest > 0 {
		kernels[rest-1](1, s.k, &s.a[count*s.aNext], 4*s.aRow, 4*s.aStep, 0, &s.b[0], 4*s.bStep,
			&s.c[count*stripRows*s.stride], 4*s.stride, 0, s.alpha, accumulate, mask)
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
		packAlong16(k, &m.Data[0], 4*m.Stride, &dst[0])
		return
	}
	_ = m.Data[(cols-1)*m.Stride+k-1]
	whole := k &^ 3
	if whole > 0 {
		packAcross16(whole, &m.Data[0], 4*m.Stride, &dst[0])
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
		packAlong6x8(k, &a.Data[g*stripRows], 4*a.Stride, &dst[g*stripRows*k])
	}
	for ; g < groups; g++ {
		packAlong6x1(k, &a.Data[g*stripRows], 4*a.Stride, &dst[g*stripRows*k])
	}
}
