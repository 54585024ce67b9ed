package train_test

import (
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
)

// halves splits each batch of a source into two halves.
type halves struct {
	train.Source
	feed graph.Feed
}

func (h *halves) Batch(i int) (graph.Feed, error) {
	whole, err := h.Source.Batch(i / 2)
	if err != nil {
		return nil, err
	}
	h.feed = graph.Feed{}
	for name, v := range whole {
		rows, cols := v.Shape()[0]/2, v.Shape()[1]
		ids := slices.Clone(v.Int32s()[i%2*rows*cols:][:rows*cols])
		h.feed[name] = tensor.New(tensor.WithBacking(ids), tensor.WithShape(rows, cols))
	}
	return h.feed, nil
}

// ragged hides some targets, most of them in the upper half of each batch.
type ragged struct{ train.Source }

func (r ragged) Batch(i int) (graph.Feed, error) {
	f, err := r.Source.Batch(i)
	if err != nil {
		return nil, err
	}
	ids := f["targets"].Int32s()
	for k := range ids {
		if k < len(ids)/2 && k%5 != 0 || k == len(ids)-1 {
			ids[k] = ops.IgnoreTarget
		}
	}
	return f, nil
}

// linear is bigram without dropout, so that micro-batches can be compared with a whole batch.
func linear(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, targets := s.Input("tokens", tensor.Int32, b, t), s.Input("targets", tensor.Int32, b, t)
		logits := s.Try(ops.Embedding(s.Param("table", graph.Normal(0.5), 16, 16), tokens))
		s.Output("logits", logits)
		s.Minimize(s.Try(ops.CrossEntropy(logits, targets, 0)))
	}
}

func TestMicroBatchesEqualOneBatch(t *testing.T) {
	corpus := text16(t, 500)
	trainer := func(b, micro int, o G.Solver) *train.Trainer {
		p, err := graph.Build(graph.NewParams(tensor.Float64, 3), graph.Train, linear(b, 6))
		if err != nil {
			t.Fatal(err)
		}
		return &train.Trainer{Program: p, Optimizer: o, Clip: 0.1, Until: 4, MicroBatches: micro}
	}
	for name, make := range map[string]func() G.Solver{
		"AdamW":          func() G.Solver { return &train.AdamW{Rate: 0.1} },
		"SGD":            func() G.Solver { return &train.SGD{Rate: 1, Momentum: 0.9} },
		"gorgonia's SGD": func() G.Solver { return G.NewVanillaSolver(G.WithLearnRate(1)) },
	} {
		whole, parts := trainer(4, 1, make()), trainer(2, 2, make())
		want := run(t, whole, ragged{corpus.Batches(4, 6)})
		got := run(t, parts, &halves{Source: ragged{corpus.Batches(4, 6)}})
		for i := range want {
			// Sums of a few dozen numbers in another order, through four steps.
			near(t, name, []float64{got[i].Loss, got[i].GradNorm}, []float64{want[i].Loss, want[i].GradNorm}, 1e-12)
			if got[i].Tokens != want[i].Tokens || want[i].Tokens == 24 {
				t.Errorf("%s: got %d targets, want %d, and some hidden", name, got[i].Tokens, want[i].Tokens)
			}
		}
		near(t, name, weights(parts.Program), weights(whole.Program), 1e-11) // as above, and Adam divides by small roots
		if parts.Batch != 8 || parts.Step != 4 || parts.Program.Scale != 1 || parts.Program.Accumulate {
			t.Errorf("%s: got state %+v, scale %v, accumulate %v", name, parts.State, parts.Program.Scale, parts.Program.Accumulate)
		}
	}
}
