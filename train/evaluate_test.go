package train_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// fixed declares a model that takes the logits of a token from a row of a table.
func fixed(b, t, v int, output bool) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, targets := s.Input("tokens", tensor.Int32, b, t), s.Input("targets", tensor.Int32, b, t)
		logits := s.Try(ops.Embedding(s.Param("table", graph.Zeros(), v, v), tokens)) // (B, T, V)
		if output {
			s.Output("logits", logits)
		}
		s.Minimize(s.Try(ops.CrossEntropy(logits, targets, 0)))
	}
}

func TestEvaluate(t *testing.T) {
	p := graph.NewParams(tensor.Float64, 1)
	program, err := graph.Build(p, graph.Eval, fixed(2, 3, 4, true))
	if err != nil {
		t.Fatal(err)
	}
	// The row of token 0 predicts 1, row 1 predicts 2, row 2 predicts 3. Row 3 is all zeros, which predicts 0.
	table := p.Value("table").Float64s()
	table[0*4+1], table[1*4+2], table[2*4+3] = 5, 5, 5
	ids := []int32{0, 1, 2, 3, 0, 1, 3, 3, 2, 3}
	c := must[*data.Corpus](t)(data.NewCorpus(ids))
	s := c.Sequential(2, 3)
	got, err := train.Evaluate(context.Background(), program, s, s.Len())
	if err != nil {
		t.Fatal(err)
	}
	right, loss := 0, 0.0
	for i, id := range ids[:9] {
		sum, best := 0.0, 0
		for v := range 4 {
			x := table[int(id)*4+v]
			sum += math.Exp(x)
			if x > table[int(id)*4+best] {
				best = v
			}
		}
		loss += math.Log(sum) - table[int(id)*4+int(ids[i+1])]
		if best == int(ids[i+1]) {
			right++
		}
	}
	near(t, "loss and accuracy", []float64{got.Loss, got.Accuracy, got.Perplexity()},
		[]float64{loss / 9, float64(right) / 9, math.Exp(loss / 9)}, 1e-14) // sums of nine numbers
	if got.Tokens != 9 || right != 6 {
		t.Errorf("got %d tokens, want 9, and %d right by hand, want 6", got.Tokens, right)
	}
}

func TestEvaluateErrors(t *testing.T) {
	p := graph.NewParams(tensor.Float32, 1)
	program, err := graph.Build(p, graph.Eval, fixed(2, 3, 4, false))
	if err != nil {
		t.Fatal(err)
	}
	c := must[*data.Corpus](t)(data.NewCorpus([]int32{0, 1, 2, 3, 0, 1, 3}))
	s := c.Sequential(2, 3)
	e, err := train.Evaluate(context.Background(), program, s, 1)
	if err != nil || e.Accuracy != 0 || math.Abs(e.Loss-math.Log(4)) > 1e-6 { // float32
		t.Errorf("got %+v, %v without logits, want accuracy 0 and a loss of ln 4", e, err)
	}
	_, err = train.Evaluate(context.Background(), program, s, 0)
	wantError(t, err, "train: evaluate", "0 batches")
	_, err = train.Evaluate(context.Background(), nil, s, 1)
	wantError(t, err, "program false")
	_, err = train.Evaluate(context.Background(), program, s, 2)
	wantError(t, err, "no batch 1")
	_, err = train.Evaluate(context.Background(), program, hidden{s}, 1)
	wantError(t, err, "no target counts in 1 batches")
	_, err = train.Evaluate(context.Background(), program, c.Sequential(2, 2), 1)
	wantError(t, err, "batch 0", "(2, 2)")
	p.Value("table").Float32s()[0] = float32(math.NaN())
	_, err = train.Evaluate(context.Background(), program, s, 1)
	wantError(t, err, "loss of batch 0 is NaN")
}

// stops is a source that cancels a context at its second batch.
type stops struct {
	train.Source
	cancel func()
}

func (s stops) Batch(i int) (graph.Feed, error) {
	if i == 1 {
		s.cancel()
	}
	return s.Source.Batch(i)
}

func TestEvaluateStops(t *testing.T) {
	p := graph.NewParams(tensor.Float32, 1)
	program := must[*graph.Program](t)(graph.Build(p, graph.Eval, fixed(1, 2, 4, true)))
	c := must[*data.Corpus](t)(data.NewCorpus(make([]int32, 21)))
	ctx, cancel := context.WithCancel(context.Background())
	e, err := train.Evaluate(ctx, program, stops{c.Sequential(1, 2), cancel}, 10)
	wantError(t, err, "train: evaluate", "stopped before batch 2 of 10")
	if !errors.Is(err, context.Canceled) || e != (train.Evaluation{}) {
		t.Errorf("got %+v and %v, want nothing and the context's error", e, err)
	}
}
