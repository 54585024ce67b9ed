package kernel

// rowsKernel computes the products of m rows of A with groups of rows of weights, in assembly. It keeps the products of some rows of A with
// a group in registers, and multiplies all rows of A by a group before it reads the next group. So memory is read once, at an even pace. The
// rows of A are contiguous.
type rowsKernel struct {
	rows, cols int // of C in registers; m ≥ rows, and cols is the size of a group
	run        func(groups, m, n int, a *float32, w *byte, stride int, c *float32, cRow, ahead int)
}

// rowsKernels are the kernels of a format.
type rowsKernels struct {
	few  []rowsKernel // for 2 … packedThin rows, with the bits of one row
	many []rowsKernel // for more rows, with packedThin-1 and packedThin of them in registers; products are fused
}

// packedMany is the largest number of rows for a rowsKernel. The products of many more rows are faster with unpacked weights.
const packedMany = 32

// of returns the kernel for m rows. Its function is nil if there is no kernel.
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

// share returns the number that divides the columns of a tile: a multiple of packedGroup and of a group.
func (r rowsKernel) share() int {
	if r.run == nil || packedGroup%r.cols == 0 {
		return packedGroup
	}
	return packedGroup * r.cols
}

// together multiplies all rows of A with n columns whose weights are w.
func (g *packedGemm) together(w []byte, col, n int) {
	k, cols := g.W.Cols, g.kernel.cols
	groups, passes := n/cols, (g.M+g.kernel.rows-1)/g.kernel.rows
	if groups > 0 {
		const bytes = 32 // of a row of weights in an iteration of the kernel
		g.kernel.run(groups, g.M, k, &g.A[0], &w[0], g.stride, &g.C[col], 4*g.W.Rows, bytes*cols/passes)
	}
	if rest := n - groups*cols; rest > 0 {
		g.lastColumns(w[groups*cols*g.stride:], col+groups*cols, rest)
	}
}

// lastColumns multiplies all rows of A with fewer columns than a group has, one after the other. The rows of each group are the same.
func (g *packedGemm) lastColumns(w []byte, col, n int) {
	cols, room := g.kernel.cols, take[buffer[float32]]()
	sums := room.sized(g.M * cols)
	for j := range n {
		g.kernel.run(1, g.M, g.W.Cols, &g.A[0], &w[j*g.stride], 0, &sums[0], 4*cols, 0)
		for i := range g.M {
			g.C[i*g.W.Rows+col+j] = sums[i*cols]
		}
	}
	give(room)
}
