package kernel_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

func sequence(n int) []int32 {
	x := make([]int32, n)
	for i := range x {
		x[i] = int32(i) + 1
	}
	return x
}

func product(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}

// permutations calls f with every order of n axes.
func permutations(n int, f func(axes []int)) {
	axes := make([]int, n)
	for i := range axes {
		axes[i] = i
	}
	var walk func(k int)
	walk = func(k int) {
		if k == n {
			f(axes)
			return
		}
		for i := k; i < n; i++ {
			axes[k], axes[i] = axes[i], axes[k]
			walk(k + 1)
			axes[k], axes[i] = axes[i], axes[k]
		}
	}
	walk(0)
}

func TestTranspose(t *testing.T) {
	for _, shape := range [][]int{
		{}, {1}, {7}, {3, 0}, {1, 9}, {33, 65}, {200, 300}, {2, 3, 4}, {5, 1, 40}, {2, 33, 3, 17}, {2, 3, 1, 2, 3, 4},
	} {
		x := sequence(product(shape))
		permutations(len(shape), func(axes []int) {
			from, permuted, strides := broadcastStrides(shape, "111111"), make([]int, len(shape)), make([]int, len(shape))
			for k, a := range axes {
				permuted[k], strides[k] = shape[a], from[a]
			}
			var want []int32
			index(permuted, func(i []int) { want = append(want, x[offset(i, strides)]) })
			y := make([]int32, len(x))
			kernel.Transpose(y, x, shape, axes)
			if !slices.Equal(y, want) {
				t.Fatalf("%v by %v: got %v, want %v", shape, axes, y, want)
			}
		})
	}
}

func TestTransposePanics(t *testing.T) {
	x := make([]float32, 6)
	mustPanic(t, "kernel: transpose: y has 5 elements, want 6", func() {
		kernel.Transpose(x[:5], x, []int{2, 3}, []int{1, 0})
	})
	mustPanic(t, "kernel: transpose: shape has 2 axes, permutation has 1", func() {
		kernel.Transpose(x, x, []int{2, 3}, []int{0})
	})
	mustPanic(t, "kernel: transpose: axes [0 0]", func() { kernel.Transpose(x, x, []int{2, 3}, []int{0, 0}) })
}

func BenchmarkTranspose(b *testing.B) {
	for _, c := range []struct{ shape, axes []int }{
		{[]int{1024, 1024}, []int{1, 0}}, {[]int{8, 256, 6, 64}, []int{0, 2, 1, 3}},
	} {
		b.Run(fmt.Sprint(c.shape, c.axes), func(b *testing.B) {
			x := randoms[float32](product(c.shape), 1)
			y := make([]float32, len(x))
			b.ReportAllocs()
			for b.Loop() {
				kernel.Transpose(y, x, c.shape, c.axes)
			}
			b.ReportMetric(8*float64(len(x))*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
		})
	}
}
