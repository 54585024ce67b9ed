package kernel_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

func testSumTo[T kernel.Float](t *testing.T) {
	for _, shape := range [][]int{
		{}, {1}, {5}, {40001}, {3, 4}, {1, 6}, {6, 1}, {0, 4}, {4, 0}, {300, 200}, {2, 3, 4}, {2, 1, 300}, {40, 3, 300}, {3, 2, 4, 5}, {2, 3, 2, 3, 2, 3},
	} {
		for bits := range 1 << len(shape) {
			keep, mask, n, kept := make([]bool, len(shape)), "", 1, 1
			for i, s := range shape {
				keep[i] = bits>>i&1 == 1
				mask += string('0' + rune(bits>>i&1))
				n *= s
				if keep[i] {
					kept *= s
				}
			}
			src, dst, want := randoms[T](n, 1), randoms[T](kept, 2), make([]float64, kept)
			strides, at := broadcastStrides(shape, mask), 0
			index(shape, func(i []int) {
				want[offset(i, strides)] += float64(src[at])
				at++
			})
			kernel.SumTo(dst, src, shape, keep)
			// One rounding to T. The float64 sums of up to 60000 numbers differ only by their order.
			near(t, fmt.Sprint(shape, mask), dst, want, 2*epsilon[T]()+1e-13)
		}
	}
}

func TestSumTo(t *testing.T) { bothTypes(t, testSumTo[float32], testSumTo[float64]) }

func testColumnSums[T kernel.Float](t *testing.T) {
	for _, s := range [][2]int{{0, 3}, {1, 1}, {1, 5}, {7, 1}, {1000, 65}, {3, 20000}} {
		src, dst, want := randoms[T](s[0]*s[1], 1), randoms[T](s[1], 2), make([]float64, s[1])
		for i, v := range src {
			want[i%s[1]] += float64(v)
		}
		kernel.ColumnSums(dst, src, s[1])
		near(t, fmt.Sprint(s), dst, want, 2*epsilon[T]()+1e-13)
	}
}

func TestColumnSums(t *testing.T) { bothTypes(t, testColumnSums[float32], testColumnSums[float64]) }

func testSums[T kernel.Float](t *testing.T) {
	for _, n := range lengths {
		x := randoms[T](n, 1)
		s, q := 0.0, 0.0
		for _, v := range x {
			s += float64(v)
			q += float64(v) * float64(v)
		}
		// All in float64: only the order of the additions differs.
		near(t, "sum", []float64{kernel.Sum(x)}, []float64{s}, 1e-12)
		near(t, "sum of squares", []float64{kernel.SumSquares(x)}, []float64{q}, 1e-12)
	}
}

func TestSums(t *testing.T) { bothTypes(t, testSums[float32], testSums[float64]) }

func testFinite[T kernel.Float](t *testing.T) {
	for _, n := range lengths {
		x := randoms[T](n, 1)
		if got := kernel.FirstNonFinite(x); got != -1 {
			t.Errorf("%d finite numbers: got %d, want -1", n, got)
		}
		for _, at := range []int{n - 1, n / 2, 0} {
			if n == 0 {
				continue
			}
			x[at] = T([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}[n%3])
			if got := kernel.FirstNonFinite(x); got != at {
				t.Errorf("%d numbers: got %d, want %d", n, got, at)
			}
		}
	}
}

func TestFinite(t *testing.T) { bothTypes(t, testFinite[float32], testFinite[float64]) }
