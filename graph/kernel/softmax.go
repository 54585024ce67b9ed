package kernel

import "math"

// expCost is the cost of an exponential in the steps that minWork counts.
const expCost = 6

// Softmax computes y = eˣ/Σeˣ over each row of cols elements. A row that is all -Inf, one whose every position is masked,
// gives zeros. y may be x.
func Softmax[T Float](y, x []T, cols int) {
	rows := rowsOf("softmax", len(x), cols)
	checkLen("softmax", "y", len(y), len(x))
	parallel(rows, rowGrain(cols*expCost), softmax[T]{y, x, cols})
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
		centerRow(dx, y, dy, T(dot64(y, dy)))
	}
}

// centerRow is dx = y·(dy-avg).
func centerRow[T Float](dx, y, dy []T, avg T) {
	dx, dy = dx[:len(y)], dy[:len(y)]
	if fast[T]() {
		softmaxGradRowAVX2(len(y), first(dx), first(y), first(dy), float32(avg))
		return
	}
	for i, p := range y {
		dx[i] = p * (dy[i] - avg)
	}
}

// LogSoftmax computes y = x - log Σeˣ over each row of cols elements. A row that is all -Inf stays so. y may be x.
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
		shift, rest := logSumExp(x)
		if math.IsInf(float64(shift), -1) {
			copy(y, x)
			continue
		}
		// Two steps, because the sum of shift and rest would lose the digits of rest.
		for i, v := range x {
			y[i] = v - shift - rest
		}
	}
}

// logSumExp is log Σeˣ in two parts, the maximum and the logarithm of what remains; (-Inf, 0) when all x are -Inf.
func logSumExp[T Float](x []T) (shift, rest T) {
	shift = largest(x)
	if math.IsInf(float64(shift), -1) {
		return shift, 0
	}
	return shift, T(math.Log(expRow(nil, x, shift)))
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

// logSoftmaxGradRow is dx = dy - eʸ·total.
func logSoftmaxGradRow[T Float](dx, y, dy []T, total T) {
	dx, dy = dx[:len(y)], dy[:len(y)]
	if fast[T]() {
		logSoftmaxGradRowAVX2(len(y), first(dx), first(y), first(dy), float32(total))
		return
	}
	for i, v := range y {
		dx[i] = dy[i] - exp(v)*total
	}
}
