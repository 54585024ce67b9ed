package models_test

import (
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/turns"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// BenchmarkFamilies times training steps of models with about as many weights as a GPT, in turns with this GPT. of-GPT is the median
// ratio of their times.
func BenchmarkFamilies(b *testing.B) {
	const batch, length = 4, 256
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
			feed := windows(g, batch, length)
			reference := build(b, graph.NewParams(tensor.Float32, 1), graph.Train, g.Loss(batch, length))
			p := build(b, graph.NewParams(tensor.Float32, 1), graph.Train, m.Loss(batch, length))
			steps := []func(){func() { run(b, reference, feed) }, func() { run(b, p, feed) }}
			new(turns.Turns).Run(steps...) // the first step allocates
			var s turns.Turns
			for b.Loop() {
				s.Run(steps...)
			}
			s.Report(b, 1, "of-GPT")
			b.ReportMetric(batch*length/s.Shortest(1).Seconds(), "tokens/s")
			b.ReportMetric(float64(p.Params().Size())/1e6, "Mweights")
		})
	}
}
