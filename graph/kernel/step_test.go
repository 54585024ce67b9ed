package kernel_test

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// TestTrainingStepBits trains whole models for some steps, with dropout, micro-batches, clipping and AdamW. Neither the
// number of workers nor their speed may change a bit of the weights. The test is in this package because only here it
// can use more workers than the machine has processors.
func TestTrainingStepBits(t *testing.T) {
	gpt := models.GPT{Vocab: 211, Context: 33, Layers: 1, Heads: 3, Dim: 96, EmbedDropout: 0.1, Dropout: 0.1, AttnDropout: 0.1}
	pairs := models.Seq2Seq{
		EncoderLayers: 1, DecoderLayers: 1, Heads: 2, Dim: 64, Hidden: 130, SourceVocab: 90, TargetVocab: 70, Source: 21, Target: 19,
		Dropout: 0.1, LabelSmoothing: 0.1, BOS: []int32{1}, EOS: []int32{2},
	}
	crews, types := []int{1, 2, 4, 8}, []tensor.Dtype{tensor.Float32, tensor.Float64}
	if !sweep.All() {
		crews, types = []int{1, 8}, types[:1]
	}
	for name, c := range map[string]trainingStep{
		"GPT":     {gpt.Loss(5, 33), windowsOf(t, 3000, 5, 33), 0.5},
		"Seq2Seq": {pairs.Loss(7, 21, 19), pairsOf(pairs.Source, pairs.Target, 100, 7), 0.5},
	} {
		for _, dt := range types {
			checkSteps(t, name, dt, c, crews)
		}
	}
	for name, c := range familySteps(t) { // their operations have the same loops in float64
		checkSteps(t, name, tensor.Float32, c, []int{1, 8})
	}
}

// checkSteps compares the weights and losses with several numbers of workers.
func checkSteps(t *testing.T, name string, dt tensor.Dtype, c trainingStep, crews []int) {
	t.Helper()
	var want [][]float64
	for _, n := range crews {
		var got [][]float64
		withWorkers(n, func() { got = trained(t, dt, c) })
		if want == nil {
			want = got
		}
		if !slices.EqualFunc(got, want, slices.Equal[[]float64]) {
			t.Errorf("%s of %v: %d workers give other weights or losses than %d", name, dt, n, crews[0])
		}
	}
}

// trained returns the losses and all weights after three steps.
func trained(t *testing.T, dt tensor.Dtype, c trainingStep) [][]float64 {
	t.Helper()
	params := graph.NewParams(dt, 5)
	p, err := graph.Build(params, graph.Train, c.loss)
	if err != nil {
		t.Fatal(err)
	}
	tr := train.Trainer{Program: p, Optimizer: &train.AdamW{WeightDecay: 0.1}, Rate: train.Constant(3e-3), Clip: 0.5, Until: 3, MicroBatches: 2}
	all := [][]float64{nil}
	for r, err := range tr.Steps(t.Context(), c.source) {
		if err != nil {
			t.Fatal(err)
		}
		all[0] = append(all[0], r.Loss, r.GradNorm)
	}
	if !(all[0][4] <= all[0][0]-c.gain) {
		t.Errorf("%v: got losses and norms %v, want the third at least %g below the first", dt, all[0], c.gain)
	}
	for _, v := range params.All() {
		if dt == tensor.Float64 {
			all = append(all, v.Float64s())
			continue
		}
		w := make([]float64, v.DataSize())
		for i, x := range v.Float32s() {
			w[i] = float64(x)
		}
		all = append(all, w)
	}
	return all
}

// counted returns n ids that repeat 3, 4, … 12, so that a few steps learn something.
func counted(n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = 3 + int32(i%10)
	}
	return ids
}

func windowsOf(t *testing.T, n, b, steps int) train.Source {
	t.Helper()
	c, err := data.NewCorpus(counted(n))
	if err != nil {
		t.Fatal(err)
	}
	return c.Shuffled(b, steps)
}

func pairsOf(source, target, n, b int) train.Source {
	var all data.Pairs
	for i := range n {
		all = append(all, data.Pair{Source: counted(1 + i%source), Target: counted(i % target)})
	}
	return all.Batches(data.Marks{BOS: 1, EOS: 2}, data.PairSize{B: b, S: source, T: target})
}
