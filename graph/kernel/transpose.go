package kernel

import (
	"fmt"
	"slices"
)

// copyLayout copies src to dst. Both are contiguous along the innermost axis of l.
func copyLayout[T any](dst, src []T, l layout) {
	inner := l.cut(l.n - 1)
	segs := segments(inner.size)
	parallel(l.count()*segs, rowGrain(inner.size/segs), copyRows[T]{dst, src, l, inner, segs})
}

type copyRows[T any] struct {
	dst, src []T
	outer    layout
	inner    axis
	segs     int // segments of each inner loop
}

func (c *copyRows[T]) Range(lo, hi int) {
	at := c.outer.at(lo / c.segs)
	for i := lo; i < hi; i++ {
		seg := i % c.segs
		from := seg * minWork
		n := min(minWork, c.inner.size-from)
		copy(c.dst[at.off[0]+from:][:n], c.src[at.off[1]+from:])
		if seg == c.segs-1 {
			c.outer.next(&at)
		}
	}
}

// Transpose permutes the axes of x, which is contiguous with the given shape: axis k of y is axis axes[k] of x. y is
// contiguous and must not overlap x. At most 6 axes.
func Transpose[T any](y, x []T, shape, axes []int) {
	if len(axes) != len(shape) || len(shape) > maxAxes {
		panic(fmt.Sprintf("kernel: transpose: shape has %d axes, permutation has %d: want equal numbers, at most %d", len(shape), len(axes), maxAxes))
	}
	var xs, ys, size, from [maxAxes]int
	contiguous(&xs, shape)
	met := 0
	for _, a := range axes {
		met |= 1 << uint(a)
	}
	if met != 1<<len(shape)-1 {
		panic(fmt.Sprintf("kernel: transpose: axes %v are not a permutation of %d axes", slices.Clone(axes), len(shape)))
	}
	for k, a := range axes {
		size[k], from[k] = shape[a], xs[a]
	}
	n := len(shape)
	l := newLayout("transpose", size[:n], contiguous(&ys, size[:n]), from[:n])
	checkLen("transpose", "x", len(x), l.count())
	checkLen("transpose", "y", len(y), l.count())
	if l.axes[l.n-1].stride[1] == 1 {
		copyLayout(y, x, l)
		return
	}
	t := transpose[T]{y: y, x: x, cols: l.cut(l.n - 1)}
	if l.n > 0 {
		t.rows = l.cut(l.narrowest(1))
	}
	t.outer = l
	t.blocks = (t.rows.size + transposeBlock - 1) / transposeBlock
	parallel(l.count()*t.blocks, rowGrain(2*transposeBlock*t.cols.size), t)
}

// narrowest returns the axis along which the operand has its smallest stride.
func (l *layout) narrowest(operand int) int {
	best := 0
	for i, a := range l.axes[:l.n] {
		if a.stride[operand] < l.axes[best].stride[operand] {
			best = i
		}
	}
	return best
}

// transposeBlock is the side of the square that is transposed at a time. Its rows and columns stay in the L1 cache.
const transposeBlock = 32

// transpose swaps rows, along which x is contiguous, with cols, along which y is contiguous. outer has the other axes.
type transpose[T any] struct {
	y, x       []T
	rows, cols axis
	outer      layout
	blocks     int // blocks of rows
}

func (t *transpose[T]) Range(lo, hi int) {
	for i := lo; i < hi; i++ {
		at := t.outer.at(i / t.blocks)
		r := i % t.blocks * transposeBlock
		end := min(r+transposeBlock, t.rows.size)
		for c := 0; c < t.cols.size; c += transposeBlock {
			n := min(transposeBlock, t.cols.size-c)
			for j := r; j < end; j++ {
				y := t.y[at.off[0]+j*t.rows.stride[0]+c*t.cols.stride[0]:][:n]
				from := at.off[1] + j*t.rows.stride[1] + c*t.cols.stride[1]
				for k := range y {
					y[k] = t.x[from]
					from += t.cols.stride[1]
				}
			}
		}
	}
}
