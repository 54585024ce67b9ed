package kernel_test

import (
	"fmt"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// BenchmarkPackedGemm multiplies rows with a matrix of 64 MB in float32, which no cache holds. Gweights/s counts weights, GB/s their bytes.
func BenchmarkPackedGemm(b *testing.B) {
	const n, k = 20480, 768
	for _, m := range []int{1, 8, 192} {
		a, c := randoms[float32](m*k, 1), make([]float32, m*n)
		w := randoms[float32](n*k, 2)
		report := func(b *testing.B, bytes int) {
			b.ReportMetric(float64(n*k*b.N)/b.Elapsed().Seconds()/1e9, "Gweights/s")
			b.ReportMetric(float64(bytes*b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
		}
		b.Run(fmt.Sprintf("F32/%d", m), func(b *testing.B) {
			g := kernel.Gemm[float32]{
				M: m, N: n, K: k, A: kernel.Matrix[float32]{Data: a, Stride: k}, B: kernel.Matrix[float32]{Data: w, Stride: k, Trans: true}, C: c, StrideC: n,
			}
			for b.Loop() {
				g.Run()
			}
			report(b, 4*n*k)
		})
		for _, q := range []kernel.Quant{kernel.BF16, kernel.Q8_0, kernel.Q4_0} {
			g := kernel.PackedGemm{M: m, A: a, C: c, W: kernel.Pack(q, n, k, kernel.Matrix[float32]{Data: w, Stride: k})}
			b.Run(fmt.Sprintf("%v/%d", q, m), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					g.Run()
				}
				report(b, len(g.W.Data))
			})
		}
	}
}
