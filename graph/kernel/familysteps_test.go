package kernel_test

import (
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
)

// trainingStep is a model's loss, its batches and the least decrease of the loss in two steps.
type trainingStep struct {
	loss   func(*graph.Scope)
	source train.Source
	gain   float64
}

// familySteps returns a small model of each family. Its layers have several tiles and chunks.
func familySteps(t *testing.T) map[string]trainingStep {
	const b, n = 5, 65
	windows := windowsOf(t, 3000, b, n)
	llama := models.Llama{Vocab: 60, Context: n, Layers: 1, Heads: 4, KVHeads: 2, Dim: 64, Dropout: 0.1, AttnDropout: 0.1, Untied: true}
	gemma := models.Llama{
		Family: "gemma2", Vocab: 60, Context: n, Layers: 2, Heads: 2, KVHeads: 1, Dim: 64, SlidingWindow: 20, AttnSoftcap: 50, FinalSoftcap: 30,
	}
	bert := models.BERT{Vocab: 60, Context: n, Layers: 1, Heads: 4, Dim: 64, Dropout: 0.1}
	modern := models.ModernBERT{Vocab: 60, Context: n, Layers: 2, Heads: 4, Dim: 64, GlobalEvery: 2, Local: 16}
	t5 := models.T5{Vocab: 60, EncoderLayers: 1, Heads: 4, Dim: 64, FeedForward: "gated-gelu", Buckets: 8, Dropout: 0.1, Source: 65, Target: 33}
	vit := models.ViT{Labels: []string{"a", "b", "c"}, Size: 32, Patch: 4, Layers: 1, Heads: 4, Dim: 64, Dropout: 0.1}
	items := models.SASRec{Items: 40, Context: n, Layers: 1, Heads: 2, Dim: 64, Dropout: 0.1}
	steps := map[string]trainingStep{
		"Llama": {llama.Loss(b, n), windows, 0.1}, "Gemma": {gemma.Loss(b, n), windows, 0.1},
		"GRU":        {models.RNN{Vocab: 60, Context: n, Layers: 2, Dim: 96, Dropout: 0.1}.Loss(b, n), windows, 0.1},
		"LSTM":       {models.RNN{LSTM: true, Vocab: 60, Context: n, Layers: 1, Dim: 96, Untied: true}.Loss(b, n), windows, 0.1},
		"BERT":       {bert.Loss(b, n), masked(b, n, true), 0.1},
		"ModernBERT": {modern.Loss(b, n), masked(b, n, false), 0.1},
		"T5":         {t5.Loss(b, t5.Source, t5.Target), pairsOf(t5.Source, t5.Target, 100, b), 0.1},
		"ViT":        {vit.Loss(b, 32), pictures(b, 32), 0.1},
		"SASRec":     {items.Loss(b, n), histories(b, n), 0.1},
	}
	for _, positions := range []string{"rope", "alibi", "t5", "shaw"} {
		m := models.GPT{Vocab: 60, Context: n, Layers: 1, Heads: 4, Dim: 64, AttnDropout: 0.1, Positions: positions}
		steps["GPT "+positions] = trainingStep{m.Loss(b, n), windows, 0.1}
	}
	return steps
}

// always is a source of one batch.
type always graph.Feed

func (a always) Batch(int) (graph.Feed, error) { return graph.Feed(a), nil }

// masked returns texts of several lengths, whose targets are their tokens.
func masked(b, n int, types bool) train.Source {
	lengths := make([]int32, b)
	for i := range lengths {
		lengths[i] = int32(n - 13*i)
	}
	ids := counted(b * n)
	feed := always{"tokens": graphtest.Ints(ids, b, n), "targets": graphtest.Ints(ids, b, n), "lengths": graphtest.Ints(lengths, b)}
	if types {
		feed["types"] = graphtest.Ints(make([]int32, b*n), b, n)
	}
	return feed
}

// histories returns sequences of items, whose next item is the same.
func histories(b, n int) train.Source {
	ids := counted(b * n)
	negatives := make([]int32, b*n)
	for i := range negatives {
		negatives[i] = 20 + ids[i]
	}
	return always{"items": graphtest.Ints(ids, b, n), "positives": graphtest.Ints(ids, b, n), "negatives": graphtest.Ints(negatives, b, n)}
}

// pictures returns b pictures of size × size pixels, of two classes.
func pictures(b, size int) train.Source {
	x := make([]float64, b*3*size*size)
	kernel.Normal(x, kernel.Seed{Key: 8}, 0, 1)
	classes := make([]int32, b)
	for i := range classes {
		classes[i] = int32(i % 2)
	}
	return always{"pixels": graphtest.Dense(tensor.Float32, x, b, 3, size, size), "targets": graphtest.Ints(classes, b)}
}
