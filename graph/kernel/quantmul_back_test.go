package kernel_test

import (
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// TestPackedBack compares products of every format with plain Go on the unpacked weights: one block of rows, several, and a remainder. With
// Accumulate the product is added.
func TestPackedBack(t *testing.T) {
	const k = 512
	for _, q := range allFormats {
		for _, m := range []int{1, 3, 20} {
			for _, n := range []int{1, 67, 300} {
				w := kernel.Pack(q, n, k, kernel.Matrix[float32]{Data: randoms[float32](n*k, 1), Stride: k})
				g := kernel.PackedBack{M: m, A: randoms[float32](m*n, 2), W: w, C: randoms[float32](m*k, 3)}
				g.Accumulate = n == 67
				before := append([]float32{}, g.C...)
				g.Run()
				x := values(w)
				for i := range m {
					for j := range k {
						want, total := 0.0, 0.0
						if g.Accumulate {
							want = float64(before[i*k+j])
							total = math.Abs(want)
						}
						for r := range n {
							y := float64(g.A[i*n+r]) * x[r*k+j]
							want, total = want+y, total+math.Abs(y)
						}
						if got, tol := float64(g.C[i*k+j]), 64*unit*total; !(math.Abs(got-want) <= tol) {
							t.Fatalf("%v %d×%d: element (%d, %d) is %g, want %g ± %g", q, m, n, i, j, got, want, tol)
						}
					}
				}
			}
		}
	}
}
