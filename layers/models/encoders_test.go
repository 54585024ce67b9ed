package models_test

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// Small models, with weights large enough to tell tokens apart.
var (
	smallBERT = models.BERT{Vocab: 13, Context: 9, Layers: 2, Heads: 2, Dim: 6, Hidden: 5, Types: 5, Eps: 1e-3, InitStd: 0.3}
	smallViT  = models.ViT{
		Size: 4, Patch: 2, Channels: 2, Layers: 2, Heads: 2, Dim: 6, Hidden: 5, Eps: 1e-3, InitStd: 0.3, Labels: []string{"cat", "dog", "owl"},
	}
	smallModernBERT = models.ModernBERT{
		Vocab: 13, Context: 9, Layers: 4, Heads: 1, Dim: 6, Hidden: 5, GlobalEvery: 2, Local: 4, Theta: 1000, LocalTheta: 50, InitStd: 0.3,
	}
)

var fewLabels = []string{"bad", "good", "none"}

// textEncoders lists a small model of each family with each head.
func textEncoders() map[string]models.TextEncoder {
	all := map[string]models.TextEncoder{"BERT": smallBERT, "ModernBERT": smallModernBERT}
	for name, change := range map[string]func(*models.BERT){
		"BERT untied":        func(m *models.BERT) { m.Untied, m.Activation, m.Types = true, "silu", 1 },
		"BERT classifier":    func(m *models.BERT) { m.Head, m.Labels = "classifier", fewLabels },
		"RoBERTa":            func(m *models.BERT) { m.Family, m.Types, m.PAD = "roberta", 0, []int32{3} },
		"RoBERTa classifier": func(m *models.BERT) { m.Family, m.Types, m.Head, m.Labels = "roberta", 0, "classifier", fewLabels },
	} {
		m := smallBERT
		change(&m)
		all[name] = m
	}
	for name, change := range map[string]func(*models.ModernBERT){
		"ModernBERT options": func(m *models.ModernBERT) {
			m.AttnBias, m.MLPBias, m.NormBias, m.HeadBias, m.NoDecoderBias, m.Untied, m.Activation, m.GlobalEvery = true, true, true, true, true, true, "silu", 1
		},
		"ModernBERT classifier": func(m *models.ModernBERT) { m.Head, m.Labels = "classifier", fewLabels },
		"ModernBERT classifier of means": func(m *models.ModernBERT) {
			m.Head, m.Labels, m.Pooling, m.HeadActivation = "classifier", fewLabels, "mean", "tanh"
		},
	} {
		m := smallModernBERT
		change(&m)
		all[name] = m
	}
	return all
}

// texts returns a batch of three texts of up to t tokens for a model with a vocabulary of 13.
func texts(m models.TextEncoder, t int) graph.Feed {
	f := graph.Feed{"tokens": tokens(1, 13, 3, t), "lengths": lengths(int32(t), 2, 1), "targets": tokens(2, 13, 3, t)}
	for i := range f["targets"].Int32s() {
		if i%t >= int(f["lengths"].Int32s()[i/t]) || i%3 == 1 {
			f["targets"].Int32s()[i] = ops.IgnoreTarget
		}
	}
	if b, ok := m.(models.BERT); ok {
		if b.Types > 1 {
			f["types"] = tokens(3, b.Types, 3, t)
		}
		if b.Head == "classifier" {
			f["targets"] = lengths(2, 0, ops.IgnoreTarget)
		}
	}
	if b, ok := m.(models.ModernBERT); ok && b.Head == "classifier" {
		f["targets"] = lengths(2, 0, ops.IgnoreTarget)
	}
	return f
}

// TestTextEncoders: gradients equal central differences, evaluation gives the loss of training, Logits gives the logits of Loss, and a loss
// decreases.
func TestTextEncoders(t *testing.T) {
	for name, m := range textEncoders() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			feed := texts(m, 5)
			graphtest.Gradients(t, feed, m.Loss(3, 5))
			params := graph.NewParams(tensor.Float64, 1)
			learns(t, params, m.Loss(3, 5), feed)
			eval, logits := build(t, params, graph.Eval, m.Loss(3, 5)), build(t, params, graph.Eval, m.Logits(3, 5))
			run(t, eval, feed)
			feed = maps.Clone(feed)
			delete(feed, "targets")
			run(t, logits, feed)
			if !slices.Equal(eval.Output("logits").Float64s(), logits.Output("logits").Float64s()) {
				t.Error("the programs of Loss and Logits have different logits")
			}
		})
	}
}

// learns fails the test unless the loss of training equals the loss of evaluation and decreases in a few steps.
func learns(t *testing.T, params *graph.Params, declare func(*graph.Scope), feed graph.Feed) {
	t.Helper()
	train, eval := build(t, params, graph.Train, declare), build(t, params, graph.Eval, declare)
	run(t, train, feed)
	run(t, eval, feed)
	if train.Loss() != eval.Loss() {
		t.Errorf("got a loss of %.17g in training, %.17g in evaluation, want the same bits", train.Loss(), eval.Loss())
	}
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
}

// TestEmbeddingsOfTexts: vectors of texts do not depend on their padding, and each pooling gives its own.
func TestEmbeddingsOfTexts(t *testing.T) {
	pooled := map[string]models.TextEncoder{}
	for _, p := range []string{"mean", "cls", "pooler"} {
		b, m := smallBERT, smallModernBERT
		b.Head, b.Pooling, m.Pooling = "none", p, p
		if pooled["BERT, "+p] = b; p != "pooler" {
			pooled["ModernBERT, "+p] = m.Body()
		}
	}
	r := smallBERT
	r.Family, r.Types = "roberta", 1
	pooled["RoBERTa"] = r.Body()
	seen := map[float64]string{}
	for name, m := range pooled {
		params := graph.NewParams(tensor.Float64, 1)
		short, long := build(t, params, graph.Eval, m.Embeddings(2, 3)), build(t, params, graph.Eval, m.Embeddings(2, 5))
		feed := graph.Feed{"tokens": tokens(1, 13, 2, 3), "lengths": lengths(3, 2)}
		run(t, short, feed)
		wide := tokens(7, 13, 2, 5)
		for i, v := range feed["tokens"].Int32s() {
			wide.Int32s()[i/3*5+i%3] = v
		}
		run(t, long, graph.Feed{"tokens": wide, "lengths": feed["lengths"]})
		got, want := long.Output("embeddings"), short.Output("embeddings")
		if d := graphtest.MaxDifference(got, want); !(d < 1e-12) || !slices.Equal(want.Shape(), tensor.Shape{2, 6}) {
			t.Errorf("%s: vectors of shape %v differ by %g with more padding", name, want.Shape(), d)
		}
		first := math.Round(want.Float64s()[0] * 1e9)
		if other, ok := seen[first]; ok {
			t.Errorf("%s gives the vectors of %s", name, other)
		}
		seen[first] = name
	}
}

// TestEncodersRoundTrip writes and reads each model: nothing is lost, and the model that was read has the same weights and logits.
func TestEncodersRoundTrip(t *testing.T) {
	all := map[string]models.Model{"ViT": smallViT}
	torch, pooler := smallViT, smallBERT
	torch.Layout, torch.NoQKVBias, torch.Dropout = "torch", true, 0.1
	pooler.Head, pooler.Pooling, pooler.PAD, pooler.Dropout = "none", "pooler", []int32{4}, 0.2
	all["ViT, torch"], all["BERT, pooler"] = torch, pooler
	for name, m := range textEncoders() {
		all[name] = m
		all[name+", body"] = m.Body()
	}
	for name, m := range all {
		data, err := json.Marshal(m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		read, err := models.Parse(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := json.Marshal(read)
		if err != nil || string(again) != string(data) {
			t.Errorf("%s: %v\n got %s,\nwant %s", name, err, again, data)
		}
		if got, want := declaredBy(t, read), declaredBy(t, m); !slices.Equal(got, want) {
			t.Errorf("%s: got the parameters %v, want %v", name, got, want)
		}
	}
}

// declaredBy returns the names of a model's parameters.
func declaredBy(t *testing.T, m models.Model) (names []string) {
	t.Helper()
	params := graph.NewParams(tensor.Float32, 1)
	switch m := m.(type) {
	case models.ViT:
		build(t, params, graph.Eval, m.Logits(1, m.Size))
	case models.TextEncoder:
		if reflect.DeepEqual(m, m.Body()) {
			build(t, params, graph.Eval, m.Embeddings(1, 2))
		} else {
			build(t, params, graph.Eval, m.Logits(1, 2))
		}
	}
	for name := range params.All() {
		names = append(names, name)
	}
	return names
}

// TestViT: gradients equal central differences, evaluation gives the loss of training, and a loss decreases.
func TestViT(t *testing.T) {
	for _, layout := range []string{"vit", "torch"} {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			m := smallViT
			m.Layout = layout
			for _, b := range []int{1, 3} {
				feed := graph.Feed{"pixels": pixels(tensor.Float64, b, 2, 4, 4), "targets": tokens(2, 3, b)}
				graphtest.Gradients(t, feed, m.Loss(b, m.Size))
				learns(t, graph.NewParams(tensor.Float64, 1), m.Loss(b, m.Size), feed)
			}
		})
	}
}

// TestViTOfOtherSize: pictures of another size than the table of positions have gradients equal to central differences; pictures that do
// not divide into patches are an error.
func TestViTOfOtherSize(t *testing.T) {
	feed := graph.Feed{"pixels": pixels(tensor.Float64, 2, 2, 6, 6), "targets": tokens(2, 3, 2)}
	graphtest.Gradients(t, feed, smallViT.Loss(2, 6))
	_, err := graph.Build(graph.NewParams(tensor.Float64, 1), graph.Eval, smallViT.Logits(2, 5))
	wantError(t, err, "5×5 pixels", "2×2")
}

// TestViTAttention: the probabilities of each layer and head sum to 1 for each token, and the logits are those of the plain model.
func TestViTAttention(t *testing.T) {
	for _, layout := range []string{"vit", "torch"} {
		m := smallViT
		m.Layout = layout
		params, feed := graph.NewParams(tensor.Float64, 1), graph.Feed{"pixels": pixels(tensor.Float64, 2, 2, 4, 4)}
		plain, shown := build(t, params, graph.Eval, m.Logits(2, 4)), build(t, params, graph.Eval, m.Attention(2, 4))
		run(t, plain, feed)
		run(t, shown, feed)
		for i, want := range plain.Output("logits").Float64s() {
			if got := shown.Output("logits").Float64s()[i]; math.Abs(got-want) > 1e-12 {
				t.Errorf("%s: logit %d is %g, want %g", layout, i, got, want)
			}
		}
		for layer := range m.Layers {
			p := shown.Output(m.Probabilities(layer))
			if p == nil || !slices.Equal(p.Shape(), []int{2, 2, 5, 5}) {
				t.Fatalf("%s: layer %d has probabilities %v, want shape (2, 2, 5, 5)", layout, layer, p)
			}
			for row := range 2 * 2 * 5 {
				sum := 0.0
				for _, v := range p.Float64s()[5*row:][:5] {
					sum += v
				}
				if math.Abs(sum-1) > 1e-12 {
					t.Errorf("%s: layer %d, row %d: the probabilities sum to %g", layout, layer, row, sum)
				}
			}
		}
	}
}

// pixels returns random numbers of 0 … 1.
func pixels(dt tensor.Dtype, shape ...int) *tensor.Dense {
	ids := tokens(8, 1000, shape...)
	values := make([]float64, 0, ids.DataSize())
	for _, v := range ids.Int32s() {
		values = append(values, float64(v)/1000)
	}
	return graphtest.Dense(dt, values, shape...)
}

// TestDropoutOfEncoders: each dropout changes the loss in training and not in evaluation.
func TestDropoutOfEncoders(t *testing.T) {
	bert, modern, vit := smallBERT, smallModernBERT, smallViT
	bert.Head, bert.Labels = "classifier", fewLabels
	roberta := bert
	roberta.Family, roberta.Types = "roberta", 1
	modern.Head, modern.Labels = "classifier", fewLabels
	of := func(m models.TextEncoder) (func(*graph.Scope), graph.Feed) { return m.Loss(3, 5), texts(m, 5) }
	for name, c := range map[string]func(p float64) (func(*graph.Scope), graph.Feed){
		"BERT":                   func(p float64) (func(*graph.Scope), graph.Feed) { m := bert; m.Dropout = p; return of(m) },
		"BERT's attention":       func(p float64) (func(*graph.Scope), graph.Feed) { m := bert; m.AttnDropout = p; return of(m) },
		"BERT's head":            func(p float64) (func(*graph.Scope), graph.Feed) { m := bert; m.HeadDropout = p; return of(m) },
		"RoBERTa's head":         func(p float64) (func(*graph.Scope), graph.Feed) { m := roberta; m.HeadDropout = p; return of(m) },
		"ModernBERT":             func(p float64) (func(*graph.Scope), graph.Feed) { m := modern; m.EmbedDropout = p; return of(m) },
		"ModernBERT's attention": func(p float64) (func(*graph.Scope), graph.Feed) { m := modern; m.AttnDropout = p; return of(m) },
		"ModernBERT's MLPs":      func(p float64) (func(*graph.Scope), graph.Feed) { m := modern; m.MLPDropout = p; return of(m) },
		"ModernBERT's head":      func(p float64) (func(*graph.Scope), graph.Feed) { m := modern; m.HeadDropout = p; return of(m) },
		"ViT": func(p float64) (func(*graph.Scope), graph.Feed) {
			m := vit
			m.Dropout = p
			return m.Loss(2, m.Size), graph.Feed{"pixels": pixels(tensor.Float64, 2, 2, 4, 4), "targets": tokens(2, 3, 2)}
		},
		"ViT's attention": func(p float64) (func(*graph.Scope), graph.Feed) {
			m := vit
			m.AttnDropout = p
			return m.Loss(2, m.Size), graph.Feed{"pixels": pixels(tensor.Float64, 2, 2, 4, 4), "targets": tokens(2, 3, 2)}
		},
	} {
		params := graph.NewParams(tensor.Float64, 1)
		declare, feed := c(0)
		plain := build(t, params, graph.Eval, declare)
		run(t, plain, feed)
		declare, feed = c(0.4)
		train, eval := build(t, params, graph.Train, declare), build(t, params, graph.Eval, declare)
		run(t, train, feed)
		run(t, eval, feed)
		if eval.Loss() != plain.Loss() || train.Loss() == plain.Loss() {
			t.Errorf("%s: got a loss of %g in training, %g in evaluation, %g without dropout: want only the first to differ", name, train.Loss(), eval.Loss(), plain.Loss())
		}
	}
}
