package kernel_test

import (
	"fmt"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/turns"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// BenchmarkPackedGemm multiplies rows with a matrix of 64 MB in float32, which no cache holds, in turn with Gemm on the float32. of-F32 is the
// ratio of the times.
func BenchmarkPackedGemm(b *testing.B) {
	const n, k = 20480, 768
	w := randoms[float32](n*k, 2)
	for _, m := range []int{1, 4, 8, 16, 192} {
		a, c := randoms[float32](m*k, 1), make([]float32, m*n)
		plain := kernel.Gemm[float32]{
			M: m, N: n, K: k, A: kernel.Matrix[float32]{Data: a, Stride: k}, B: kernel.Matrix[float32]{Data: w, Stride: k, Trans: true}, C: c, StrideC: n,
		}
		for _, q := range []kernel.Quant{kernel.BF16, kernel.Q8_0, kernel.Q4_0, kernel.Q5_0, kernel.Q5_1, kernel.Q4_K, kernel.Q5_K, kernel.Q6_K} {
			g := kernel.PackedGemm{M: m, A: a, C: c, W: kernel.Pack(q, n, k, kernel.Matrix[float32]{Data: w, Stride: k})}
			b.Run(fmt.Sprintf("%v/%d", q, m), func(b *testing.B) {
				var s turns.Turns
				for b.Loop() {
					s.Run(plain.Run, g.Run)
				}
				s.Report(b, 1, "of-F32")
				b.ReportMetric(float64(len(g.W.Data))/s.Shortest(1).Seconds()/1e9, "GB/s")
				b.ReportMetric(n*k/s.Shortest(1).Seconds()/1e9, "Gweights/s")
			})
		}
	}
}
