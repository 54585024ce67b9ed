package models_test

import (
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

func init() { goldenFamilies = append(goldenFamilies, goldenT5) }

func goldenT5(m models.Model, c goldenCase) (map[string]string, func(*graph.Scope)) {
	t5, ok := m.(models.T5)
	if !ok {
		return nil, nil
	}
	t5.Dropout = 0 // cases omit dropout_rate, which means Hugging Face's default
	source, target := c.tensors["input_ids"].Shape(), c.tensors["decoder_input_ids"].Shape()
	full := make([]int64, target[0]) // cases have no mask of the target
	for i := range full {
		full[i] = int64(target[1])
	}
	c.tensors["lengths"] = tensor.New(tensor.WithShape(len(full)), tensor.WithBacking(full))
	return map[string]string{
		"input_ids": "source", "source_lengths": "source_lengths", "decoder_input_ids": "tokens", "lengths": "lengths", "labels": "targets",
	}, t5.Loss(source[0], source[1], target[1])
}

// smallT5 has distances beyond every bucket, and heads whose channels are not those of the model.
var smallT5 = models.T5{
	Vocab: 13, EncoderLayers: 2, DecoderLayers: 1, Heads: 3, HeadDim: 2, Dim: 4, Hidden: 5, Buckets: 4, MaxDistance: 4, Source: 5, Target: 7,
	InitFactor: 1.5, PAD: []int32{0}, BOS: []int32{0}, EOS: []int32{1},
}

// t5Models lists small T5 models of all kinds.
func t5Models() map[string]models.T5 {
	gated, unscaled := smallT5, smallT5
	gated.FeedForward, gated.Untied, gated.DecoderLayers = "gated-gelu", true, 2
	unscaled.FeedForward, unscaled.Unscaled, unscaled.HeadDim, unscaled.Heads = "gated-silu", true, 0, 2
	return map[string]models.T5{"relu": smallT5, "gated": gated, "unscaled": unscaled}
}

// t5Pairs returns a batch of two random pairs, one of them short and padded.
func t5Pairs(m models.T5, src, tgt int) graph.Feed {
	return pairs(models.Seq2Seq{SourceVocab: m.Vocab, TargetVocab: m.Vocab}, src, tgt)
}

func TestT5Gradients(t *testing.T) {
	for name, m := range t5Models() {
		t.Run(name, func(t *testing.T) { graphtest.Gradients(t, t5Pairs(m, 5, 4), m.Loss(2, 5, 4)) })
	}
}

// TestT5Dropout: dropout changes the loss in training only.
func TestT5Dropout(t *testing.T) {
	for name, m := range t5Models() {
		with := m
		with.Dropout = 0.4
		params, feed := graph.NewParams(tensor.Float64, 1), t5Pairs(m, 5, 6)
		plain, eval, train := build(t, params, graph.Train, m.Loss(2, 5, 6)), build(t, params, graph.Eval, with.Loss(2, 5, 6)), build(t, params, graph.Train, with.Loss(2, 5, 6))
		for _, p := range []*graph.Program{plain, eval, train} {
			run(t, p, feed)
		}
		within(t, name+": loss in training and evaluation", plain.Loss(), eval.Loss(), 1e-12)
		if train.Loss() == plain.Loss() {
			t.Errorf("%s: dropout does not change the loss", name)
		}
	}
}

// TestT5Learns: a loss decreases.
func TestT5Learns(t *testing.T) {
	for name, m := range t5Models() {
		p, feed, update := build(t, graph.NewParams(tensor.Float32, 1), graph.Train, m.Loss(2, 5, 6)), t5Pairs(m, 5, 6), adamW(1e-2, 0)
		run(t, p, feed)
		first := p.Loss()
		for range 20 {
			if err := update(p.ValueGrads()); err != nil {
				t.Fatal(err)
			}
			run(t, p, feed)
		}
		if !(p.Loss() < first/1.2) {
			t.Errorf("%s: after 20 steps the loss is %g, before %g", name, p.Loss(), first)
		}
	}
}
