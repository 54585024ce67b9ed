package kernel

import "math"

// expCost is the cost of an exponential in the unit of minWork.
const expCost = 6

// Softmax computes y = eˣ/Σeˣ over each row of cols elements. A row that is all -Inf (every position is masked) gives
// zeros. y may be x.
func Softmax[T Float](y, x []T, cols int) {
	rows := rowsOf("softmax", len(x), cols)
	checkLen("softmax", "y", len(y), len(x))
	parallel(rows, rowGrain(cols*expCost), softmax[T]{y, x, cols})
}

// Normalizer holds two numbers per row that turn a row x into probabilities: softmax(x) = e^(x-Top)·Inverse. Top is the
// largest x and Inverse is 1/Σe^(x-Top). They are -Inf and 0 if the row is all -Inf. The one number log Σeˣ would lose
// the digits of the sum if x is large. The slices may be nil.
type Normalizer[T Float] struct{ Top, Inverse []T }

func (n Normalizer[T]) isZero() bool { return n.Top == nil && n.Inverse == nil }

func (n Normalizer[T]) check(kernel string, rows int) {
	checkOptional(kernel, "top", n.Top, rows)
	checkOptional(kernel, "inverse", n.Inverse, rows)
}

// checkWhole is check for a normalizer that is read: neither slice may be nil.
func (n Normalizer[T]) checkWhole(kernel string, rows int) {
	checkLen(kernel, "top", len(n.Top), rows)
	checkLen(kernel, "inverse", len(n.Inverse), rows)
}

func (n Normalizer[T]) set(row int, top, inverse T) {
	if n.Top != nil {
		n.Top[row] = top
	}
	if n.Inverse != nil {
		n.Inverse[row] = inverse
	}
}

// setRows sets rows from the first one on.
func (n Normalizer[T]) setRows(first int, top, inverse []T) {
	if n.Top != nil {
		copy(n.Top[first:], top)
	}
	if n.Inverse != nil {
		copy(n.Inverse[first:], inverse)
	}
}

type softmax[T Float] struct {
	y, x []T
	cols int
}

func (s *softmax[T]) Range(lo, hi int) {
	for r := lo; r < hi; r++ {
		x, y := s.x[r*s.cols:(r+1)*s.cols], s.y[r*s.cols:(r+1)*s.cols]
		shift := largest(x)
		if math.IsInf(float64(shift), -1) {
			clear(y)
			continue
		}
		scaleRow(y, T(1/expRow(y, x, shift)), y)
	}
}

// SoftmaxGrad computes dx = y·(dy - Σ y·dy) over each row of y = Softmax(x). dx may be y or dy.
func SoftmaxGrad[T Float](dx, y, dy []T, cols int) {
	rows := rowsOf("softmax grad", len(y), cols)
	checkLen("softmax grad", "dx", len(dx), len(y))
	checkLen("softmax grad", "dy", len(dy), len(y))
	parallel(rows, rowGrain(cols*2), softmaxGrad[T]{dx, y, dy, cols})
}

type softmaxGrad[T Float] struct {
	dx, y, dy []T
	cols      int
}

func (s *softmaxGrad[T]) Range(lo, hi int) {
	for r := lo; r < hi; r++ {
		a, b := r*s.cols, (r+1)*s.cols
		dx, y, dy := s.dx[a:b], s.y[a:b], s.dy[a:b]
		avg := 0.0
		if total := sum(y); total != 0 { // 1 up to rounding, which a large dy would amplify
			avg = dot64(y, dy) / total
		}
		top, rest := split[T](avg)
		centerRow(dx, y, dy, top, rest)
	}
}

// split returns x as the sum of two numbers. A subtraction from numbers near x must not lose the digits that T cannot
// hold.
func split[T Float](x float64) (top, rest T) {
	top = T(x)
	return top, T(x - float64(top))
}

// centerRow computes dx = y·(dy-avg-rest). The difference is halved, because it may overflow where y is 0.
func centerRow[T Float](dx, y, dy []T, avg, rest T) {
	dx, dy = dx[:len(y)], dy[:len(y)]
	avg, rest = avg/2, rest/2
	if fast[T]() {
		softmaxGradRowAsm(len(y), first(dx), first(y), first(dy), float32(avg), float32(rest))
		return
	}
	for i, p := range y {
		dx[i] = 2 * p * (dy[i]/2 - avg - rest)
	}
}

// LogSoftmax computes y = x - log Σeˣ over each row of cols elements. A row that is all -Inf stays -Inf. y may be x.
func LogSoftmax[T Float](y, x []T, cols int) {
	rows := rowsOf("log softmax", len(x), cols)
	checkLen("log softmax", "y", len(y), len(x))
	parallel(rows, rowGrain(cols*expCost), logSoftmax[T]{y, x, cols})
}

type logSoftmax[T Float] struct {
	y, x []T
	cols int
}

func (s *logSoftmax[T]) Range(lo, hi int) {
	for r := lo; r < hi; r++ {
		x, y := s.x[r*s.cols:(r+1)*s.cols], s.y[r*s.cols:(r+1)*s.cols]
		top, total := expSum(x)
		if total == 0 {
			copy(y, x)
			continue
		}
		// Two steps, because the sum of top and rest would lose the digits of rest.
		rest := T(math.Log(total))
		for i, v := range x {
			y[i] = v - top - rest
		}
	}
}

// expSum returns the largest x and Σe^(x-top), or -Inf and 0 if all x are -Inf.
func expSum[T Float](x []T) (top T, total float64) {
	top = largest(x)
	if math.IsInf(float64(top), -1) {
		return top, 0
	}
	return top, expRow(nil, x, top)
}

// LogSoftmaxGrad computes dx = dy - eʸ·Σdy over each row of y = LogSoftmax(x), and zeros for a row that is all -Inf. dx may
// be y or dy.
func LogSoftmaxGrad[T Float](dx, y, dy []T, cols int) {
	rows := rowsOf("log softmax grad", len(y), cols)
	checkLen("log softmax grad", "dx", len(dx), len(y))
	checkLen("log softmax grad", "dy", len(dy), len(y))
	parallel(rows, rowGrain(cols*expCost), logSoftmaxGrad[T]{dx, y, dy, cols})
}

type logSoftmaxGrad[T Float] struct {
	dx, y, dy []T
	cols      int
}

func (s *logSoftmaxGrad[T]) Range(lo, hi int) {
	for r := lo; r < hi; r++ {
		a, b := r*s.cols, (r+1)*s.cols
		dx, y, dy := s.dx[a:b], s.y[a:b], s.dy[a:b]
		if math.IsInf(float64(largest(y)), -1) {
			clear(dx)
			continue
		}
		logSoftmaxGradRow(dx, y, dy, T(sum(dy)))
	}
}

// logSoftmaxGradRow computes dx = dy - eʸ·total.
func logSoftmaxGradRow[T Float](dx, y, dy []T, total T) {
	dx, dy = dx[:len(y)], dy[:len(y)]
	if fast[T]() {
		logSoftmaxGradRowAsm(len(y), first(dx), first(y), first(dy), float32(total))
		return
	}
	for i, v := range y {
		dx[i] = dy[i] - exp(v)*total
	}
}
