package kernel

import "fmt"

// ColumnSums computes dst[j] = Σᵢ src[i·cols+j], in float64.
func ColumnSums[T Float](dst, src []T, cols int) {
	checkLen("column sums", "dst", len(dst), cols)
	rows := rowsOf("column sums", len(src), cols)
	grain := partialGrain(rows, cols)
	chunks := (rows + grain - 1) / grain
	partial := take[buffer[float64]]()
	parts := partial.zeroed(chunks * cols)
	parallel(rows, grain, columnSums[T]{parts, src, cols, grain})
	sumParts(dst, parts)
	give(partial)
}

type columnSums[T Float] struct {
	parts       []float64 // (chunks, cols)
	src         []T
	cols, grain int
}

func (c *columnSums[T]) Range(lo, hi int) {
	part := c.parts[lo/c.grain*c.cols:][:c.cols]
	for r := lo; r < hi; r++ {
		addRow64(part, c.src[r*c.cols:(r+1)*c.cols])
	}
}

func addRow64[T Float](y []float64, x []T) {
	y = y[:len(x)]
	if eights := len(x) &^ 7; eights > 0 && fast[T]() {
		addEights64Asm(eights, &y[0], first(x))
		y, x = y[eights:], x[eights:]
	}
	for i, v := range x {
		y[i] += float64(v)
	}
}

// sumParts adds the rows of parts (chunks, len(dst)) in order and writes the sums to dst.
func sumParts[T, P Float](dst []T, parts []P) {
	for j := range dst {
		var s float64
		for i := j; i < len(parts); i += len(dst) {
			s += float64(parts[i])
		}
		dst[j] = T(s)
	}
}

// SumTo sums src, which is contiguous with the given shape, over the axes where keep is false. dst is contiguous over
// the other axes. At most 6 axes. Sums run in float64.
func SumTo[T Float](dst, src []T, shape []int, keep []bool) {
	s, l := newSumTo(dst, src, shape, keep)
	checkLen("sum", "src", len(src), l.count())
	checkLen("sum", "dst", len(dst), s.kept.count()*s.run)
	if len(src) == 0 {
		clear(dst)
		return
	}
	switch {
	case s.kept.n == 0 && s.summed.n == 1 && s.run > 1: // (N, C) → (C)
		ColumnSums(dst, src, s.run)
	case len(dst) == 1:
		dst[0] = T(Sum(src))
	case s.run > 1:
		s.blocks = (s.run + sumBlock - 1) / sumBlock
		parallel(s.kept.count()*s.blocks, rowGrain(min(s.run, sumBlock)*s.summed.count()), s)
	default:
		parallel(len(dst), rowGrain(len(src)/len(dst)), s)
	}
}

// sumBlock is the number of adjacent sums that are kept on the stack.
const sumBlock = 128

type sumTo[T Float] struct {
	dst, src     []T
	kept, summed layout // operand 1 is src
	run          int    // length of the inner axis if it is kept, else 1
	blocks       int    // blocks of a run
}

func newSumTo[T Float](dst, src []T, shape []int, keep []bool) (sumTo[T], layout) {
	if len(shape) > maxAxes || len(keep) != len(shape) {
		panic(fmt.Sprintf("kernel: sum: shape has %d axes, keep has %d: want equal numbers, at most %d", len(shape), len(keep), maxAxes))
	}
	var from, to [maxAxes]int
	srcStride := contiguous(&from, shape)
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		if keep[i] {
			to[i] = step
			step *= shape[i]
		}
	}
	l := newLayout("sum", shape, to[:len(shape)], srcStride)
	s := sumTo[T]{dst: dst, src: src, run: 1}
	for i, a := range l.axes[:l.n] {
		switch {
		case a.stride[0] == 0:
			s.summed.push(a)
		case i == l.n-1:
			s.run = a.size
		default:
			s.kept.push(a)
		}
	}
	return s, l
}

func (s *sumTo[T]) Range(lo, hi int) {
	if s.run == 1 {
		s.elements(lo, hi)
		return
	}
	var sums [sumBlock]float64
	for i := lo; i < hi; i++ {
		row, col := i/s.blocks, i%s.blocks*sumBlock
		n := min(sumBlock, s.run-col)
		block := sums[:n]
		clear(block)
		from := s.kept.at(row).off[1] + col
		var at cursor
		for range s.summed.count() {
			addRow64(block, s.src[from+at.off[1]:][:n])
			s.summed.next(&at)
		}
		for j, v := range block {
			s.dst[row*s.run+col+j] = T(v)
		}
	}
}

// elements computes dst[lo:hi] if the inner axis is summed or no axis is summed.
func (s *sumTo[T]) elements(lo, hi int) {
	outer := s.summed
	inner := axis{size: 1}
	if outer.n > 0 {
		inner = outer.cut(outer.n - 1)
	}
	for i := lo; i < hi; i++ {
		from := s.kept.at(i).off[1]
		var total float64
		var at cursor
		for range outer.count() {
			total += sum(s.src[from+at.off[1]:][:inner.size])
			outer.next(&at)
		}
		s.dst[i] = T(total)
	}
}

// Sum returns Σ xᵢ in float64.
func Sum[T Float](x []T) float64 { return reduce(plainSum, x) }

// SumSquares returns Σ xᵢ² in float64.
func SumSquares[T Float](x []T) float64 { return reduce(squareSum, x) }

// summand selects the terms of a reduction. A function value would have to be allocated.
type summand uint8

const (
	plainSum summand = iota
	squareSum
)

// reduce adds the sums of fixed chunks in order.
func reduce[T Float](of summand, x []T) float64 {
	partial := take[buffer[float64]]()
	parts := partial.sized((len(x) + minWork - 1) / minWork)
	parallel(len(x), minWork, reduction[T]{of, x, parts})
	total := sum(parts)
	give(partial)
	return total
}

type reduction[T Float] struct {
	of    summand
	x     []T
	parts []float64 // one per chunk
}

func (r *reduction[T]) Range(lo, hi int) {
	x, part := r.x[lo:hi], &r.parts[lo/minWork]
	switch r.of {
	case plainSum:
		*part = sum(x)
	case squareSum:
		*part = sumSquares(x, 0)
	}
}
