package models_test

import (
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/turns"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/train"
)

// BenchmarkLoRA compares a training step of all weights of GPT-2's size with a step of a LoRA of rank 8, in turn, on 4 windows of 64
// tokens. Steps are forward, backward, clipping to a norm of 1 and AdamW. memory is the ratio of the Programs' memory, and held of the
// memory with AdamW's state. trained is the fraction of the weights that the adapter trains. On a busy machine only cpu-time has a
// meaning: use -cpu 1.
func BenchmarkLoRA(b *testing.B) {
	for name, targets := range map[string]string{"all": "all", "attn": "attn"} {
		b.Run(name, func(b *testing.B) {
			const batch, n = 4, 64
			lora := layers.LoRA{Rank: 8, Alpha: 16, Targets: []string{targets}}
			declare := gpt2GPT.Loss(batch, n)
			full := newFineTuning(b, graph.NewParams(tensor.Float32, 1), declare)
			view, err := lora.Adapt(graph.NewParams(tensor.Float32, 1), declare)
			if err != nil {
				b.Fatal(err)
			}
			adapted := newFineTuning(b, view, declare)
			feed := windows(gpt2GPT, batch, n)
			full.step(b, feed) // allocates the moments
			adapted.step(b, feed)
			var times turns.Turns
			for b.Loop() {
				times.Run(func() { full.step(b, feed) }, func() { adapted.step(b, feed) })
			}
			times.Report(b, 1, "time")
			b.ReportMetric(float64(adapted.program.Memory().Total())/float64(full.program.Memory().Total()), "memory")
			b.ReportMetric(float64(adapted.held())/float64(full.held()), "held")
			b.ReportMetric(float64(adapted.trained())/float64(full.trained()), "trained")
		})
	}
}

// BenchmarkLoRAPacked compares a training step of a LoRA of rank 8 over a base of GPT-2's size in float32 with a step over the base in few
// bits, in turn, on 4 windows of 64 tokens. memory is the ratio of the Programs' memory with AdamW's state, and weights of their weights.
func BenchmarkLoRAPacked(b *testing.B) {
	const batch, n = 4, 64
	declare := gpt2GPT.Loss(batch, n)
	view, err := layers.LoRA{Rank: 8, Alpha: 16, Targets: []string{"all"}}.Adapt(graph.NewParams(tensor.Float32, 1), declare)
	if err != nil {
		b.Fatal(err)
	}
	plain, feed := newFineTuning(b, view, declare), windows(gpt2GPT, batch, n)
	plain.step(b, feed) // allocates the moments
	for _, q := range []kernel.Quant{kernel.BF16, kernel.Q8_0, kernel.Q4_0} {
		b.Run(q.String(), func(b *testing.B) {
			params, err := graph.Pack(view, q, graph.Train, declare)
			if err != nil {
				b.Fatal(err)
			}
			packed := newFineTuning(b, params, declare)
			packed.step(b, feed)
			var times turns.Turns
			for b.Loop() {
				times.Run(func() { plain.step(b, feed) }, func() { packed.step(b, feed) })
			}
			times.Report(b, 1, "time")
			b.ReportMetric(float64(packed.held())/float64(plain.held()), "memory")
			b.ReportMetric(float64(packed.program.Memory().Params)/float64(plain.program.Memory().Params), "weights")
			b.ReportMetric(float64(packed.held())/1e6, "MB")
		})
	}
}

// fineTuning is a Program with its optimizer.
type fineTuning struct {
	program *graph.Program
	adam    *train.AdamW
}

func newFineTuning(b *testing.B, params *graph.Params, declare func(*graph.Scope)) fineTuning {
	return fineTuning{build(b, params, graph.Train, declare), &train.AdamW{WeightDecay: 0.1}}
}

func (f fineTuning) step(b *testing.B, feed graph.Feed) {
	run(b, f.program, feed)
	if err := clipped(f.adam, 1e-3)(f.program.ValueGrads()); err != nil {
		b.Fatal(err)
	}
}

// held returns the bytes of the Program and of the optimizer.
func (f fineTuning) held() int {
	n := f.program.Memory().Total()
	for _, t := range f.adam.State() {
		n += int(t.MemSize())
	}
	return n
}

// trained returns the number of weights that are trained.
func (f fineTuning) trained() (n int) {
	for _, w := range f.program.Weights() {
		n += w.Value().Shape().TotalSize()
	}
	return n
}
