package kernel

import "unsafe"

// The loops on contiguous slices that the other kernels consist of. Sums run in float64 with four accumulators, which
// fixes their order and hides the latency of an addition.

// sum returns Σ xᵢ.
func sum[T Float](x []T) float64 {
	if fast[T]() {
		return sumRowAsm(len(x), first(x))
	}
	var s0, s1, s2, s3 float64
	for len(x) >= 4 {
		s0 += float64(x[0])
		s1 += float64(x[1])
		s2 += float64(x[2])
		s3 += float64(x[3])
		x = x[4:]
	}
	for _, v := range x {
		s0 += float64(v)
	}
	return (s0 + s1) + (s2 + s3)
}

// sumSquares returns Σ (xᵢ-mean)².
func sumSquares[T Float](x []T, mean float64) float64 {
	if fast[T]() {
		return sumSquaresRowAsm(len(x), first(x), mean)
	}
	var s0, s1, s2, s3 float64
	for len(x) >= 4 {
		d0, d1 := float64(x[0])-mean, float64(x[1])-mean
		d2, d3 := float64(x[2])-mean, float64(x[3])-mean
		s0 += d0 * d0
		s1 += d1 * d1
		s2 += d2 * d2
		s3 += d3 * d3
		x = x[4:]
	}
	for _, v := range x {
		d := float64(v) - mean
		s0 += d * d
	}
	return (s0 + s1) + (s2 + s3)
}

// dot64 returns Σ xᵢ·yᵢ in float64.
func dot64[T Float](x, y []T) float64 {
	y = y[:len(x)]
	if fast[T]() {
		return dotRowAsm(len(x), first(x), first(y))
	}
	var s0, s1 float64
	i := 0
	for ; i+2 <= len(x); i += 2 {
		s0 += float64(x[i]) * float64(y[i])
		s1 += float64(x[i+1]) * float64(y[i+1])
	}
	if i < len(x) {
		s0 += float64(x[i]) * float64(y[i])
	}
	return s0 + s1
}

// dot returns Σ xᵢ·yᵢ in T with eight accumulators.
func dot[T Float](x, y []T) T {
	var s0, s1, s2, s3, s4, s5, s6, s7 T
	y = y[:len(x)]
	for len(x) >= 8 && len(y) >= 8 {
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
		s4 += x[4] * y[4]
		s5 += x[5] * y[5]
		s6 += x[6] * y[6]
		s7 += x[7] * y[7]
		x, y = x[8:], y[8:]
	}
	for i, v := range x {
		s0 += v * y[i]
	}
	return ((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7))
}

// dots4 returns Σₖ aₖ·bᵢₖ for four rows of b.
func dots4[T Float](a, b []T, stride int) [4]T {
	if fast[T]() && len(a) > 0 {
		_ = b[3*stride+len(a)-1]
		var sums [4]float32
		dots4Asm(len(a), first(a), first(b), 4*stride, &sums)
		return [4]T{T(sums[0]), T(sums[1]), T(sums[2]), T(sums[3])}
	}
	var sums [4]T
	for i := range sums {
		sums[i] = dot(a, b[i*stride:])
	}
	return sums
}

// pairDots4 is dots4 for the two rows a and second, in assembly.
func pairDots4[T Float](a, second, b []T, stride int) (sums [8]T) {
	if n := len(a); n > 0 {
		_, _ = second[n-1], b[3*stride+n-1]
		pairDots4Asm(n, first(a), first(second), first(b), 4*stride, (*[8]float32)(unsafe.Pointer(&sums)))
	}
	return sums
}

// axpy computes y += a·x.
func axpy[T Float](y []T, a T, x []T) {
	y = y[:len(x)]
	if fast[T]() {
		axpyRowAsm(len(x), first(y), first(x), float32(a))
		return
	}
	for i, v := range x {
		y[i] += T(a * v) // not fused, as in the assembly
	}
}

// axpy4 computes y += a[0]·x + a[1]·x[stride:] + … with four rows of a matrix at once, which saves three passes over y.
func axpy4[T Float](y []T, a *[4]T, x []T, stride int) {
	n := len(y)
	if n == 0 {
		return
	}
	if fast[T]() {
		_ = x[3*stride+n-1]
		factors := [4]float32{float32(a[0]), float32(a[1]), float32(a[2]), float32(a[3])}
		axpy4Asm(n, first(y), first(x), 4*stride, &factors)
		return
	}
	x0, x1, x2, x3 := x[:n], x[stride:][:n], x[2*stride:][:n], x[3*stride:][:n]
	a0, a1, a2, a3 := a[0], a[1], a[2], a[3]
	for i, v := range y {
		y[i] = v + ((a0*x0[i] + a1*x1[i]) + (a2*x2[i] + a3*x3[i]))
	}
}

// addRow computes y += x.
func addRow[T Float](y, x []T) {
	y = y[:len(x)]
	if fast[T]() {
		addRowsAsm(len(x), first(y), first(y), first(x))
		return
	}
	for i, v := range x {
		y[i] += v
	}
}

// scaleRow computes y = a·x.
func scaleRow[T Float](y []T, a T, x []T) {
	y = y[:len(x)]
	if fast[T]() {
		scaleRowAsm(len(x), first(y), first(x), float32(a))
		return
	}
	for i, v := range x {
		y[i] = a * v
	}
}

// largest returns the maximum of x: -Inf if x is empty, NaN if x contains NaN.
func largest[T Float](x []T) T {
	if fast[T]() {
		return T(largestRowAsm(len(x), first(x)))
	}
	m := inf[T](-1)
	m0, m1, m2, m3 := m, m, m, m
	for len(x) >= 4 {
		m0, m1, m2, m3 = max(m0, x[0]), max(m1, x[1]), max(m2, x[2]), max(m3, x[3])
		x = x[4:]
	}
	for _, v := range x {
		m0 = max(m0, v)
	}
	return max(m0, m1, m2, m3)
}

// expRow writes e^(x-shift) to y, which may be x or nil, and returns the sum.
func expRow[T Float](y, x []T, shift T) float64 {
	if fast[T]() {
		if y == nil {
			return expSumRowAsm(len(x), first(x), float32(shift))
		}
		return expRowAsm(len(x), first(y[:len(x)]), first(x), float32(shift))
	}
	var s float64
	if y == nil {
		for _, v := range x {
			s += float64(exp(v - shift))
		}
		return s
	}
	y = y[:len(x)]
	for i, v := range x {
		e := exp(v - shift)
		y[i] = e
		s += float64(e)
	}
	return s
}
