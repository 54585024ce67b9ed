package kernel_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// fewRowsShapes lists columns and depths of products: odd ones, and those that are split along the depth or in parts.
var fewRowsShapes = [][2]int{{1, 1}, {7, 5}, {16, 32}, {33, 64}, {67, 96}, {300, 257}, {512, 512}, {70, 4200}, {300, 768}}

// TestFewRowsGemm: every row of a product of up to FewRows rows has the bits of the product of this row alone.
func TestFewRowsGemm(t *testing.T) {
	fewRowsGemm[float32](t)
	fewRowsGemm[float64](t)
}

func fewRowsGemm[T kernel.Float](t *testing.T) {
	atEveryLevel(func(level string) {
		for _, shape := range fewRowsShapes {
			n, k := shape[0], shape[1]
			if level == "plain" && n*k > 1<<19 {
				continue // the assembly's way to split is the same
			}
			a, w, bias := randoms[T](kernel.FewRows*k, 1), randoms[T](n*k, 2), randoms[T](n, 3)
			for _, trans := range []bool{false, true} {
				b := kernel.Matrix[T]{Data: w, Stride: n}
				if trans {
					b = kernel.Matrix[T]{Data: w, Stride: k, Trans: true}
				}
				multiply := func(a []T) []T {
					m := len(a) / k
					g := kernel.Gemm[T]{M: m, N: n, K: k, A: kernel.Matrix[T]{Data: a, Stride: k}, B: b, C: make([]T, m*n), StrideC: n, Bias: bias, Act: kernel.GELUTanh}
					g.Run()
					return g.C
				}
				alone(t, fmt.Sprintf("%s %T %d×%d trans %v", level, a[0], n, k, trans), a, k, multiply)
			}
		}
	})
}

// TestFewRowsPacked is TestFewRowsGemm for weights in few bits.
func TestFewRowsPacked(t *testing.T) {
	atEveryLevel(func(level string) {
		for _, q := range allFormats {
			for _, shape := range [][2]int{{1, 256}, {67, 256}, {70, 768}, {300, 512}} {
				n, k := shape[0], shape[1]
				one := packedCase(q, kernel.FewRows, n, k)
				alone(t, fmt.Sprintf("%s %v %d×%d", level, q, n, k), one.A, k, func(a []float32) []float32 {
					g := kernel.PackedGemm{M: len(a) / k, A: a, W: one.W, C: make([]float32, len(a)/k*n)}
					g.Run()
					return g.C
				})
			}
		}
	})
}

// alone compares the rows of products of 2 … FewRows rows of a with the product of each row alone.
func alone[T kernel.Float](t *testing.T, name string, a []T, k int, multiply func(a []T) []T) {
	t.Helper()
	var want []T
	for i := range kernel.FewRows {
		want = append(want, multiply(a[i*k:][:k])...)
	}
	for m := 2; m <= kernel.FewRows; m++ {
		for i, v := range multiply(a[:m*k]) {
			if math.Float64bits(float64(v)) != math.Float64bits(float64(want[i])) {
				t.Errorf("%s: element %d of %d rows is %v, of the row alone %v", name, i, m, v, want[i])
				break
			}
		}
	}
}

// atEveryLevel calls f for plain Go and for each instruction set of the processor.
func atEveryLevel(f func(level string)) {
	names := map[int]string{kernel.Plain: "plain", kernel.Narrow: "narrow", kernel.Wide: "wide"}
	for level := kernel.Plain; level <= kernel.Wide; level++ {
		old := kernel.Accelerate(level)
		f(names[level])
		kernel.Accelerate(old)
	}
}
