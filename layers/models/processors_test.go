package models_test

import (
	"runtime"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// TestEncoderProcessors: loss, logits and gradients of each encoder have the same bits for any number of processors, with dropout.
func TestEncoderProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	counts := []int{1, 2, 4, 8}
	if !sweep.All() {
		counts = []int{1, 8}
	}
	for name, m := range textEncoders() {
		var want []float32
		for _, n := range counts {
			runtime.GOMAXPROCS(n)
			got := resultsOf(t, wide(m), texts(m, 5))
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: results with %d processors differ from those with 1", name, n)
			}
		}
	}
}

// wide returns a model large enough for several processors, with dropout.
func wide(m models.TextEncoder) models.TextEncoder {
	switch m := m.(type) {
	case models.BERT:
		m.Dim, m.Hidden, m.Dropout, m.AttnDropout, m.HeadDropout = 64, 256, 0.1, 0.1, 0.1
		return m
	case models.ModernBERT:
		m.Dim, m.Hidden, m.EmbedDropout, m.AttnDropout, m.MLPDropout, m.HeadDropout = 64, 256, 0.1, 0.1, 0.1, 0.1
		return m
	}
	return m
}

// resultsOf returns the losses, the logits and all gradients of a model.
func resultsOf(t *testing.T, m models.TextEncoder, feed graph.Feed) (all []float32) {
	t.Helper()
	params := graph.NewParams(tensor.Float32, 1)
	train, eval := build(t, params, graph.Train, m.Loss(3, 5)), build(t, params, graph.Eval, m.Loss(3, 5))
	run(t, train, feed)
	run(t, eval, feed)
	all = append(all, float32(train.Loss()), float32(eval.Loss()))
	all = append(all, eval.Output("logits").Float32s()...)
	for _, w := range train.Weights() {
		g, _ := w.Grad()
		all = append(all, g.(*tensor.Dense).Float32s()...)
	}
	return all
}
