package kernel_test

import "testing"

// gemmShapes are the products of one training step of the models in PERFORMANCE.md, (tokens, out, in), and one product
// of decoding.
var gemmShapes = []struct {
	name    string
	m, n, k int
}{
	{"char/qkv", 768, 384, 128}, {"char/proj", 768, 128, 128}, {"char/fc", 768, 512, 128}, {"char/out", 768, 128, 512},
	{"char/head", 768, 65, 128},
	{"baby/qkv", 2048, 1152, 384}, {"baby/proj", 2048, 384, 384}, {"baby/fc", 2048, 1536, 384}, {"baby/out", 2048, 384, 1536},
	{"baby/head", 2048, 65, 384},
	{"gpt2/qkv", 256, 2304, 768}, {"gpt2/proj", 256, 768, 768}, {"gpt2/fc", 256, 3072, 768}, {"gpt2/out", 256, 768, 3072},
	{"gpt2/head", 256, 50257, 768},
	{"decode/fc", 1, 3072, 768}, {"decode/head", 1, 50257, 768},
}

// The three products of a layer y = x·Wᵀ: y, dx = dy·W and dW = dyᵀ·x.
func BenchmarkGemm(b *testing.B) {
	for _, s := range gemmShapes {
		benchmarkGemm(b, s.name+"/forward", gemmCase{m: s.m, n: s.n, k: s.k, transB: true})
		benchmarkGemm(b, s.name+"/dX", gemmCase{m: s.m, n: s.k, k: s.n})
		benchmarkGemm(b, s.name+"/dW", gemmCase{m: s.n, n: s.k, k: s.m, transA: true})
	}
}

func benchmarkGemm(b *testing.B, name string, c gemmCase) {
	b.Run(name, func(b *testing.B) {
		g := newGemm[float32](c)
		b.ReportAllocs()
		for b.Loop() {
			g.Run()
		}
		work := 2 * float64(c.m) * float64(c.n) * float64(c.k) * float64(b.N)
		b.ReportMetric(work/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	})
}
