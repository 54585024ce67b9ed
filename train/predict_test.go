package train_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// bag declares a classifier, with or without a loss. Its logits are the mean of rows of a table.
func bag(b, t, v, classes int, loss bool) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, lengths := s.Input("tokens", tensor.Int32, b, t), s.Input("lengths", tensor.Int32, b)
		x := s.Try(ops.Embedding(s.Param("table", graph.Normal(1), v, classes), tokens)) // (B, T, classes)
		logits := s.Try(ops.MeanPool(x, lengths))                                        // (B, classes)
		s.Output("logits", logits)
		if loss {
			s.Minimize(s.Try(ops.CrossEntropy(logits, s.Input("targets", tensor.Int32, b), 0)))
		}
	}
}

func buildEval(t testing.TB, params *graph.Params, declare func(*graph.Scope)) *graph.Program {
	t.Helper()
	p, err := graph.Build(params, graph.Eval, declare)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// classRows returns n rows of 1 … 4 ids below 9, in 3 classes. Every fifth row has no class.
func classRows(n int) data.Rows {
	rows := make(data.Rows, n)
	for i := range rows {
		for k := range i%4 + 1 {
			rows[i].IDs = append(rows[i].IDs, int32((3*i+5*k)%9))
		}
		if rows[i].Class = int32(i * i % 3); i%5 == 4 {
			rows[i].Class = ops.IgnoreTarget
		}
	}
	return rows
}

// TestPredict: predictions are in order, agree with Evaluate, and are the same from a program without targets.
func TestPredict(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, n := range []int{1, 3, 4, 11} {
			params := graph.NewParams(dt, 1)
			with, without := buildEval(t, params, bag(4, 5, 9, 3, true)), buildEval(t, params, bag(4, 5, 9, 3, false))
			rows := classRows(n)
			size := data.RowSize{B: 4, T: 5}
			batches := rows.Sequential(size)
			got := must[train.Predictions](t)(train.Predict(with, rows, size))
			short := []data.RowSize{{B: 2, T: 2}, size}
			shapes := must[*graph.Program](t)(graph.BuildShapes(params, graph.Eval, short, func(s *graph.Scope, z data.RowSize) { bag(z.B, z.T, 9, 3, false)(s) }))
			sized := must[train.Predictions](t)(train.Predict(shapes, rows, short...))
			again := must[train.Predictions](t)(train.Predict(without, rows, size))
			want := must[train.Evaluation](t)(train.Evaluate(t.Context(), with, batches, batches.Len()))
			e := must[train.Evaluation](t)(got.Evaluation())
			if e.Tokens != want.Tokens || e.Accuracy != want.Accuracy || math.Abs(e.Loss-want.Loss) > 1e-6 { // float32
				t.Errorf("%d rows: got %+v, Evaluate gives %+v", n, e, want)
			}
			for i, p := range got {
				sum, best := 0.0, slices.Max(p.Probabilities)
				for _, x := range p.Probabilities {
					sum += x
				}
				if p.Target != rows[i].Class || p.Probabilities[p.Class] != best || math.Abs(sum-1) > 1e-14 {
					t.Errorf("row %d of class %d: got %+v", i, rows[i].Class, p)
				}
				if !slices.Equal(p.Probabilities, again[i].Probabilities) || p.Class != again[i].Class {
					t.Errorf("row %d: got %+v without targets, want %+v", i, again[i], p)
				}
				if !slices.Equal(p.Probabilities, sized[i].Probabilities) || sized[i].Target != p.Target { // a mean over the length has no padding
					t.Errorf("row %d: got %+v in two sizes, want %+v", i, sized[i], p)
				}
			}
			if len(got) != n || len(again) != n || len(sized) != n {
				t.Errorf("got %d, %d and %d predictions, want %d", len(got), len(again), len(sized), n)
			}
		}
	}
}

func TestPredictErrors(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	p := buildEval(t, params, bag(4, 5, 9, 3, true))
	size := data.RowSize{B: 4, T: 5}
	predict := func(rows data.Rows) error { _, err := train.Predict(p, rows, size); return err }
	wantError(t, predict(nil), "train: predict", "no rows")
	wantError(t, predict(data.Rows{{IDs: []int32{1}, Class: 3}}), "target 3", "3 classes") // of the loss
	_, err := train.Predict(buildEval(t, params, bag(4, 5, 9, 3, false)), data.Rows{{IDs: []int32{1}, Class: 3}}, size)
	wantError(t, err, "row 0", "class 3", "3 classes")
	wantError(t, predict(data.Rows{{IDs: []int32{1}, Class: -2}}), "row 0", "class -2")
	wantError(t, predict(data.Rows{{IDs: []int32{9}}}), "batch 0", "id 9")
	wantError(t, predict(data.Rows{{}}), "row 0", "0 ids")
	params.Value("table").Float32s()[0] = float32(math.NaN())
	wantError(t, predict(data.Rows{{IDs: []int32{1}}, {IDs: []int32{0}}}), "row 1", "class 0 is NaN")
	_, err = train.Predict(nil, classRows(5), size)
	wantError(t, err, "Program is nil")
	_, err = train.Predict(p, classRows(5), data.RowSize{T: 5})
	wantError(t, err, "B is 0")
	_, err = train.Predictions{{Target: ops.IgnoreTarget}}.Evaluation()
	wantError(t, err, "none of 1 rows")
}

// TestOnly: the source for a program without targets keeps all other inputs, in every batch.
func TestOnly(t *testing.T) {
	p := buildEval(t, graph.NewParams(tensor.Float32, 1), bag(2, 5, 9, 3, false))
	batches := classRows(4).Sequential(data.RowSize{B: 2, T: 5})
	source := train.Only(p, batches)
	for i := range 2 {
		want := must[graph.Feed](t)(batches.Batch(i))
		got := must[graph.Feed](t)(source.Batch(i))
		if len(got) != 2 || got["tokens"] != want["tokens"] || got["lengths"] != want["lengths"] {
			t.Errorf("batch %d: got %v, want tokens and lengths of %v", i, got, want)
		}
	}
	_, err := source.Batch(2)
	wantError(t, err, "no batch 2")
}
