package models_test

import (
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// TestTrainMemory bounds the planned memory of a training step in bytes for each token, so that it cannot grow unseen. With few tokens, the
// gradients' memory holds all values of gpt2 but the queries, keys and values of the first block, whose gradients are written last:
// 3·768 numbers of four bytes. With many, each token needs 65 kB a block.
func TestTrainMemory(t *testing.T) {
	for _, c := range []struct {
		name                string
		m                   interface{ Loss(b, t int) func(*graph.Scope) }
		batch, steps        int
		arena, accumulating int // bytes a token
	}{
		{"gpt2", gpt2GPT, 4, 64, 3*768*4 + 100, 800_000},
		{"gpt2, long", gpt2GPT, 4, 1024, 540_000, 122_000},
		{"baby", babyGPT, 8, 256, 140_000, 21_000},
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

// BenchmarkLimitMemory runs training steps with half the memory of intermediate values, in turn with steps without a limit. of-unlimited is
// the median ratio of their times.
func BenchmarkLimitMemory(b *testing.B) {
	for _, c := range []struct {
		name         string
		batch, steps int
		m            interface {
			Loss(b, t int) func(*graph.Scope)
		}
	}{
		{"char", 12, 64, charGPT},
		{"baby", 8, 256, babyGPT},
		{"gpt2", 4, 512, gpt2GPT},
	} {
		_ = c
	}
}
