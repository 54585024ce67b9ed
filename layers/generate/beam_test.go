package generate_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// scoreTolerance bounds the difference of scores with and without a cache: the bound of logits, for each of some tokens.
const scoreTolerance = 10 * cacheTolerance

// logProbabilities returns the logarithms of the softmax.
func logProbabilities(logits []float32) []float64 {
	sum := 0.0
	for _, l := range logits {
		sum += math.Exp(float64(l))
	}
	p := make([]float64, len(logits))
	for i, l := range logits {
		p[i] = float64(l) - math.Log(sum)
	}
	return p
}

func byScore(a, b generate.Hypothesis) int { return cmp.Compare(b.Score, a.Score) }

// enumerate returns every continuation of up to n tokens with its log-probability: all that end with stop, and all of n tokens.
func enumerate(t *testing.T, w whole, prompt []int32, n int, o generate.BeamOptions) []generate.Hypothesis {
	var all []generate.Hypothesis
	var walk func(tokens []int32, score float64)
	walk = func(tokens []int32, score float64) {
		if len(tokens) == n {
			all = append(all, generate.Hypothesis{Tokens: tokens, Score: score / math.Pow(float64(n), o.LengthPenalty)})
			return
		}
		for id, p := range logProbabilities(w.next(t, slices.Concat(prompt, tokens))) {
			if slices.Contains(o.Stop, int32(id)) {
				length := float64(len(tokens) + 1)
				all = append(all, generate.Hypothesis{Tokens: tokens, Score: (score + p) / math.Pow(length, o.LengthPenalty)})
			} else {
				walk(append(slices.Clone(tokens), int32(id)), score+p)
			}
		}
	}
	walk(nil, 0)
	slices.SortFunc(all, byScore)
	return all
}

func compareHypotheses(t *testing.T, got, want []generate.Hypothesis) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d results, want %d:\n got %v\nwant %v", len(got), len(want), got, want)
	}
	for i := range got {
		if !slices.Equal(got[i].Tokens, want[i].Tokens) || !(math.Abs(got[i].Score-want[i].Score) <= scoreTolerance) {
			t.Errorf("result %d: got %v, want %v", i, got[i], want[i])
		}
	}
}

// TestBeamEqualsEnumeration: a beam that is wide enough for all continuations finds them all, best first.
func TestBeamEqualsEnumeration(t *testing.T) {
	m := models.GPT{Vocab: 3, Context: 6, Layers: 1, Heads: 2, Dim: 8, InitStd: 0.5}
	params, prompt := newParams(), []int32{1, 2, 0}
	w, d := newWhole(t, params, m), decoder(t, params, m, 31) // 1+2+4+8 continuations that stop, 16 that do not
	for _, penalty := range []float64{0, 0.6, 1, 2, -1} {
		for _, stop := range []int32{0, 2} {
			for _, tokens := range []int{1, 3, 4, 0} { // the window has room for 4
				o := generate.BeamOptions{Tokens: tokens, Stop: []int32{stop}, LengthPenalty: penalty}
				t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
					got, err := generate.Beam(d, prompt, o)
					if err != nil {
						t.Fatal(err)
					}
					n := tokens
					if n == 0 {
						n = 4
					}
					compareHypotheses(t, got, enumerate(t, w, prompt, n, o))
				})
			}
		}
	}
}

// naiveBeam is naiveSearch with logits from whole sequences.
func naiveBeam(t *testing.T, w whole, prompt []int32, n, width int, o generate.BeamOptions) []generate.Hypothesis {
	t.Helper()
	next := func(prompt, generated []int32) []float64 {
		return logProbabilities(w.next(t, slices.Concat(prompt, generated)))
	}
	return naiveSearch(next, prompt, n, width, o)
}

// naiveSearch is beam search as in Hugging Face's BeamSearchScorer. It examines the 2·width best continuations, or more with several
// stop tokens. Continuations that stop among the first width are results, and the first width others become beams. The search ends
// when the worst of width results is at least as good as the best beam would be if it ended now.
func naiveSearch(next func(prompt, generated []int32) []float64, prompt []int32, n, width int, o generate.BeamOptions) []generate.Hypothesis {
	type state struct {
		tokens []int32
		score  float64
	}
	live, results := []state{{}}, []generate.Hypothesis(nil)
	add := func(tokens []int32, score float64, length int) {
		results = append(results, generate.Hypothesis{Tokens: tokens, Score: score / math.Pow(float64(length), o.LengthPenalty)})
		slices.SortStableFunc(results, byScore)
		results = results[:min(len(results), width)]
	}
	for length := 1; length <= n; length++ {
		var all []state
		for _, s := range live {
			for id, p := range next(prompt, s.tokens) {
				if p > math.Inf(-1) {
					all = append(all, state{append(slices.Clone(s.tokens), int32(id)), s.score + p})
				}
			}
		}
		slices.SortStableFunc(all, func(a, b state) int { return cmp.Compare(b.score, a.score) })
		live = nil
		for rank, s := range all[:min(len(all), max(2, 1+len(o.Stop))*width)] {
			if stops := slices.Contains(o.Stop, s.tokens[length-1]); stops && rank < width {
				add(s.tokens[:length-1], s.score, length)
			} else if !stops && len(live) < width {
				live = append(live, s)
			}
		}
		if len(live) == 0 || len(results) == width && results[width-1].Score >= live[0].score/math.Pow(float64(length), o.LengthPenalty) {
			return results
		}
	}
	for _, s := range live {
		add(s.tokens, s.score, n)
	}
	return results
}

func TestNarrowBeam(t *testing.T) {
	m := models.GPT{Vocab: 9, Context: 14, Layers: 2, Heads: 2, Dim: 8, InitStd: 0.5}
	params := newParams()
	w := newWhole(t, params, m)
	for _, width := range []int{1, 2, 3, 7} {
		d := decoder(t, params, m, width)
		for _, penalty := range []float64{0, 1, 3} {
			for stop := range int32(9) {
				o := generate.BeamOptions{Tokens: 9, Stop: []int32{stop}, LengthPenalty: penalty}
				t.Run(fmt.Sprintf("width=%d/%+v", width, o), func(t *testing.T) {
					prompt := []int32{stop, 3}
					got, err := generate.Beam(d, prompt, o)
					if err != nil {
						t.Fatal(err)
					}
					compareHypotheses(t, got, naiveBeam(t, w, prompt, 9, width, o))
				})
			}
		}
	}
}

// TestBeamOfOneIsGreedy: without a length penalty the first result that stops is the best.
func TestBeamOfOneIsGreedy(t *testing.T) {
	params := newParams()
	d := decoder(t, params, longGPT, 1)
	for stop := range int32(29) {
		prompt := []int32{stop, 5}
		want := mustCollect(t, d, prompt, generate.Options{Tokens: 20, Stop: []int32{stop}})
		got, err := generate.Beam(d, prompt, generate.BeamOptions{Tokens: 20, Stop: []int32{stop}})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || !slices.Equal(got[0].Tokens, want) {
			t.Errorf("stop %d: got %v, want %v", stop, got, want)
		}
	}
}

func TestBeamErrors(t *testing.T) {
	m := longGPT
	m.Context = 5
	d := decoder(t, newParams(), m, 2)
	for _, c := range []struct {
		prompt []int32
		o      generate.BeamOptions
		want   []string
	}{
		{make([]int32, 6), generate.BeamOptions{}, []string{"6 tokens", "window is 5"}},
		{nil, generate.BeamOptions{}, []string{"empty"}},
		{[]int32{1}, generate.BeamOptions{Tokens: -1}, []string{"-1 tokens"}},
		{[]int32{1}, generate.BeamOptions{LengthPenalty: math.NaN()}, []string{"length penalty NaN"}},
		{[]int32{1}, generate.BeamOptions{LengthPenalty: math.Inf(-1)}, []string{"length penalty -Inf"}},
		{[]int32{29}, generate.BeamOptions{}, []string{"29"}},
	} {
		_, err := generate.Beam(d, c.prompt, c.o)
		wantError(t, err, c.want...)
	}
}

// TestBeamWithoutStop: no token ends a result, so all results have the maximum length.
func TestBeamWithoutStop(t *testing.T) {
	d := decoder(t, newParams(), longGPT, 4)
	for prompt := range int32(29) {
		got, err := generate.Beam(d, []int32{prompt}, generate.BeamOptions{Tokens: 7})
		if err != nil || len(got) != 4 {
			t.Fatalf("got %v and error %v, want 4 results", got, err)
		}
		for _, h := range got {
			if len(h.Tokens) != 7 {
				t.Errorf("after %d: got %v, want 7 tokens", prompt, h.Tokens)
			}
		}
	}
}
