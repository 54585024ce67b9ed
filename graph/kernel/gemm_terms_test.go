package kernel_test

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// TestGemmTerms: products of ones count their depth exactly, so no way to cut a deep product loses or repeats a term. The heights are
// thin, few and many rows; the depths end in, at and past each cut, up to parts that are cut again. The greatest depth, whose parts are cut
// many times, has one height of each kind.
func TestGemmTerms(t *testing.T) {
	ones := make([]float32, 1<<20*20)
	for i := range ones {
		ones[i] = 1
	}
	levels(t, func(t *testing.T) {
		for _, m := range []int{1, 4, 16, 17, 20} {
			for _, n := range []int{2, 9} {
				for _, k := range []int{1 << 12, 1<<14 + 1, 1<<17 + 3, 1 << 20} {
					if k == 1<<20 && (n > 2 || m == 16 || m == 20) && !sweep.All() || n*k > len(ones) {
						continue
					}
					for i, trans := range []bool{false, true} {
						g := kernel.Gemm[float32]{M: m, N: n, K: k, C: make([]float32, m*n), StrideC: n}
						g.A = kernel.Matrix[float32]{Data: ones, Stride: []int{k, m}[i], Trans: trans}
						g.B = kernel.Matrix[float32]{Data: ones, Stride: n}
						g.Run()
						for j, got := range g.C {
							if got != float32(k) {
								t.Fatalf("%d by %d, depth %d, A transposed %t: sum %d has %v terms", m, n, k, trans, j, got)
							}
						}
					}
				}
			}
		}
	})
}
