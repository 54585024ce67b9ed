package kernel

// rowsKernel computes the products of m rows of A, in contiguous memory, with groups of rows of weights, in assembly. It keeps the products of
// some rows of A with a group in registers, and multiplies all rows of A by a group before it reads the next group. So memory is read once, at
// an even pace. m must not be less than rows.
type rowsKernel struct {
	rows, cols int // in registers; cols is the size of a group
	run        func(groups, m, n int, a *float32, w *byte, stride int, c *float32, cRow, ahead int)
}

// rowsKernels are the kernels of a format. few has those of 2 … packedThin rows, which have the bits of one row. many has those that keep
// packedThin-1 and packedThin of more rows in registers.
type rowsKernels struct{ few, many []rowsKernel }

// packedMany is the largest number of rows for rowsKernels. The products of more rows are faster with unpacked weights.
const packedMany = 16

// of returns the kernel for m rows. Without a kernel, its function is nil.
func (r rowsKernels) of(m int) rowsKernel {
	switch {
	case r.few == nil || m == 1 || m > packedMany || !fastDotsRun():
		return rowsKernel{}
	case m <= packedThin:
		return r.few[m-2]
	}
	passes := (m + packedThin - 1) / packedThin
	rows := (m + passes - 1) / passes
	return r.many[rows-packedThin+1]
}

// grouped multiplies A with n columns by g.kernel.
func (g *packedGemm) grouped(s *packedRoom, w []byte, col, n int) {
	k, cols := g.W.Cols, g.kernel.cols
	passes := (g.M + g.kernel.rows - 1) / g.kernel.rows
	if groups := n / cols; groups > 0 {
		const bytes = 32 // of a row of weights in one iteration of the kernel
		g.kernel.run(groups, g.M, k, &g.A[0], &w[0], g.stride, &g.C[col], 4*g.W.Rows, bytes*cols/passes)
	}
	for j := n / cols * cols; j < n; j++ {
		// All rows of this group are the same.
		sums := s.wide.sums[:g.M*cols]
		g.kernel.run(1, g.M, k, &g.A[0], &w[j*g.stride], 0, &sums[0], 4*cols, 0)
		for i := range g.M {
			g.C[i*g.W.Rows+col+j] = sums[i*cols]
		}
	}
}
