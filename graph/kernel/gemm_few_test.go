package kernel_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// TestFewRowsSums: products of 5 to 17 rows have the same bits with the kernels of few rows as panel by panel, with every
// instruction set.
func TestFewRowsSums(t *testing.T) {
	const k = 400 // the last part of the depth is no multiple of the unit
	for m := 5; m <= 17; m++ {
		for _, n := range []int{335, 336, 600} {
			for _, trans := range []bool{false, true} {
				results := map[string][]float32{}
				atEveryLevel(func(level string) {
					if level == "plain" {
						return // its sums have another order
					}
					a, b := kernel.Matrix[float32]{Data: randoms[float32](m*k, 1), Stride: k}, randoms[float32](n*k, 2)
					if trans {
						a.Stride, a.Trans = m, true
					}
					for name, panels := range map[string]bool{level: false, level + " panels": true} {
						old := kernel.PanelsOnly(panels)
						g := kernel.Gemm[float32]{
							M: m, N: n, K: k, A: a, B: kernel.Matrix[float32]{Data: b, Stride: n}, C: randoms[float32](m*(n+3), 3), StrideC: n + 3,
							Alpha: 0.3, Accumulate: true, Bias: randoms[float32](n, 4),
						}
						g.Run()
						kernel.PanelsOnly(old)
						results[name] = g.C
					}
				})
				want, name := results["narrow panels"], fmt.Sprintf("%d×%d trans %v", m, n, trans)
				for level, got := range results {
					if !slices.Equal(got, want) {
						t.Errorf("%s, %s: other bits than panels with AVX2", name, level)
					}
				}
			}
		}
	}
}
