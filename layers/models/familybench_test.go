package models_test

import (
	"testing"
	"time"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// BenchmarkFamilies times training steps of models with about as many weights as a GPT, in turns with this GPT. of-GPT is the time of
// their fastest step divided by the GPT's.
func BenchmarkFamilies(b *testing.B) {
	const batch, steps = 4, 256
	g := models.GPT{Vocab: 65, Context: 256, Layers: 2, Heads: 4, Dim: 256}
	llama := models.Llama{Vocab: g.Vocab, Context: g.Context, Layers: g.Layers, Heads: g.Heads, Dim: g.Dim}
	grouped := llama
	grouped.KVHeads = 2
	cases := map[string]models.LanguageModel{"llama": llama, "llama-grouped": grouped}
	for _, positions := range []string{"none", "rope", "alibi", "t5", "shaw"} {
		m := g
		m.Positions = positions
		cases[positions] = m
	}
	for name, m := range cases {
		b.Run(name, func(b *testing.B) {
			feed := windows(g, batch, steps)
			fastest := func(p *graph.Program, best time.Duration) time.Duration {
				start := time.Now()
				run(b, p, feed)
				return min(best, time.Since(start))
			}
			reference := build(b, graph.NewParams(tensor.Float32, 1), graph.Train, g.Loss(batch, steps))
			p := build(b, graph.NewParams(tensor.Float32, 1), graph.Train, m.Loss(batch, steps))
			run(b, reference, feed)
			run(b, p, feed)
			was, is := time.Hour, time.Hour
			for b.Loop() {
				was, is = fastest(reference, was), fastest(p, is)
			}
			b.ReportMetric(is.Seconds()/was.Seconds(), "of-GPT")
			b.ReportMetric(batch*steps/is.Seconds(), "tokens/s")
			b.ReportMetric(float64(p.Params().Size())/1e6, "Mweights")
		})
	}
}
