package generate_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/layers/generate"
)

// TestChoices: the choices sum to 1, most likely first, hold every token that is drawn, and their probabilities are the frequencies of
// many draws.
func TestChoices(t *testing.T) {
	const vocab, draws = 40, 4000
	logits := zipfian(3, vocab)
	d := always(t, logits...)
	for _, o := range []generate.Options{
		{},
		{Temperature: 1},
		{Temperature: 0.7, TopK: 5},
		{Temperature: 1.3, TopP: 0.8},
		{Temperature: 1, MinP: 0.1},
		{Temperature: 1, TopK: 10, TopP: 0.9, MinP: 0.05, Bias: map[int32]float32{3: 2, 0: float32(math.Inf(-1))}},
	} {
		choices, err := generate.Choices(logits, []int32{1}, 0, o)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, c := range choices {
			sum += c.Probability
		}
		if math.Abs(sum-1) > 1e-12 || !slices.IsSortedFunc(choices, func(a, b generate.Choice) int { return -int(math.Copysign(1, a.Probability-b.Probability)) }) {
			t.Errorf("%+v: the choices %v sum to %g, want 1, most likely first", o, choices, sum)
		}
		counts := map[int32]int{}
		for seed := range uint64(draws) {
			o.Seed, o.Tokens = seed, 1
			ids := mustCollect(t, d, []int32{1}, o)
			counts[ids[0]]++
			if o.Temperature == 0 {
				break
			}
		}
		for _, c := range choices {
			n := draws
			if o.Temperature == 0 {
				n = 1
			}
			got, want := float64(counts[c.ID])/float64(n), c.Probability
			if limit := 5*math.Sqrt(want*(1-want)/float64(n)) + 1e-9; math.Abs(got-want) > limit {
				t.Errorf("%+v: token %d is drawn with frequency %.4f, want %.4f ± %.4f", o, c.ID, got, want, limit)
			}
			delete(counts, c.ID)
		}
		if len(counts) > 0 {
			t.Errorf("%+v: drew tokens %v, which are not among the choices", o, counts)
		}
	}
}

func TestChoicesErrors(t *testing.T) {
	nan := float32(math.NaN())
	_, err := generate.Choices([]float32{1, nan}, nil, 0, generate.Options{})
	wantError(t, err, "token 1", "NaN")
	_, err = generate.Choices([]float32{1}, nil, 1, generate.Options{})
	wantError(t, err, "1 generated", "0 … 0")
	_, err = generate.Choices(nil, nil, 0, generate.Options{})
	wantError(t, err, "no logits")
	_, err = generate.Choices([]float32{1}, nil, 0, generate.Options{TopP: 2})
	wantError(t, err, "top-p")
}
