package generate_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// smallT5 has targets longer than a chunk, and distances beyond every bucket.
var smallT5 = models.T5{
	Vocab: 7, EncoderLayers: 2, DecoderLayers: 2, Heads: 2, HeadDim: 3, Dim: 8, Hidden: 9, Buckets: 6, MaxDistance: 20, InitFactor: 1.5,
	Source: 6, Target: 70, PAD: []int32{0}, BOS: []int32{0}, EOS: []int32{1},
}

// wholeT5 returns the logits of a target after each of its tokens, without caches.
func wholeT5(t *testing.T, params *graph.Params, m models.T5, source, target []int32) [][]float32 {
	t.Helper()
	n, ignored := len(target), make([]int32, len(target))
	p := build(t, params, graph.Eval, m.Loss(1, len(source), n))
	run(t, p, graph.Feed{
		"source": graphtest.Ints(source, 1, len(source)), "source_lengths": graphtest.Ints([]int32{int32(len(source))}, 1),
		"tokens": graphtest.Ints(target, 1, n), "lengths": graphtest.Ints([]int32{int32(n)}, 1), "targets": graphtest.Ints(ignored, 1, n),
	})
	return slices.Collect(slices.Chunk(slices.Clone(p.Output("logits").Float32s()), m.Vocab))
}

// TestT5CacheEqualsWhole: prompts of one token and of several, over sources of different lengths.
func TestT5CacheEqualsWhole(t *testing.T) {
	for _, feedForward := range []string{"relu", "gated-gelu"} {
		m, params := smallT5, newParams()
		m.FeedForward, m.Untied = feedForward, feedForward != "relu"
		sources := [][]int32{random(1, 7, 6), random(2, 7, 1), random(3, 7, 4)}
		targets := [][]int32{random(4, 7, 70), random(5, 7, 70), random(6, 7, 70)}
		d := decoder(t, params, m, 3)
		for _, prompt := range []int{1, 5, 66} {
			if err := d.SetSources(sources); err != nil {
				t.Fatal(err)
			}
			for n := prompt; n <= 70; n++ {
				next := make([][]int32, 3)
				for b := range next {
					next[b] = targets[b][d.Len(b):n]
				}
				logits, err := d.Append(next)
				if err != nil {
					t.Fatal(err)
				}
				for b := range logits {
					if n != prompt && n != 70 && n != 40 { // the whole model is slow
						continue
					}
					if diff := distance(logits[b], wholeT5(t, params, m, sources[b], targets[b])[n-1]); !(diff <= cacheTolerance) {
						t.Fatalf("%s: sequence %d, position %d differs by %g, want at most %g", feedForward, b, n-1, diff, cacheTolerance)
					}
				}
			}
		}
	}
}

// TestT5Greedy: every token has the largest logit of the whole model, and the text ends before EOS.
func TestT5Greedy(t *testing.T) {
	m, params := smallT5, newParams()
	d := decoder(t, params, m, 1)
	for key := range uint64(4) {
		source := random(key+1, 7, 5)
		if err := d.SetSources([][]int32{source}); err != nil {
			t.Fatal(err)
		}
		got := mustCollect(t, d, m.BOS, generate.Options{Tokens: 20, Stop: m.EOS})
		text := append(slices.Clone(m.BOS), got...)
		for i, logits := range wholeT5(t, params, m, source, text) {
			best := int32(slices.Index(logits, slices.Max(logits)))
			switch {
			case i < len(got) && got[i] != best:
				t.Errorf("source %v: token %d is %d, want %d", source, i, got[i], best)
			case i == len(got) && len(got) < 20 && best != m.EOS[0]:
				t.Errorf("source %v: the text ends after %d tokens, want %d next", source, i, best)
			}
		}
	}
}

// TestT5Beam: as many beams as tokens find the best of all texts of two tokens.
func TestT5Beam(t *testing.T) {
	m, params, source := smallT5, newParams(), []int32{3, 4, 2}
	d := decoder(t, params, m, m.Vocab)
	if err := d.SetSources(slices.Repeat([][]int32{source}, m.Vocab)); err != nil {
		t.Fatal(err)
	}
	found, err := generate.Beam(d, m.BOS, generate.BeamOptions{Tokens: 2})
	if err != nil {
		t.Fatal(err)
	}
	var want []int32
	best := math.Inf(-1)
	for a := range int32(m.Vocab) {
		rows := wholeT5(t, params, m, source, []int32{m.BOS[0], a})
		for b := range int32(m.Vocab) {
			if p := logProbability(rows[0], a) + logProbability(rows[1], b); p > best {
				best, want = p, []int32{a, b}
			}
		}
	}
	if got := found[0]; !slices.Equal(got.Tokens, want) || math.Abs(got.Score-best) > 1e-5 { // float32 logits
		t.Errorf("got %v with score %g, want %v with %g", got.Tokens, got.Score, want, best)
	}
}

// logProbability returns the logarithm of the softmax of logits at id.
func logProbability(logits []float32, id int32) float64 {
	sum := 0.0
	for _, z := range logits {
		sum += math.Exp(float64(z))
	}
	return float64(logits[id]) - math.Log(sum)
}
