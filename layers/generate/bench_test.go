package generate_test

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/layers/models"
)

// shapes are small and published models, with a window for 200 tokens and more.
var shapes = []struct {
	name string
	m    models.GPT
}{
	{"char", models.GPT{Vocab: 65, Context: 1024, Layers: 4, Heads: 4, Dim: 128}},
	{"gpt2", models.GPT{Vocab: 50257, Context: 1024, Layers: 12, Heads: 12, Dim: 768}},
}

// BenchmarkDecode reads one token after the other, at the positions 0 to 199 over and over.
func BenchmarkDecode(b *testing.B) {
	for _, c := range shapes {
		b.Run(c.name, func(b *testing.B) {
			d := decoder(b, newParams(), c.m, 1)
			tokens := [][]int32{{0}}
			b.ReportAllocs()
			for b.Loop() {
				if d.Len(0) == 200 {
					d.Reset()
				}
				if _, err := d.Append(tokens); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

// BenchmarkPrompt reads prompts of 192 tokens.
func BenchmarkPrompt(b *testing.B) {
	for _, c := range shapes {
		b.Run(c.name, func(b *testing.B) {
			d := decoder(b, newParams(), c.m, 1)
			prompt := [][]int32{random(1, c.m.Vocab, 192)}
			b.ReportAllocs()
			for b.Loop() {
				d.Reset()
				if _, err := d.Append(prompt); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(192*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
