package generate_test

import (
	"testing"
	"time"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// BenchmarkPrompts reads prompts of different lengths and generates some tokens after each.
func BenchmarkPrompts(b *testing.B) {
	m := models.GPT{Vocab: 5000, Context: 512, Layers: 6, Heads: 6, Dim: 384, InitStd: 0.05}
	various := make([]int, 32)
	for i := range various {
		various[i] = 5 + int(kernel.Seed{Key: 1}.Uint32(uint64(i))%396)
	}
	for _, c := range []struct {
		name    string
		lengths []int
	}{
		{"5 to 400", various}, {"400", []int{400}}, {"5", []int{5}}, {"8 of 5", []int{5, 5, 5, 5, 5, 5, 5, 5}},
	} {
		b.Run(c.name, func(b *testing.B) {
			prompts, read := make([][]int32, len(c.lengths)), 0
			for i, n := range c.lengths {
				prompts[i] = random(uint64(i), m.Vocab, n)
				read += n
			}
			const tokens = 64
			var reading time.Duration
			d := decoder(b, newParams(), m, len(prompts))
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				d.Reset()
				if _, err := d.Append(prompts); err != nil {
					b.Fatal(err)
				}
				reading += time.Since(start)
				if _, err := generate.Batch(d, prompts, generate.Options{Tokens: tokens}); err != nil {
					b.Fatal(err)
				}
			}
			total := (b.Elapsed() - reading).Seconds() // Batch reads the prompts, too
			steps := (b.Elapsed() - 2*reading).Seconds() * 1000
			b.ReportMetric(float64(b.N*read)/reading.Seconds(), "prompt-tokens/s")
			b.ReportMetric(float64(b.N*(read+tokens*len(prompts)))/total, "tokens/s")
			b.ReportMetric(steps/float64(b.N*(tokens-1)), "ms/step")
		})
	}
}
