package models_test

import (
	"fmt"
	"testing"
	"time"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// BenchmarkScale runs forward and backward of a GPT while one of its sizes grows. GFLOP/s shows whether the cost of a token stays in
// proportion to its floating-point operations; build-ms is the time to declare, differentiate and plan the Program.
func BenchmarkScale(b *testing.B) {
	base := models.GPT{Vocab: 1024, Context: 128, Layers: 4, Heads: 4, Dim: 256}
	const batch = 8
	for _, n := range []int{2, 12, 48, 96} {
		m := base
		m.Layers = n
		benchScale(b, fmt.Sprintf("layers=%d", n), m, batch)
	}
	for _, n := range []int{128, 512, 1024, 2048} {
		m := base
		m.Layers, m.Heads, m.Dim = 2, n/64, n
		benchScale(b, fmt.Sprintf("dim=%d", n), m, batch)
	}
	for _, n := range []int{64, 512, 2048, 8192} {
		m := base
		m.Context = n
		benchScale(b, fmt.Sprintf("T=%d", n), m, max(1, 1024/n))
	}
	for _, n := range []int{1 << 10, 16 << 10, 64 << 10, 256 << 10} {
		m := base
		m.Layers, m.Vocab = 2, n
		benchScale(b, fmt.Sprintf("vocab=%d", n), m, 2)
	}
	for _, n := range []int{1, 4, 16, 64} {
		benchScale(b, fmt.Sprintf("batch=%d", n), base, n)
	}
}

func benchScale(b *testing.B, name string, m models.GPT, batch int) {
	b.Run(name, func(b *testing.B) {
		params := graph.NewParams(tensor.Float32, 1)
		work, err := graph.Estimate(params, graph.Train, m.Loss(batch, m.Context))
		if err != nil {
			b.Fatal(err)
		}
		build(b, params, graph.Train, m.Loss(batch, m.Context)) // draws the weights
		begin := time.Now()
		p := build(b, params, graph.Train, m.Loss(batch, m.Context))
		planned := time.Since(begin)
		feed := windows(m, batch, m.Context)
		run(b, p, feed)
		for b.Loop() {
			run(b, p, feed)
		}
		b.ReportMetric(float64(work.Forward+work.Backward)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		b.ReportMetric(planned.Seconds()*1e3, "build-ms")
	})
}
