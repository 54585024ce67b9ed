package kernel

import "unsafe"

// fewColumns is the number of columns of C that the kernels of few rows multiply at a time.
const fewColumns = 16

// fewChunk is the number of columns of B that all rows of A multiply before the next columns are read. With depthUnit rows they stay in the
// L1 cache.
const fewChunk = 256

// fewKernels multiply a few rows of A, fewLeast and more, by a B whose rows are contiguous. They loop over columns: a call for each panel of
// so short a depth would cost as much as its products.
var fewKernels = []func(blocks, depth int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cRow int, alpha float32, accumulate int){
	few3AVX2, few4AVX2, few5AVX2, few6AVX2,
}

const fewLeast, fewMost = 3, 6

// runFew writes the product of depths from to end for the first columns, a multiple of fewColumns, and returns their number. The sums have the
// order of runStrips.
func (d *deepProduct[T]) runFew(sums []float32, from, end int) int {
	cols := d.N / fewColumns * fewColumns
	if !whole() || cols == 0 || d.M < fewLeast {
		return 0
	}
	g := (*Gemm[float32])(unsafe.Pointer(&d.Gemm))
	for k := from; k < end; k += depthUnit {
		for j := 0; j < cols; j += fewChunk {
			few{g, sums[j:], k, min(depthUnit, end-k), j, min(fewChunk, cols-j), k > from}.run()
		}
	}
	return cols
}

// few is a part of a product of few rows: some columns and a short depth.
type few struct {
	*Gemm[float32]
	c                    []float32
	k, depth, col, count int
	accumulate           bool
}

func (f few) run() {
	// The assembly does not check bounds, so the bounds of its operands are checked here.
	a, b := f.A.at(0, f.k), f.B.at(f.k, f.col).Data
	_, _, _ = a.at(f.M-1, f.depth-1).Data[0], b[(f.depth-1)*f.B.Stride+f.count-1], f.c[(f.M-1)*f.N+f.count-1]
	row, step, accumulate := a.Stride, 1, 0
	if a.Trans {
		row, step = 1, a.Stride
	}
	if f.accumulate {
		accumulate = 1
	}
	groups := (f.M + fewMost - 1) / fewMost
	for i, left := 0, f.M; left > 0; groups-- {
		rows := (left + groups - 1) / groups
		fewKernels[rows-fewLeast](f.count/fewColumns, f.depth, &a.Data[i*row], 4*row, 4*step, &b[0], 4*f.B.Stride, &f.c[i*f.N], 4*f.N, float32(f.Alpha), accumulate)
		i, left = i+rows, left-rows
	}
}
