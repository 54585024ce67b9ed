package generate_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/layers/generate"
)

var inf = float32(math.Inf(1))

// someLogits have close and distant values, a tie, and one token with a logit of -Inf.
var someLogits = []float32{0.5, 2, -1, 1.9, -inf, 0.5, 3, -4, 1, 2.5}

// probabilities computes the probability of each token by definition, with sets of ids instead of sorted candidates.
func probabilities(logits []float32, history []int32, o generate.Options) []float64 {
	p, order := make([]float64, len(logits)), make([]int, len(logits))
	for i, l := range logits {
		p[i], order[i] = float64(l), i
		if r := o.RepetitionPenalty; r != 0 && slices.Contains(history, int32(i)) {
			if p[i] > 0 {
				p[i] /= r
			} else {
				p[i] *= r
			}
		}
		p[i] = math.Exp(p[i] / o.Temperature)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
	keep := func(wanted func(rank int, before float64) bool) {
		sum, before := 0.0, 0.0
		for rank, i := range order {
			v := p[i]
			if !wanted(rank, before) {
				p[i] = 0
			}
			before += v
			sum += p[i]
		}
		for i := range p {
			p[i] /= sum
		}
	}
	keep(func(rank int, _ float64) bool { return o.TopK == 0 || rank < o.TopK })
	keep(func(_ int, before float64) bool { return o.TopP == 0 || before < o.TopP })
	top := p[order[0]]
	keep(func(rank int, _ float64) bool { return p[order[rank]] >= o.MinP*top })
	return p
}

// checkFrequencies compares counts of draws with their probabilities by Pearson's chi-square test.
func checkFrequencies(t *testing.T, counts []int, p []float64) {
	t.Helper()
	n, chi, classes := 0, 0.0, 0
	for _, c := range counts {
		n += c
	}
	for id, c := range counts {
		if p[id] == 0 {
			if c > 0 {
				t.Errorf("token %d: got %d draws, want none", id, c)
			}
			continue
		}
		d := float64(c) - float64(n)*p[id]
		chi += d * d / (float64(n) * p[id])
		classes++
	}
	if classes == 1 {
		return
	}
	// One correct sampler in a thousand would exceed this; the seed is fixed.
	if most := (distuv.ChiSquared{K: float64(classes - 1)}).Quantile(0.999); chi > most {
		t.Errorf("chi-square is %.1f over %d tokens, want at most %.1f\n got %v of %d\nwant %.4f", chi, classes, most, counts, n, p)
	}
}

func TestFrequencies(t *testing.T) {
	draws := 20000
	if !sweep.All() {
		draws = 5000
	}
	d := always(t, someLogits...)
	for i, o := range []generate.Options{
		{Temperature: 1},
		{Temperature: 0.5},
		{Temperature: 3},
		{Temperature: 1, TopK: 1},
		{Temperature: 1, TopK: 4},
		{Temperature: 1, TopK: 7}, // splits the tie
		{Temperature: 1, TopK: 99},
		{Temperature: 1, TopP: 0.01},
		{Temperature: 1, TopP: 0.6},
		{Temperature: 2, TopP: 0.95},
		{Temperature: 1, TopP: 1},
		{Temperature: 1, MinP: 0.2},
		{Temperature: 1, MinP: 1},
		{Temperature: 1.5, TopK: 6, TopP: 0.8, MinP: 0.3},
	} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			o.Tokens, o.Seed = draws, uint64(i)
			counts := make([]int, len(someLogits))
			for _, id := range mustCollect(t, d, []int32{0}, o) {
				counts[id]++
			}
			checkFrequencies(t, counts, probabilities(someLogits, nil, o))
		})
	}
}

// TestTiesStay: each filter keeps both of two equally likely best tokens.
func TestTiesStay(t *testing.T) {
	logits := []float32{2, 1, 2, 1}
	d := always(t, logits...)
	for _, o := range []generate.Options{{Temperature: 1, MinP: 1}, {Temperature: 1, TopK: 2}, {Temperature: 1, TopP: 0.7}} {
		o.Tokens = 1000
		counts := make([]int, len(logits))
		for _, id := range mustCollect(t, d, []int32{0}, o) {
			counts[id]++
		}
		checkFrequencies(t, counts, []float64{0.5, 0, 0.5, 0})
	}
}

// TestPenalizedFrequencies draws one token with each of many seeds, so that the history stays the same.
func TestPenalizedFrequencies(t *testing.T) {
	const draws = 5000
	d, prompt := always(t, someLogits...), []int32{6, 2, 6, 4}
	for _, o := range []generate.Options{
		{Temperature: 1, RepetitionPenalty: 1},
		{Temperature: 1, RepetitionPenalty: 2},
		{Temperature: 1, RepetitionPenalty: 0.5},
		{Temperature: 0.7, RepetitionPenalty: 1.3, TopK: 5},
	} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			o.Tokens = 1
			counts := make([]int, len(someLogits))
			for seed := range draws {
				o.Seed = uint64(seed)
				counts[mustCollect(t, d, prompt, o)[0]]++
			}
			checkFrequencies(t, counts, probabilities(someLogits, prompt, o))
		})
	}
}

// TestGreedy: without temperature the most likely token is chosen, the first of equal ones. The penalty changes the choice.
func TestGreedy(t *testing.T) {
	for _, c := range []struct {
		logits []float32
		o      generate.Options
		want   []int32
	}{
		{someLogits, generate.Options{}, []int32{6, 6, 6, 6}},
		{someLogits, generate.Options{TopK: 2, TopP: 0.5, MinP: 0.1}, []int32{6, 6, 6, 6}},
		{[]float32{1, 2, 0, 2}, generate.Options{}, []int32{1, 1, 1, 1}},
		{[]float32{1, 2, 0, 2}, generate.Options{Temperature: 1, TopK: 1}, []int32{1, 1, 1, 1}},
		{[]float32{1, 8, -1, 6}, generate.Options{RepetitionPenalty: 2}, []int32{1, 3, 1, 1}},    // 8, then 4 < 6, then 4 > 3
		{[]float32{-3, -1, -2, -4}, generate.Options{RepetitionPenalty: 3}, []int32{1, 2, 1, 1}}, // −1, then −3 < −2, then −3 > −6; token 0 is in the prompt
	} {
		c.o.Tokens = 4
		if got := mustCollect(t, always(t, c.logits...), []int32{0}, c.o); !slices.Equal(got, c.want) {
			t.Errorf("%v, %+v: got %v, want %v", c.logits, c.o, got, c.want)
		}
	}
}

func TestSeedDeterminesText(t *testing.T) {
	params := newParams()
	d, other := decoder(t, params, longGPT, 1), decoder(t, params, longGPT, 1)
	o := generate.Options{Tokens: 40, Temperature: 1, Seed: 7}
	first := mustCollect(t, d, []int32{1, 2}, o)
	for name, again := range map[string]*generate.Decoder{"the same decoder": d, "another decoder": other} {
		if got := mustCollect(t, again, []int32{1, 2}, o); !slices.Equal(got, first) {
			t.Errorf("%s: got %v, want %v", name, got, first)
		}
	}
	o.Seed++
	if got := mustCollect(t, d, []int32{1, 2}, o); slices.Equal(got, first) {
		t.Errorf("two seeds give the same text %v", got)
	}
}

func TestOptionsCheck(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		o    generate.Options
		want string
	}{
		{generate.Options{Tokens: -1}, "-1 tokens"},
		{generate.Options{Temperature: -0.5}, "temperature -0.5"},
		{generate.Options{Temperature: nan}, "temperature NaN"},
		{generate.Options{Temperature: math.Inf(1)}, "temperature +Inf"},
		{generate.Options{RepetitionPenalty: math.Inf(1)}, "repetition penalty +Inf"},
		{generate.Options{TopK: -3}, "top-k -3"},
		{generate.Options{TopP: 1.5}, "top-p 1.5"},
		{generate.Options{TopP: -0.5}, "top-p -0.5"},
		{generate.Options{TopP: nan}, "top-p NaN"},
		{generate.Options{MinP: 2}, "min-p 2"},
		{generate.Options{MinP: nan}, "min-p NaN"},
		{generate.Options{RepetitionPenalty: -1}, "repetition penalty -1"},
		{generate.Options{RepetitionPenalty: nan}, "repetition penalty NaN"},
		{generate.Options{FrequencyPenalty: nan}, "frequency penalty NaN"},
		{generate.Options{PresencePenalty: math.Inf(-1)}, "presence penalty -Inf"},
		{generate.Options{NoRepeat: -1}, "no-repeat length -1"},
		{generate.Options{MinTokens: -1}, "minimum of -1 tokens"},
		{generate.Options{MinTokens: 3, Tokens: 2}, "minimum of 3 tokens exceeds the maximum of 2"},
		{generate.Options{Stop: []int32{3, -1}}, "stop token -1"},
		{generate.Options{Bias: map[int32]float32{-1: 2}}, "bias 2 of token -1"},
		{generate.Options{Bias: map[int32]float32{1: float32(nan)}}, "bias NaN of token 1"},
		{generate.Options{Bias: map[int32]float32{1: inf}}, "bias +Inf of token 1"},
	} {
		wantError(t, c.o.Check(), "generate: "+c.want)
		_, err := collect(always(t, 1, 2), []int32{0}, c.o)
		wantError(t, err, c.want)
		_, err = generate.Batch(always(t, 1, 2), [][]int32{{0}}, c.o)
		wantError(t, err, c.want)
	}
	if err := (generate.Options{Tokens: 3, Temperature: 2, TopK: 5, TopP: 1, MinP: 1, RepetitionPenalty: 1.2, Seed: 3}).Check(); err != nil {
		t.Error(err)
	}
}
