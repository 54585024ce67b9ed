package models_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// languageModels lists a small model of each family and each kind of positions, with weights large enough to tell tokens apart.
func languageModels() map[string]models.LanguageModel {
	all := map[string]models.LanguageModel{}
	for _, positions := range []string{"learned", "sinusoidal", "none", "rope", "alibi", "t5", "shaw"} {
		m := smallGPT
		m.Positions, m.Scale, m.Dim = positions, positions == "sinusoidal", 8
		if positions == "t5" {
			m.Scheme.T5 = layers.T5Bias{Buckets: 4, MaxDistance: 6}
		}
		if positions == "shaw" {
			m.Scheme.Shaw.Max = 2
		}
		all["GPT, "+positions] = m
	}
	mpt, bloom := smallGPT, smallGPT
	mpt.Family, mpt.NoBias, mpt.Hidden, bloom.Family = "mpt", true, 12, "bloom"
	all["MPT"], all["BLOOM"] = mpt, bloom
	for name, change := range map[string]func(*models.Llama){
		"llama":       func(m *models.Llama) { m.Untied, m.Bias, m.MLPBias, m.HeadDim, m.Dim = true, true, true, 0, 8 },
		"mistral":     func(m *models.Llama) { m.SlidingWindow = 3 },
		"qwen2":       func(m *models.Llama) { m.SlidingWindow, m.Sliding = 3, []bool{false, true} },
		"qwen3":       func(m *models.Llama) { m.KVHeads = 1 },
		"gemma2":      func(m *models.Llama) { m.SlidingWindow, m.AttnSoftcap, m.FinalSoftcap, m.QueryScalar = 3, 2, 5, 7 },
		"gemma3_text": func(m *models.Llama) { m.SlidingWindow, m.LocalTheta, m.RoPE.Theta = 3, 50, 1000 },
	} {
		m := smallLlama
		m.Family = name
		change(&m)
		all[name] = m
	}
	for _, scaling := range []layers.RoPEScaling{
		{Kind: layers.RoPELinear, Factor: 2}, {Kind: layers.RoPENTK, Factor: 2}, {Kind: layers.RoPEDynamic, Factor: 2, Original: 4},
		{Kind: layers.RoPEYaRN, Factor: 2, Original: 4}, {Kind: layers.RoPELlama3, Factor: 2, Original: 4},
		{Kind: layers.RoPELongRoPE, Factor: 2, Original: 4, Short: layers.NewFactors(1, 2), Long: layers.NewFactors(2, 3)},
	} {
		m := smallLlama
		m.RoPE.Scaling = scaling
		all["llama, "+scaling.Kind.String()] = m
	}
	return all
}

var smallLlama = models.Llama{Vocab: 13, Context: 9, Layers: 2, Heads: 2, HeadDim: 4, Dim: 6, Hidden: 5, InitStd: 0.3}

// vocabOf returns the size of a model's vocabulary.
func vocabOf(m models.LanguageModel) int {
	switch m := m.(type) {
	case models.GPT:
		return m.Vocab
	case models.Llama:
		return m.Vocab
	}
	panic(fmt.Sprintf("no vocabulary of a %T", m))
}

// TestLanguageModels: cached decoding gives the logits of the whole sequence, evaluation gives the loss of training, and a loss decreases.
func TestLanguageModels(t *testing.T) {
	for name, m := range languageModels() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, n, vocab := 2, m.Window(), vocabOf(m)
			params := graph.NewParams(tensor.Float64, 1)
			whole := build(t, params, graph.Eval, m.Logits(b, n))
			ids := tokens(1, vocab, b, n)
			run(t, whole, graph.Feed{"tokens": ids})
			for _, step := range []int{1, 2, 4, n} {
				decodesLike(t, build(t, params, graph.Decode, m.Decode(b, step)), whole.Output("logits"), ids, step)
			}
			train, eval := build(t, params, graph.Train, m.Loss(b, n)), build(t, params, graph.Eval, m.Loss(b, n))
			feed := graph.Feed{"tokens": ids, "targets": tokens(2, vocab, b, n)}
			run(t, train, feed)
			run(t, eval, feed)
			within(t, "loss in training and evaluation", train.Loss(), eval.Loss(), 1e-12)
			first, update := train.Loss(), adamW(1e-2, 0)
			for range 5 {
				run(t, train, feed)
				if err := update(train.ValueGrads()); err != nil {
					t.Fatal(err)
				}
			}
			if run(t, train, feed); !(train.Loss() < first) {
				t.Errorf("after 5 steps the loss is %g, before %g: want less", train.Loss(), first)
			}
		})
	}
}

// within fails the test unless got is at most a fraction away from want.
func within(t *testing.T, what string, got, want, fraction float64) {
	t.Helper()
	if d := got - want; !(max(d, -d) <= fraction*max(want, -want)) {
		t.Errorf("%s: got %.17g, want %.17g", what, got, want)
	}
}

// decodesLike reads ids a few at a time and compares the logits after each step with those of the whole sequence.
func decodesLike(t *testing.T, p *graph.Program, want, ids *tensor.Dense, step int) {
	t.Helper()
	b, n, vocab := ids.Shape()[0], ids.Shape()[1], want.Shape()[2]
	for past := 0; past+step <= n; past += step {
		feed := graph.Feed{
			"tokens": tokens(0, 1, b, step), "positions": tokens(0, 1, b, step), "past": lengths(slices.Repeat([]int32{int32(past)}, b)...),
			"last": lengths(make([]int32, b)...),
		}
		for i := range b {
			for j := range step {
				feed["tokens"].Int32s()[i*step+j], feed["positions"].Int32s()[i*step+j] = ids.Int32s()[i*n+past+j], int32(past+j)
			}
			feed["last"].Int32s()[i] = int32((i+1)*step - 1)
		}
		for name := range maps.Clone(feed) {
			if p.InputShape(name) == nil {
				delete(feed, name)
			}
		}
		run(t, p, feed)
		var rows []float64
		for i := range b {
			rows = append(rows, want.Float64s()[(i*n+past+step-1)*vocab:][:vocab]...)
		}
		// The sums over the keys use other tiles.
		if d := graphtest.MaxDifference(p.Output("logits"), graphtest.Dense(tensor.Float64, rows, b, vocab)); !(d <= 1e-11) {
			t.Errorf("steps of %d at %d: logits differ by %g from the whole sequence's", step, past, d)
		}
	}
}
