package models_test

import (
	"fmt"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// BenchmarkEvaluate computes the loss in mode Eval with batches of several sizes: an evaluation may use the batch of the training if
// small batches are as fast as large ones.
func BenchmarkEvaluate(b *testing.B) {
	for _, c := range []struct {
		name    string
		steps   int
		m       models.GPT
		batches []int
	}{
		{"char", 64, charGPT, []int{1, 4, 12, 64}},
		{"baby", 256, babyGPT, []int{1, 4, 8, 16}},
		{"gpt2", 64, gpt2GPT, []int{1, 4, 16}},
	} {
		for _, batch := range c.batches {
			b.Run(fmt.Sprintf("%s/batch=%d", c.name, batch), func(b *testing.B) {
				p := build(b, graph.NewParams(tensor.Float32, 1), graph.Eval, c.m.Loss(batch, c.steps))
				feed := windows(c.m, batch, c.steps)
				run(b, p, feed)
				for b.Loop() {
					run(b, p, feed)
				}
				b.ReportMetric(float64(batch*c.steps*b.N)/b.Elapsed().Seconds(), "tokens/s")
				b.ReportMetric(float64(p.Memory().Arena)/1e6, "MB")
			})
		}
	}
}
