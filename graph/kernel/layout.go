package kernel

import "fmt"

// maxAxes is the largest number of axes that a strided kernel accepts.
const maxAxes = 6

// axis is one loop over two operands: its length and its stride in each operand.
type axis struct {
	size   int
	stride [2]int
}

// layout is a nest of loops, outermost first.
type layout struct {
	n    int
	axes [maxAxes]axis
}

// newLayout describes a walk over shape with two operands. It drops axes of length 1 and merges adjacent axes that are
// contiguous (or repeated) in both operands, so that a simple shape has few axes. The last axis is the inner loop. The
// layout has at least one axis.
func newLayout(kernel string, shape, first, second []int) layout {
	if len(shape) > maxAxes || len(first) != len(shape) || len(second) != len(shape) {
		panic(fmt.Sprintf("kernel: %s: shape has %d axes, strides have %d and %d: want equal numbers, at most %d", kernel, len(shape), len(first), len(second), maxAxes))
	}
	var l layout
	for i, size := range shape {
		if size != 1 {
			l.push(axis{size, [2]int{first[i], second[i]}})
		}
	}
	if l.n == 0 {
		l.push(axis{1, [2]int{1, 1}})
	}
	return l
}

// push appends an inner axis, or merges it into the last axis if both together are contiguous.
func (l *layout) push(a axis) {
	if l.n > 0 {
		b := &l.axes[l.n-1]
		if b.stride[0] == a.stride[0]*a.size && b.stride[1] == a.stride[1]*a.size {
			b.size, b.stride = b.size*a.size, a.stride
			return
		}
	}
	l.axes[l.n] = a
	l.n++
}

// cut removes axis i and returns it.
func (l *layout) cut(i int) axis {
	a := l.axes[i]
	copy(l.axes[i:], l.axes[i+1:l.n])
	l.n--
	return a
}

// count returns the number of positions of all axes.
func (l *layout) count() int {
	n := 1
	for _, a := range l.axes[:l.n] {
		n *= a.size
	}
	return n
}

// reach returns one more than the largest offset into an operand.
func (l *layout) reach(operand int) int {
	last := 0
	for _, a := range l.axes[:l.n] {
		if a.size == 0 {
			return 0
		}
		last += (a.size - 1) * a.stride[operand]
	}
	return last + 1
}

// cursor is a position in a layout with the offsets of both operands.
type cursor struct {
	index [maxAxes]int
	off   [2]int
}

// at returns the cursor of position i.
func (l *layout) at(i int) cursor {
	var c cursor
	for k := l.n - 1; k >= 0; k-- {
		a := &l.axes[k]
		c.index[k] = i % a.size
		i /= a.size
		c.off[0] += c.index[k] * a.stride[0]
		c.off[1] += c.index[k] * a.stride[1]
	}
	return c
}

// next moves the cursor to the next position. After the last position it returns to the first.
func (l *layout) next(c *cursor) {
	for k := l.n - 1; k >= 0; k-- {
		a := &l.axes[k]
		c.index[k]++
		c.off[0] += a.stride[0]
		c.off[1] += a.stride[1]
		if c.index[k] < a.size {
			return
		}
		c.off[0] -= a.size * a.stride[0]
		c.off[1] -= a.size * a.stride[1]
		c.index[k] = 0
	}
}

// contiguous writes the row-major strides of shape to strides and returns strides[:len(shape)].
func contiguous(strides *[maxAxes]int, shape []int) []int {
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = step
		step *= shape[i]
	}
	return strides[:len(shape)]
}

// segments returns the number of segments, of at most minWork elements each, of an inner loop.
func segments(inner int) int { return max(1, (inner+minWork-1)/minWork) }
