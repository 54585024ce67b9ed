package ops_test

import "slices"

// array is an operand or a result of a plain reference, row-major.
type array struct {
	shape []int
	f     []float64
	i     []int32
}

func zeros(shape ...int) array {
	return array{shape: slices.Clone(shape), f: make([]float64, count(shape))}
}

func count(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// at returns the offset of an index. Axes are aligned from the last one, and an axis of 1 is repeated.
func (a array) at(index []int) int {
	index = index[len(index)-len(a.shape):]
	n := 0
	for k, d := range a.shape {
		n *= d
		if d > 1 {
			n += index[k]
		}
	}
	return n
}

func (a array) get(index ...int) float64 { return a.f[a.at(index)] }

func (a array) cols() int { return a.shape[len(a.shape)-1] }

// rows returns the vectors along the last axis.
func (a array) rows() [][]float64 { return slices.Collect(slices.Chunk(a.f, a.cols())) }

// each calls f with every index of a shape, in order.
func each(shape []int, f func(index []int)) {
	index := make([]int, len(shape))
	for range count(shape) {
		f(index)
		for k := len(shape) - 1; k >= 0; k-- {
			if index[k]++; index[k] < shape[k] {
				break
			}
			index[k] = 0
		}
	}
}

// build computes every element of an array from its index.
func build(shape []int, f func(index []int) float64) array {
	y := zeros(shape...)
	n := 0
	each(shape, func(index []int) {
		y.f[n] = f(index)
		n++
	})
	return y
}

// mapped applies f to every element.
func mapped(x array, f func(float64) float64) array {
	y := zeros(x.shape...)
	for i, v := range x.f {
		y.f[i] = f(v)
	}
	return y
}
