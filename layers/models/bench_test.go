package models_test

import (
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// BenchmarkTrainStep is forward, backward, clipping and AdamW on random tokens. Its MB are what the Program holds and the moments of
// AdamW, without the garbage of building it.
func BenchmarkTrainStep(b *testing.B) {
	for _, c := range []struct {
		name         string
		batch, steps int
		m            models.GPT
	}{
		{"char", 12, 64, models.GPT{Vocab: 65, Context: 64, Layers: 4, Heads: 4, Dim: 128}},
		{"baby", 8, 256, models.GPT{Vocab: 65, Context: 256, Layers: 6, Heads: 6, Dim: 384}},
		{"gpt2", 4, 64, models.GPT{Vocab: 50257, Context: 1024, Layers: 12, Heads: 12, Dim: 768}},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := build(b, graph.NewParams(tensor.Float32, 1), graph.Train, c.m.Loss(c.batch, c.steps))
			feed, optimize := windows(c.m, c.batch, c.steps), adamW(1e-3, 0.1)
			step := func() {
				run(b, p, feed)
				if err := optimize(p.ValueGrads()); err != nil {
					b.Fatal(err)
				}
			}
			step() // makes the moments
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(c.batch*c.steps*b.N)/b.Elapsed().Seconds(), "tokens/s")
			b.ReportMetric(float64(p.Memory().Total()+2*p.Memory().Params)/1e6, "MB")
		})
	}
}
