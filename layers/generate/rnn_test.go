package generate_test

import (
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// longRNNs have a window of more than two chunks, and weights large enough to tell tokens apart.
var longRNNs = map[string]models.RNN{
	"GRU":  {Vocab: 29, Context: 150, Layers: 2, Dim: 16, InitStd: 1},
	"LSTM": {LSTM: true, Vocab: 29, Context: 150, Layers: 2, Dim: 16, InitStd: 1},
}

// wholeRNN computes the logits after each of the tokens without a cache.
func wholeRNN(t testing.TB, params *graph.Params, m models.RNN, tokens []int32) [][]float32 {
	t.Helper()
	p := build(t, params, graph.Eval, m.Logits(1, len(tokens)))
	run(t, p, graph.Feed{"tokens": graphtest.Ints(tokens, 1, len(tokens))})
	return slices.Collect(slices.Chunk(p.Output("logits").Float32s(), m.Vocab))
}

// TestRecurrentBatch: a recurrent state must not see padding, nor a token twice. Sequences of a batch get different numbers of
// tokens, including none, in turns of one token and of several chunks.
func TestRecurrentBatch(t *testing.T) {
	for name, m := range longRNNs {
		t.Run(name, func(t *testing.T) {
			params := newParams()
			const b = 3
			d := decoder(t, params, m, b)
			var texts [b][]int32
			var want [b][][]float32
			for i := range b {
				texts[i] = random(uint64(i), m.Vocab, m.Context)
				want[i] = wholeRNN(t, params, m, texts[i])
			}
			for _, turns := range [][][b]int{
				{{5, 64, 1}, {1, 1, 1}, {0, 1, 1}, {0, 0, 1}, {1, 0, 70}, {0, 0, 0}, {66, 3, 0}, {1, 1, 1}},
				{{130, 2, 65}, {1, 1, 1}, {19, 0, 1}, {0, 140, 0}, {0, 1, 64}},
				{{87, 1, 1}, {5, 2, 62}, {1, 1, 1}}, // a chunk would end after the window
			} {
				d.Reset()
				var at [b]int
				for _, n := range turns {
					next := make([][]int32, b)
					for i := range b {
						next[i] = texts[i][at[i]:][:n[i]]
						at[i] += n[i]
					}
					logits, err := d.Append(next)
					if err != nil {
						t.Fatal(err)
					}
					for i := range b {
						if diff := distance(logits[i], want[i][at[i]-1]); !(diff <= cacheTolerance) {
							t.Errorf("turn %v of %v: sequence %d differs by %g, want at most %g", n, turns, i, diff, cacheTolerance)
						}
					}
				}
			}
		})
	}
}

// TestRecurrentReorder: each sequence continues the state of its parent, as in beam search.
func TestRecurrentReorder(t *testing.T) {
	for name, m := range longRNNs {
		t.Run(name, func(t *testing.T) {
			params := newParams()
			d := decoder(t, params, m, 3)
			prompts := [][]int32{random(1, m.Vocab, 5), random(2, m.Vocab, 70), random(3, m.Vocab, 2)}
			if _, err := d.Append(prompts); err != nil {
				t.Fatal(err)
			}
			parents := []int{1, 2, 1}
			if err := d.Reorder(parents); err != nil {
				t.Fatal(err)
			}
			next := [][]int32{{7}, {8}, {9, 10}}
			logits, err := d.Append(next)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range parents {
				text := slices.Concat(prompts[p], next[i])
				want := wholeRNN(t, params, m, text)
				if diff := distance(logits[i], want[len(text)-1]); !(diff <= cacheTolerance) {
					t.Errorf("sequence %d after parent %d differs by %g, want at most %g", i, p, diff, cacheTolerance)
				}
			}
		})
	}
}

// TestRecurrentText: greedy texts of a batch of prompts of different lengths are those of whole sequences, and so is a text that
// slides past its window.
func TestRecurrentText(t *testing.T) {
	for name, m := range longRNNs {
		t.Run(name, func(t *testing.T) {
			params := newParams()
			prompts := [][]int32{random(4, m.Vocab, 3), random(5, m.Vocab, 90), random(6, m.Vocab, 65), {1}}
			got, err := generate.Batch(decoder(t, params, m, len(prompts)), prompts, generate.Options{Tokens: 12})
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range prompts {
				if want := greedyRNN(t, params, m, p, 12); !slices.Equal(got[i], want) {
					t.Errorf("prompt %d: got %v, want %v", i, got[i], want)
				}
			}
			m.Context = 8
			slid := mustCollect(t, decoder(t, params, m, 1), prompts[0], generate.Options{Tokens: 12, Slide: true})
			if want := greedyRNN(t, params, m, prompts[0], 12); !slices.Equal(slid, want) {
				t.Errorf("past a window of 8: got %v, want %v", slid, want)
			}
		})
	}
}

// greedyRNN returns the greedy continuation of n tokens, computed from the whole window at each step. A full window starts again
// from its second half.
func greedyRNN(t testing.TB, params *graph.Params, m models.RNN, prompt []int32, n int) (text []int32) {
	t.Helper()
	window := slices.Clone(prompt)
	for range n {
		rows := wholeRNN(t, params, m, window)
		id := argmax(rows[len(window)-1])
		text, window = append(text, id), append(window, id)
		if len(window) > m.Context {
			window = window[len(window)-m.Context/2:]
		}
	}
	return text
}
