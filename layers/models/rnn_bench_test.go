package models_test

import (
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
)

// BenchmarkRNNStep times forward, backward, clipping to a norm of 1 and AdamW on random tokens: 32 windows of 128 tokens, one
// layer of 256 channels.
func BenchmarkRNNStep(b *testing.B) {
	const batch, steps = 32, 128
	for name, lstm := range map[string]bool{"gru": false, "lstm": true} {
		b.Run(name, func(b *testing.B) {
			m := models.RNN{LSTM: lstm, Vocab: 65, Context: steps, Layers: 1, Dim: 256}
			p := build(b, graph.NewParams(tensor.Float32, 1), graph.Train, m.Loss(batch, steps))
			feed := graph.Feed{"tokens": tokens(1, m.Vocab, batch, steps), "targets": tokens(2, m.Vocab, batch, steps)}
			optimize := clipped(&train.AdamW{WeightDecay: 0.1}, 1e-3)
			step := func() {
				run(b, p, feed)
				if err := optimize(p.ValueGrads()); err != nil {
					b.Fatal(err)
				}
			}
			step() // allocates the moments
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(batch*steps*b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
