package kernel_test

import (
	"fmt"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

var binaryOps = []kernel.BinaryOp{kernel.Add, kernel.Sub, kernel.Mul, kernel.Div}

func combine[T kernel.Float](op kernel.BinaryOp, x, y T) T {
	switch op {
	case kernel.Sub:
		return x - y
	case kernel.Mul:
		return x * y
	case kernel.Div:
		return x / y
	}
	return x + y
}

func testBinary[T kernel.Float](t *testing.T) {
	for _, op := range binaryOps {
		for _, n := range lengths {
			x, y, z, want := randoms[T](n, 1), randoms[T](n, 2), make([]T, n), make([]T, n)
			for i := range want {
				want[i] = combine(op, x[i], y[i])
			}
			kernel.Binary(op, z, x, y)
			same(t, op.String(), z, want)
			left := clone(x)
			kernel.Binary(op, left, left, y)
			same(t, op.String()+" onto x", left, want)
			kernel.Binary(op, y, x, y)
			same(t, op.String()+" onto y", y, want)
		}
	}
}

func TestBinary(t *testing.T) { bothTypes(t, testBinary[float32], testBinary[float64]) }

// broadcastStrides returns the strides of a contiguous operand that is repeated along the axes whose letter in mask is
// 0.
func broadcastStrides(shape []int, mask string) []int {
	strides, step := make([]int, len(shape)), 1
	for i := len(shape) - 1; i >= 0; i-- {
		if mask[i] == '1' {
			strides[i] = step
			step *= shape[i]
		}
	}
	return strides
}

// index walks over shape in row-major order.
func index(shape []int, f func(i []int)) {
	i := make([]int, len(shape))
	var walk func(axis int)
	walk = func(axis int) {
		if axis == len(shape) {
			f(i)
			return
		}
		for i[axis] = range shape[axis] {
			walk(axis + 1)
		}
	}
	walk(0)
}

func offset(i, stride []int) int {
	at := 0
	for k := range i {
		at += i[k] * stride[k]
	}
	return at
}

func testBroadcast[T kernel.Float](t *testing.T) {
	for _, c := range []struct {
		shape []int
		x, y  string
	}{
		{[]int{}, "", ""}, {[]int{5}, "1", "0"}, {[]int{5}, "0", "0"}, {[]int{40001}, "0", "1"}, {[]int{40001}, "1", "0"},
		{[]int{3, 0}, "11", "01"}, {[]int{0, 3}, "11", "01"},
		{[]int{4, 6}, "11", "01"}, {[]int{4, 6}, "11", "10"}, {[]int{4, 6}, "01", "10"}, {[]int{4, 1}, "11", "01"},
		{[]int{2, 3, 4}, "111", "101"}, {[]int{2, 3, 4}, "110", "011"}, {[]int{3, 2, 1, 5}, "1111", "1001"},
		{[]int{2, 3, 4, 5}, "1111", "1001"}, {[]int{2, 3, 4, 5}, "1111", "0001"}, {[]int{2, 3, 4, 5}, "1000", "1111"},
		{[]int{2, 3, 2, 3, 2, 3}, "101010", "010101"}, {[]int{3, 20000}, "11", "01"},
	} {
		b := &kernel.Broadcast{Shape: c.shape, StrideX: broadcastStrides(c.shape, c.x), StrideY: broadcastStrides(c.shape, c.y)}
		n := 1
		for _, s := range c.shape {
			n *= s
		}
		x, y := randoms[T](max(1, n), 1), randoms[T](max(1, n), 2)
		for _, op := range binaryOps {
			var want []T
			index(c.shape, func(i []int) {
				want = append(want, combine(op, x[offset(i, b.StrideX)], y[offset(i, b.StrideY)]))
			})
			z := make([]T, n)
			kernel.BinaryBroadcast(op, z, x, y, b)
			same(t, fmt.Sprint(op, c.shape, c.x, c.y), z, want)
		}
	}
}

func TestBinaryBroadcast(t *testing.T) { bothTypes(t, testBroadcast[float32], testBroadcast[float64]) }

// The strides are neither contiguous nor 0, as in a transposed view.
func TestBinaryBroadcastStrided(t *testing.T) {
	b := &kernel.Broadcast{Shape: []int{3, 4}, StrideX: []int{1, 3}, StrideY: []int{8, 2}}
	x, y, z := randoms[float64](12, 1), randoms[float64](24, 2), make([]float64, 12)
	kernel.BinaryBroadcast(kernel.Sub, z, x, y, b)
	for i := range 3 {
		for j := range 4 {
			if got, want := z[i*4+j], x[i+3*j]-y[8*i+2*j]; got != want {
				t.Errorf("element %d, %d: got %g, want %g", i, j, got, want)
			}
		}
	}
}

func TestBroadcastPanics(t *testing.T) {
	z := make([]float32, 6)
	mustPanic(t, "kernel: binary broadcast: y has 2 elements, want at least 3", func() {
		kernel.BinaryBroadcast(kernel.Add, z, z, z[:2], &kernel.Broadcast{Shape: []int{2, 3}, StrideX: []int{3, 1}, StrideY: []int{0, 1}})
	})
	mustPanic(t, "kernel: binary broadcast: shape has 7 axes", func() {
		one := []int{1, 1, 1, 1, 1, 1, 1}
		kernel.BinaryBroadcast(kernel.Add, z, z, z, &kernel.Broadcast{Shape: one, StrideX: one, StrideY: one})
	})
	mustPanic(t, "kernel: binary: y has 2 elements, want 6", func() { kernel.Binary(kernel.Add, z, z, z[:2]) })
}

func testScaled[T kernel.Float](t *testing.T) {
	for _, n := range lengths {
		x, y := randoms[T](n, 1), randoms[T](n, 2)
		added, scaled, filled := make([]T, n), make([]T, n), make([]T, n)
		for i := range x {
			added[i], scaled[i], filled[i] = y[i]+T(0.3)*x[i], T(0.3)*x[i], 7
		}
		z := make([]T, n)
		kernel.Scale(z, x, T(0.3))
		same(t, "scale", z, scaled)
		kernel.AddScaled(y, T(0.3), x)
		same(t, "add scaled", y, added)
		kernel.Scale(x, x, T(0.3))
		same(t, "scale in place", x, scaled)
		kernel.Fill(x, 7)
		same(t, "fill", x, filled)
	}
}

func TestScaled(t *testing.T) { bothTypes(t, testScaled[float32], testScaled[float64]) }
