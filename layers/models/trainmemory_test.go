package models_test

import (
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/turns"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// TestTrainMemory bounds the planned memory of a training step in bytes for each token, so that it cannot grow unseen. With few tokens, the
// gradients' memory holds all values of gpt2 but the queries, keys and values of the first block, whose gradients are written last:
// 3·768 numbers of four bytes. With many, the arena holds most values.
func TestTrainMemory(t *testing.T) {
	for _, c := range []struct {
		name                string
		m                   models.GPT
		batch, steps        int
		arena, accumulating int // bytes a token
	}{
		{"gpt2", gpt2GPT, 4, 64, 3*768*4 + 100, 799_000},
		{"gpt2, long", gpt2GPT, 4, 1024, 545_000, 79_000},
		{"baby", babyGPT, 8, 256, 140_000, 18_000},
	} {
		e, err := graph.Estimate(graph.NewParams(tensor.Float32, 1), graph.Train, c.m.Loss(c.batch, c.steps))
		if err != nil {
			t.Fatal(err)
		}
		tokens := c.batch * c.steps
		if got := e.Memory.Arena / tokens; got > c.arena {
			t.Errorf("%s: the arena takes %d bytes a token, want at most %d", c.name, got, c.arena)
		}
		if got := e.Memory.Accumulate / tokens; got > c.accumulating {
			t.Errorf("%s: runs that add to the gradients take %d bytes a token more, want at most %d", c.name, got, c.accumulating)
		}
		t.Logf("%s: arena %d, accumulate %d, live %d bytes a token", c.name, e.Memory.Arena/tokens, e.Memory.Accumulate/tokens, e.Memory.Live/tokens)
	}
}

// BenchmarkLimitMemory runs training steps whose arena is limited to half, in turn with steps without a limit. of-unlimited is the median
// ratio of their times, arena that of their arenas. The batches have so many tokens that the gradients' memory holds few of the values.
func BenchmarkLimitMemory(b *testing.B) {
	for _, c := range []struct {
		name         string
		batch, steps int
		m            models.GPT
	}{
		{"char", 12, 64, charGPT},
		{"baby", 8, 256, babyGPT},
		{"gpt2", 4, 512, gpt2GPT},
	} {
		b.Run(c.name, func(b *testing.B) {
			params, feed := graph.NewParams(tensor.Float32, 1), windows(c.m, c.batch, c.steps)
			whole := build(b, params, graph.Train, c.m.Loss(c.batch, c.steps))
			limit := whole.Memory().Total() - whole.Memory().Arena/2
			half := build(b, params, graph.Train, func(s *graph.Scope) { s.LimitMemory(limit); c.m.Loss(c.batch, c.steps)(s) })
			steps := []func(){func() { run(b, whole, feed) }, func() { run(b, half, feed) }}
			new(turns.Turns).Run(steps...) // the first runs touch the memory
			var s turns.Turns
			for b.Loop() {
				s.Run(steps...)
			}
			s.Report(b, 1, "of-unlimited")
			b.ReportMetric(float64(half.Memory().Arena)/float64(whole.Memory().Arena), "arena")
		})
	}
}
