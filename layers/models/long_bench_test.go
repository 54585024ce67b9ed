package models_test

import (
	"fmt"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// BenchmarkLongContext runs forward and backward of a small Llama over one long window: all tokens see each other, or the last 1,024
// (a sliding window), or those of their document (documents of 1,024 tokens, packed). Memory grows with the tokens, not with their
// square, and hidden tiles of the attention take no time.
func BenchmarkLongContext(b *testing.B) {
	const near = 1024
	for _, t := range []int{2048, 4096, 8192, 16384} {
		small := models.Llama{Family: "mistral", Vocab: 256, Context: t, Layers: 4, Heads: 4, Dim: 256}
		sliding := small
		sliding.SlidingWindow = near
		for _, c := range []struct {
			name    string
			declare func(*graph.Scope)
		}{
			{"whole", small.Loss(1, t)}, {"window", sliding.Loss(1, t)}, {"packed", small.PackedLoss(1, t)},
		} {
			b.Run(fmt.Sprintf("%s/T=%d", c.name, t), func(b *testing.B) {
				p := build(b, graph.NewParams(tensor.Float32, 1), graph.Train, c.declare)
				feed := graph.Feed{"tokens": tokens(1, 256, 1, t), "targets": tokens(2, 256, 1, t)}
				if c.name == "packed" {
					feed["positions"], feed["starts"] = documents(t, near)
				}
				run(b, p, feed)
				for b.Loop() {
					run(b, p, feed)
				}
				b.ReportMetric(float64(t*b.N)/b.Elapsed().Seconds(), "tokens/s")
				b.ReportMetric(float64(p.Memory().Arena)/float64(t), "B/token")
			})
		}
	}
}

// documents returns the positions of the tokens in their documents of n tokens, and the first token of each document.
func documents(t, n int) (positions, starts *tensor.Dense) {
	at, first := make([]int32, t), make([]int32, t)
	for i := range t {
		at[i], first[i] = int32(i%n), int32(i-i%n)
	}
	return tensor.New(tensor.WithShape(1, t), tensor.WithBacking(at)), tensor.New(tensor.WithShape(1, t), tensor.WithBacking(first))
}
