package generate_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// causalModels lists a model of every family and for every way to know the order of tokens, except Shaw's. One is large enough for products
// that are split along their depth.
func causalModels() map[string]models.LanguageModel {
	all := map[string]models.LanguageModel{
		"gru":  models.RNN{Vocab: 29, Context: 40, Layers: 2, Dim: 24, InitStd: 0.3},
		"lstm": models.RNN{LSTM: true, Vocab: 29, Context: 40, Layers: 1, Dim: 33, InitStd: 0.3},
		"deep": models.GPT{Vocab: 301, Context: 40, Layers: 1, Heads: 4, Dim: 256, InitStd: 0.1},
	}
	for _, positions := range []string{"learned", "sinusoidal", "none", "rope", "alibi", "t5"} {
		all["gpt2 "+positions] = models.GPT{Vocab: 29, Context: 40, Layers: 2, Heads: 4, Dim: 32, InitStd: 0.3, Positions: positions}
	}
	for _, family := range []string{"mpt", "bloom"} {
		all[family] = models.GPT{Family: family, Vocab: 29, Context: 40, Layers: 2, Heads: 2, Dim: 32, InitStd: 0.3, NoBias: family == "mpt"}
	}
	for _, family := range []string{"llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3_text"} {
		m := models.Llama{Family: family, Vocab: 29, Context: 40, Layers: 2, Heads: 8, KVHeads: 2, Dim: 128, Hidden: 64, InitStd: 0.1}
		if family != "llama" {
			m.SlidingWindow = 6
		}
		if family == "gemma2" {
			m.AttnSoftcap, m.FinalSoftcap = 50, 30
		}
		all[family] = m
	}
	return all
}

// readBy returns the logits after each token, read t at a time, by Verify, or by Decode if t is 1.
func readBy(t *testing.T, params *graph.Params, m models.LanguageModel, format kernel.Quant, tokens []int32, step int) (all [][]float32) {
	t.Helper()
	declare := m.Verify(1, step)
	if step == 1 {
		declare = m.Decode(1, 1)
	}
	p := build(t, params, graph.Decode, func(s *graph.Scope) { declare(s.Caching(format)) })
	for past := 0; past+step <= len(tokens); past += step {
		positions := make([]int32, step)
		for i := range positions {
			positions[i] = int32(past + i)
		}
		feed := graph.Feed{"tokens": graphtest.Ints(tokens[past:past+step], 1, step), "past": graphtest.Ints([]int32{int32(past)}, 1), "positions": graphtest.Ints(positions, 1, step)}
		if step == 1 {
			feed["last"] = graphtest.Ints([]int32{0}, 1)
		}
		run(t, p, feed)
		logits := p.Output("logits")
		for i := range step {
			v := logits.Shape()[1]
			all = append(all, slices.Clone(logits.Float32s()[i*v:][:v]))
		}
	}
	return all
}

// TestVerifyBits: several tokens in one pass have the logits of one token at a time, bit for bit, for every family, format of the weights and
// format of the caches.
func TestVerifyBits(t *testing.T) {
	for name, m := range causalModels() {
		t.Run(name, func(t *testing.T) {
			params := newParams()
			build(t, params, graph.Decode, m.Decode(1, 1))
			_, some := sampled()[name]
			for _, q := range []kernel.Quant{0, kernel.BF16, kernel.Q8_0, kernel.Q4_0, kernel.Q5_1} {
				if q != 0 && !some {
					continue
				}
				weights := params
				if q != 0 {
					var err error
					if weights, err = graph.Pack(params, q, graph.Decode, m.Decode(1, 1)); err != nil {
						t.Fatal(err)
					}
				}
				sameBits(t, weights, m, 0, fmt.Sprintf("weights in %v", q))
			}
			if _, recurrent := m.(models.RNN); !recurrent {
				if some {
					sameBits(t, params, m, kernel.BF16, "caches in BF16")
				}
				sameBits(t, params, m, kernel.Q8_0, "caches in Q8_0")
			}
		})
	}
}

func sameBits(t *testing.T, params *graph.Params, m models.LanguageModel, format kernel.Quant, name string) {
	t.Helper()
	tokens := random(5, 29, 24)
	want := readBy(t, params, m, format, tokens, 1)
	for step := 2; step <= generate.MaxSpeculate+1; step++ {
		for i, got := range readBy(t, params, m, format, tokens, step) {
			for id, v := range got {
				if math.Float32bits(v) != math.Float32bits(want[i][id]) {
					t.Fatalf("%s: %d tokens at a time: logit %d after token %d is %v, one at a time %v", name, step, id, i, v, want[i][id])
				}
			}
		}
	}
}

// sampled returns the models, or without SWEEPS=all a few of them.
func sampled() map[string]models.LanguageModel {
	all := causalModels()
	if !sweep.All() {
		maps.DeleteFunc(all, func(name string, _ models.LanguageModel) bool {
			return !slices.Contains([]string{"gru", "gpt2 learned", "gpt2 alibi", "mistral", "deep"}, name)
		})
	}
	return all
}

// TestSpeculate: the text, its scores and its end are the same with and without reading ahead, for greedy choice and sampling, in a window
// that slides. Greedy texts of these models repeat themselves, so they take fewer passes.
func TestSpeculate(t *testing.T) {
	fewer := 0
	for name, m := range sampled() {
		params := newParams()
		d := decoder(t, params, m, 1)
		prompt := append(random(7, 29, 6), random(7, 29, 6)...)
		for i, o := range []generate.Options{
			{Tokens: 28}, {Tokens: 90, Slide: true}, {Tokens: 28, Temperature: 0.5, TopK: 3, Seed: 4}, {Tokens: 28, Temperature: 0.05, Seed: 1},
			{Tokens: 90, Slide: true, Temperature: 0.2, TopP: 0.9, RepetitionPenalty: 1.05, Seed: 2}, {Tokens: 28, NoRepeat: 5}, {},
		} {
			want, wantErr := scored(d, prompt, o)
			if i == 0 && len(want) > 20 {
				o.Stop = []int32{want[20].ID}
				want, wantErr = scored(d, prompt, o)
			}
			plain := d.Passes()
			scored(d, prompt, o)
			plain = d.Passes() - plain
			for o.Speculate = 1; o.Speculate <= generate.MaxSpeculate; o.Speculate++ {
				if o.Speculate == 2 && !sweep.All() {
					continue
				}
				before := d.Passes()
				got, err := scored(d, prompt, o)
				if !slices.Equal(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
					t.Errorf("%s, options %d, %d ahead: got %v (%v), want %v (%v)", name, i, o.Speculate, got, err, want, wantErr)
				}
				if n := d.Passes() - before; n > plain {
					t.Errorf("%s, options %d, %d ahead: %d passes, one token at a time %d", name, i, o.Speculate, n, plain)
				} else if 2*n < plain {
					fewer++
				}
			}
		}
	}
	if fewer == 0 {
		t.Error("no text took less than half of the passes")
	}
}

func scored(d *generate.Decoder, prompt []int32, o generate.Options) (all []generate.Token, err error) {
	for t, err := range generate.Scored(d, prompt, o) {
		if err != nil {
			return all, err
		}
		all = append(all, t)
	}
	return all, nil
}

// TestSpeculateNaN: damaged weights give the same error with and without reading ahead, after the same tokens.
func TestSpeculateNaN(t *testing.T) {
	params := newParams()
	m := models.GPT{Vocab: 29, Context: 40, Layers: 1, Heads: 2, Dim: 16}
	d := decoder(t, params, m, 1)
	nan := params.Value("transformer.wpe.weight")
	if nan == nil {
		nan = params.Value("wpe.weight")
	}
	nan.Float32s()[25*16] = float32(math.NaN())
	prompt := slices.Repeat([]int32{1, 2, 3}, 7)
	want, wantErr := scored(d, prompt, generate.Options{})
	wantError(t, wantErr, "the logit of token 0 after sequence 0 is NaN")
	got, err := scored(d, prompt, generate.Options{Speculate: 3})
	if !slices.Equal(got, want) || err == nil || err.Error() != wantErr.Error() {
		t.Errorf("got %v (%v), want %v (%v)", got, err, want, wantErr)
	}
}

func TestSpeculateErrors(t *testing.T) {
	gpt := models.GPT{Vocab: 29, Context: 40, Layers: 1, Heads: 2, Dim: 16}
	_, err := collect(decoder(t, newParams(), gpt, 1), []int32{1}, generate.Options{Speculate: 4})
	wantError(t, err, "speculate 4 tokens, want 0 … 3")
	_, err = generate.Batch(decoder(t, newParams(), gpt, 2), [][]int32{{1}, {2}}, generate.Options{Speculate: 3})
	wantError(t, err, "a decoder for 2 sequences, want 1")
	_, err = collect(decoder(t, newParams(), bigram{5, 9}, 1), []int32{1}, generate.Options{Speculate: 3})
	wantError(t, err, "bigram gives no logits after every token")
	gpt.Positions = "shaw"
	_, err = collect(decoder(t, newParams(), gpt, 1), []int32{1}, generate.Options{Speculate: 3})
	wantError(t, err, "positions shaw", "one token at a time")
}

func TestPropose(t *testing.T) {
	for _, c := range []struct {
		text []int32
		n    int
		want []int32
	}{
		{[]int32{1, 2, 3}, 3, nil},
		{[]int32{1, 2, 3, 4, 5, 1, 2}, 3, nil}, // two shared tokens are too few
		{[]int32{1, 2, 3, 4, 5, 1, 2, 3}, 3, []int32{4, 5, 1}},
		{[]int32{1, 2, 3, 4, 5, 1, 2, 3}, 1, []int32{4}},
		{[]int32{9, 1, 2, 3, 4, 8, 1, 2, 3, 5, 9, 1, 2, 3}, 2, []int32{4, 8}}, // the longest shared end, not the last
		{[]int32{1, 2, 3, 4, 8, 1, 2, 3, 5, 9, 1, 2, 3}, 2, []int32{5, 9}},    // the last of equals
		{[]int32{7, 7, 7, 7}, 3, []int32{7, 7, 7}},
		{[]int32{1, 2, 1, 2, 1}, 3, []int32{2, 1, 2}},
		{nil, 3, nil},
	} {
		if got := generate.Propose(c.text, c.n); !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.text, got, c.want)
		}
	}
}

// TestCachedFormats: caches of few bits change the logits a little, take the memory of their format, and can be reordered. RNNs, Shaw's
// positions, float64 and rows that a format does not pack are refused.
func TestCachedFormats(t *testing.T) {
	for name, m := range sampled() {
		if _, recurrent := m.(models.RNN); recurrent {
			continue
		}
		params := newParams()
		plain := decoder(t, params, m, 2)
		prompts := [][]int32{random(1, 29, 30), random(2, 29, 17)}
		want := appendAll(t, plain, prompts)
		for _, c := range []struct {
			format   kernel.Quant
			tol, mem float64
		}{{kernel.BF16, 0.02, 0.5}, {kernel.Q8_0, 0.03, 0.3}} {
			d := decoder(t, params, generate.Cached{Model: m, Format: c.format}, 2)
			got := appendAll(t, d, prompts)
			for b := range got {
				// A rounding of 2⁻⁹, or of 1/254 of a block's largest number, moves the logits by about as much of their size.
				if diff, size := distance(got[b], want[b]), distance(want[b], make([]float32, len(want[b]))); !(diff <= c.tol*size) || diff == 0 {
					t.Errorf("%s %v: the logits differ by %g of %g", name, c.format, diff, size)
				}
			}
			if have := float64(d.Memory().States) / float64(plain.Memory().States); !(have <= c.mem) {
				t.Errorf("%s %v: %g of the memory of float32, want %g", name, c.format, have, c.mem)
			}
			if err := d.Reorder([]int{1, 1}); err != nil {
				t.Fatal(err)
			}
			next := appendAll(t, d, [][]int32{{3}, {3}})
			if !slices.Equal(next[0], next[1]) {
				t.Errorf("%s %v: the copy of a sequence has other logits", name, c.format)
			}
		}
	}
}

func appendAll(t *testing.T, d *generate.Decoder, tokens [][]int32) (all [][]float32) {
	t.Helper()
	logits, err := d.Append(tokens)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range logits {
		all = append(all, slices.Clone(l))
	}
	return all
}

func TestCachedErrors(t *testing.T) {
	for words, m := range map[string]generate.Model{
		"LSTM: it has states":   models.RNN{LSTM: true, Vocab: 29, Context: 40, Layers: 1, Dim: 32},
		"Shaw's positions":      models.GPT{Vocab: 29, Context: 40, Layers: 1, Heads: 2, Dim: 32, Positions: "shaw"},
		"32 columns, not of 16": models.GPT{Vocab: 29, Context: 40, Layers: 1, Heads: 2, Dim: 16},
		"float64":               nil,
	} {
		params := newParams()
		if m == nil {
			params, m = graph.NewParams(tensor.Float64, 1), models.GPT{Vocab: 29, Context: 40, Layers: 1, Heads: 2, Dim: 32}
		}
		_, err := generate.NewDecoder(params, generate.Cached{Model: m, Format: kernel.Q8_0}, 1)
		wantError(t, err, words)
	}
}
