package kernel

import "fmt"

// maxAxes is the largest number of axes that a strided kernel accepts.
const maxAxes = 6

// axis is one loop over two operands: its length and the distance of neighbours in each operand.
type axis struct {
	size   int
	stride [2]int
}

// layout is a nest of such loops, outermost first.
type layout struct {
	n    int
	axes [maxAxes]axis
}

// newLayout describes a walk over shape with two operands. Axes of length one go, and neighbouring axes that are one
// contiguous (or one broadcast) stretch in both operands become one, so that what is simple looks simple. The last axis of
// the result is the inner loop; there is always one.
func newLayout(kernel string, shape, first, second []int) layout {
	if len(shape) > maxAxes || len(first) != len(shape) || len(second) != len(shape) {
		panic(fmt.Sprintf("kernel: %s: shape of %d axes with strides of %d and %d: want equal numbers, at most %d", kernel, len(shape), len(first), len(second), maxAxes))
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

// push adds an inner axis, or widens the last one where that comes to the same.
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

// cut takes axis i out.
func (l *layout) cut(i int) axis {
	a := l.axes[i]
	copy(l.axes[i:], l.axes[i+1:l.n])
	l.n--
	return a
}

// count is the number of positions of all axes together.
func (l *layout) count() int {
	n := 1
	for _, a := range l.axes[:l.n] {
		n *= a.size
	}
	return n
}

// reach is one more than the largest offset into an operand.
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

// next moves the cursor to the following position; after the last one it is at the first.
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

// contiguous writes the row-major strides of shape to strides[:len(shape)].
func contiguous(strides *[maxAxes]int, shape []int) []int {
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = step
		step *= shape[i]
	}
	return strides[:len(shape)]
}

// segments is the number of pieces of at most minWork that an inner loop is cut into.
func segments(inner int) int { return max(1, (inner+minWork-1)/minWork) }
