package models_test

import (
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
)

// BenchmarkViTStep times a training step of the model of examples/vision on a batch of 128 pictures.
func BenchmarkViTStep(b *testing.B) {
	m := models.ViT{
		Size: 28, Patch: 4, Channels: 1, Layers: 6, Heads: 4, Dim: 64, Hidden: 128, Dropout: 0.1,
		Labels: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
	}
	p := build(b, graph.NewParams(tensor.Float32, 1), graph.Train, m.Loss(128, m.Size))
	feed := graph.Feed{"pixels": pixels(tensor.Float32, 128, 1, 28, 28), "targets": tokens(2, 10, 128)}
	optimize := clipped(&train.AdamW{WeightDecay: 1e-3}, 5e-4)
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
	b.ReportMetric(float64(128*b.N)/b.Elapsed().Seconds(), "pictures/s")
}
