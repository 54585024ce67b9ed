package generate_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// naiveRules applies the definitions of Hugging Face's logits processors and of OpenAI's penalties, token by token.
func naiveRules(scores []float64, prompt, generated []int32, o generate.Options) []float64 {
	text := slices.Concat(prompt, generated)
	out := slices.Clone(scores)
	for id := range out {
		token := int32(id)
		out[id] += float64(o.Bias[token])
		if o.RepetitionPenalty != 0 && slices.Contains(text, token) {
			if out[id] < 0 {
				out[id] *= o.RepetitionPenalty
			} else {
				out[id] /= o.RepetitionPenalty
			}
		}
		count := 0
		for _, g := range generated {
			if g == token {
				count++
			}
		}
		out[id] -= float64(count) * o.FrequencyPenalty
		if count > 0 {
			out[id] -= o.PresencePenalty
		}
		if n := o.NoRepeat; n > 0 && len(text) >= n {
			gram := append(slices.Clone(text[len(text)-n+1:]), token)
			for i := range len(text) - n + 1 {
				if slices.Equal(text[i:i+n], gram) {
					out[id] = math.Inf(-1)
				}
			}
		}
		if len(generated) < o.MinTokens && slices.Contains(o.Stop, token) {
			out[id] = math.Inf(-1)
		}
	}
	return out
}

var rules = map[string]generate.Options{
	"bias":           {Bias: map[int32]float32{3: 2, 4: -1, 5: -inf, 0: 0}},
	"repetition":     {RepetitionPenalty: 1.5},
	"reward":         {RepetitionPenalty: 0.7},
	"frequency":      {FrequencyPenalty: 0.8},
	"presence":       {PresencePenalty: 0.5},
	"more often":     {PresencePenalty: -0.5, FrequencyPenalty: -0.2},
	"no token twice": {NoRepeat: 1},
	"no pair twice":  {NoRepeat: 2},
	"no four twice":  {NoRepeat: 4},
	"at least":       {MinTokens: 12, Stop: []int32{0, 1, 2, 3, 99}},
	"stop":           {Stop: []int32{7, 2}},
	"all": {Bias: map[int32]float32{9: 1, 1: -inf}, RepetitionPenalty: 1.2, FrequencyPenalty: 0.1, PresencePenalty: 0.2, NoRepeat: 3,
		MinTokens: 15, Stop: []int32{2, 8}},
}

// TestRules generates greedily from a model with known logits, one text at a time and in batches.
func TestRules(t *testing.T) {
	m := bigram{40, 1000}
	params := newParams()
	one, two := decoder(t, params, m, 1), decoder(t, params, m, 2)
	table := params.Value("table").Float32s()
	prompts := [][]int32{{3, 9, 3, 9, 12, 3}, {7}}
	for name, o := range rules {
		o.Tokens = 25
		t.Run(name, func(t *testing.T) {
			var want [][]int32
			for _, prompt := range prompts {
				want = append(want, greedyByRules(table, m.vocab, prompt, o))
				if got := mustCollect(t, one, prompt, o); !slices.Equal(got, want[len(want)-1]) {
					t.Errorf("%v: got %v, want %v", prompt, got, want[len(want)-1])
				}
			}
			got, err := generate.Batch(two, prompts, o)
			if err != nil || !slices.Equal(got[0], want[0]) || !slices.Equal(got[1], want[1]) {
				t.Errorf("in a batch: got %v and error %v, want %v", got, err, want)
			}
		})
	}
}

func greedyByRules(table []float32, vocab int, prompt []int32, o generate.Options) (ids []int32) {
	last := prompt[len(prompt)-1]
	for range o.Tokens {
		scores := make([]float64, vocab)
		for i, l := range table[int(last)*vocab:][:vocab] {
			scores[i] = float64(l)
		}
		scores, best := naiveRules(scores, prompt, ids, o), 0
		for i, s := range scores {
			if s > scores[best] {
				best = i
			}
		}
		last = int32(best)
		if slices.Contains(o.Stop, last) {
			return ids
		}
		ids = append(ids, last)
	}
	return ids
}

// TestRulesByHand compares four logits with results worked out on paper.
func TestRulesByHand(t *testing.T) {
	logits := []float32{4, 3, 2, -1}
	for _, c := range []struct {
		o    generate.Options
		want []int32
	}{
		{generate.Options{Bias: map[int32]float32{1: 1.5}}, []int32{1, 1, 1, 1}},
		{generate.Options{Bias: map[int32]float32{0: -inf, 1: -inf}}, []int32{2, 2, 2, 2}},
		{generate.Options{FrequencyPenalty: 0.75}, []int32{0, 0, 1, 0}},                  // 4, 3.25, 2.5 < 3, then 2.25 < 2.5
		{generate.Options{PresencePenalty: 1.5}, []int32{0, 1, 0, 0}},                    // 4, 2.5 < 3, then 2.5 > 1.5 and 2
		{generate.Options{FrequencyPenalty: 1, PresencePenalty: 1}, []int32{0, 1, 0, 2}}, // 4; 2 < 3; 2, 1, 2: the first of equals; 1, 1, 2
		{generate.Options{NoRepeat: 1}, []int32{0, 1, 2}},                                // 3 is the prompt
		{generate.Options{NoRepeat: 2}, []int32{0, 0, 1, 0}},                             // 3 0 0, not 0 0 again, 1 0
		{generate.Options{Stop: []int32{0}, MinTokens: 2}, []int32{1, 1}},
		{generate.Options{Stop: []int32{0, 1}, MinTokens: 1}, []int32{2}},
	} {
		c.o.Tokens = 4
		if c.o.NoRepeat == 1 {
			c.o.Tokens = 3
		}
		if got := mustCollect(t, always(t, logits...), []int32{3}, c.o); !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %v, want %v", c.o, got, c.want)
		}
	}
}

// TestNothingMayFollow: if every token is forbidden, each way of choosing returns an error.
func TestNothingMayFollow(t *testing.T) {
	params := newParams()
	one, two := decoder(t, params, bigram{3, 20}, 1), decoder(t, params, bigram{3, 20}, 2)
	for _, o := range []generate.Options{
		{NoRepeat: 1, Tokens: 3}, {Bias: map[int32]float32{0: -inf, 1: -inf, 2: -inf}}, {Bias: map[int32]float32{0: -inf}, Stop: []int32{1, 2}, MinTokens: 1},
	} {
		for _, temperature := range []float64{0, 1} {
			o.Temperature = temperature
			_, err := collect(one, []int32{1}, o)
			wantError(t, err, "no token may follow", "all 3")
			_, err = generate.Batch(two, [][]int32{{1}, {1}}, o)
			wantError(t, err, "no token may follow", "all 3")
		}
		if o.NoRepeat == 0 {
			_, err := generate.Beam(two, []int32{1}, generate.BeamOptions{Bias: o.Bias, Stop: o.Stop, MinTokens: o.MinTokens})
			wantError(t, err, "no token may follow the first 1", "all 3")
		}
	}
	_, err := collect(one, []int32{1}, generate.Options{Bias: map[int32]float32{3: 1}})
	wantError(t, err, "token 3", "3 tokens")
	_, err = generate.Beam(two, []int32{1}, generate.BeamOptions{Bias: map[int32]float32{4: 1}})
	wantError(t, err, "token 4", "3 tokens")
}

// TestForbiddenNeverComes: a forbidden token never comes, however unlikely the other tokens are.
func TestForbiddenNeverComes(t *testing.T) {
	d := always(t, 50, -1000, 60, -1001, 55)
	for _, o := range []generate.Options{{Temperature: 1}, {Temperature: 100, TopP: 1}, {Temperature: 1, TopK: 3, TopP: 0.99}, {Temperature: 0.001}} {
		o.Bias, o.Tokens = map[int32]float32{0: -inf, 2: -inf, 4: -inf}, 500
		for _, id := range mustCollect(t, d, []int32{0}, o) {
			if id != 1 && id != 3 {
				t.Fatalf("%+v: got token %d", o, id)
			}
		}
	}
}

// TestLogProb: LogProb is the model's own probability for any options.
func TestLogProb(t *testing.T) {
	m := bigram{40, 1000}
	params := newParams()
	one, two := decoder(t, params, m, 1), decoder(t, params, m, 2)
	table := params.Value("table").Float32s()
	for _, offset := range []float32{0, 1000, -1e5} { // steps of 2⁻⁷ at 1e5
		for i := range table {
			table[i] = float32(math.Round(float64(table[i])*16))/16 + offset
		}
		for name, o := range rules {
			o.Tokens, o.Temperature, o.TopK = 20, 1.5, 30
			var got []generate.Token
			for token, err := range generate.Scored(one, []int32{5}, o) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, token)
			}
			last := int32(5)
			for i, x := range got {
				row := make([]float32, m.vocab)
				for j := range row {
					row[j] = table[int(last)*m.vocab+j] - offset
				}
				if want := logProbabilities(row)[x.ID]; !(math.Abs(x.LogProb-want) <= 1e-6) { // a softmax in float32
					t.Errorf("%s, offset %g, token %d: got %g, want %g", name, offset, i, x.LogProb, want)
				}
				last = x.ID
			}
			both, err := generate.ScoredBatch(two, [][]int32{{5}, {6}}, o)
			if err != nil || !slices.Equal(both[0], got) {
				t.Errorf("%s: in a batch: got %v and error %v, want %v", name, both, err, got)
			}
			ids := mustCollect(t, one, []int32{5}, o)
			if !slices.EqualFunc(ids, got, func(id int32, x generate.Token) bool { return id == x.ID }) {
				t.Errorf("%s: got %v, want the tokens %v", name, got, ids)
			}
		}
		for i := range table {
			table[i] -= offset
		}
	}
}

// TestBatchSlides: texts that fill the window at different times slide in a batch as they do alone.
func TestBatchSlides(t *testing.T) {
	m := longGPT
	m.Context = 8
	params := newParams()
	prompts := [][]int32{random(1, 29, 3), random(2, 29, 8), random(3, 29, 1)}
	one, many := decoder(t, params, m, 1), decoder(t, params, m, len(prompts))
	o := generate.Options{Tokens: 30, Slide: true, Temperature: 0.5, NoRepeat: 4, MinTokens: 25, Stop: []int32{1, 2, 3, 4, 5, 6, 7}}
	got, err := generate.Batch(many, prompts, o)
	if err != nil {
		t.Fatal(err)
	}
	for b, prompt := range prompts {
		o.Seed = uint64(b)
		if want := mustCollect(t, one, prompt, o); !slices.Equal(got[b], want) {
			t.Errorf("sequence %d: got %v, want %v", b, got[b], want)
		}
	}
}

// TestWindowBeforeMinTokens: a full window before MinTokens is an error.
func TestWindowBeforeMinTokens(t *testing.T) {
	m := longGPT
	m.Context = 5
	_, err := collect(decoder(t, newParams(), m, 1), []int32{1, 2}, generate.Options{MinTokens: 20})
	wantError(t, err, "window of 5")
}

// TestBeamRules compares with naiveSearch over whole sequences and with the definitions of the rules.
func TestBeamRules(t *testing.T) {
	m := models.GPT{Vocab: 10, Context: 20, Layers: 1, Heads: 2, Dim: 8, InitStd: 0.5}
	params := newParams()
	d, w := decoder(t, params, m, 4), newWhole(t, params, m)
	for name, o := range rules {
		if o.FrequencyPenalty != 0 || o.PresencePenalty != 0 || o.NoRepeat == 1 {
			o.FrequencyPenalty, o.PresencePenalty, o.NoRepeat = 0, 0, 3
		}
		b := generate.BeamOptions{
			Tokens: 16, MinTokens: o.MinTokens, Stop: o.Stop, Bias: o.Bias, RepetitionPenalty: o.RepetitionPenalty, NoRepeat: o.NoRepeat, LengthPenalty: 0.5,
		}
		t.Run(fmt.Sprintf("%s/%+v", name, b), func(t *testing.T) {
			got, err := generate.Beam(d, []int32{3, 4}, b)
			if err != nil {
				t.Fatal(err)
			}
			next := func(prompt, generated []int32) []float64 {
				return naiveRules(logProbabilities(w.next(t, slices.Concat(prompt, generated))), prompt, generated, o)
			}
			compareHypotheses(t, got, naiveSearch(next, []int32{3, 4}, 16, 4, b))
		})
	}
}

// TestExtremes: options at the ends of their ranges choose a token or return an error, and do not panic.
func TestExtremes(t *testing.T) {
	logits := [][]float32{{1, -2, 3}, {math.MaxFloat32, -math.MaxFloat32, 0}, {-inf, 1, -inf}, {-inf, -inf, -inf}, make([]float32, 3000)}
	for _, l := range logits {
		d := always(t, l...)
		for _, o := range []generate.Options{
			{RepetitionPenalty: math.SmallestNonzeroFloat64}, {RepetitionPenalty: math.MaxFloat64}, {FrequencyPenalty: -math.MaxFloat64},
			{FrequencyPenalty: math.MaxFloat64}, {PresencePenalty: math.MaxFloat64}, {PresencePenalty: -math.MaxFloat64}, {NoRepeat: math.MaxInt},
			{Bias: map[int32]float32{0: math.MaxFloat32, 1: -math.MaxFloat32}}, {TopK: math.MaxInt}, {TopP: math.SmallestNonzeroFloat64},
			{MinP: math.SmallestNonzeroFloat64}, {MinP: 1, TopP: 1}, {Seed: math.MaxUint64},
		} {
			for _, o.Temperature = range []float64{0, math.SmallestNonzeroFloat64, 1, math.MaxFloat64} {
				o.Tokens = 5
				got, err := collect(d, []int32{0, 1, 2}, o)
				if all := l[1] == -inf; (err != nil) != all || !all && len(got) != 5 {
					t.Errorf("%v, %+v: got %v and error %v", l[:3], o, got, err)
				}
				for _, id := range got {
					if l[id] == -inf {
						t.Errorf("%v, %+v: got token %d, whose logit is -Inf", l[:3], o, id)
					}
				}
			}
		}
		_, err := generate.Beam(d, []int32{0}, generate.BeamOptions{Tokens: 3, RepetitionPenalty: math.MaxFloat64})
		if (err != nil) != (l[1] == -inf) {
			t.Errorf("%v: beam: got error %v", l[:3], err)
		}
	}
}
