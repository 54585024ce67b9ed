package train_test

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// numbersSource feeds x with one number a batch.
type numbersSource []float64

func (s numbersSource) Batch(i int) (graph.Feed, error) {
	return graph.Feed{"x": tensor.New(tensor.WithShape(1), tensor.WithBacking([]float64{s[i%len(s)]}))}, nil
}

// distance declares the loss (w-x)², whose gradient is 2(w-x).
func distance(s *graph.Scope) {
	x, w := s.Input("x", tensor.Float64, 1), s.Param("w", graph.Ones(), 1)
	s.Minimize(s.Try(G.Mean(s.Try(G.Square(s.Try(ops.Sub(w, x)))))))
}

func buildDistance(t testing.TB) *graph.Program {
	t.Helper()
	return must[*graph.Program](t)(graph.Build(graph.NewParams(tensor.Float64, 1), graph.Train, distance))
}

// TestNoise compares the noise scale with the mean and the variance of known gradients.
func TestNoise(t *testing.T) {
	source := numbersSource{3, -1, 4, 1, -5, 9, 2, -6}
	z := must[train.Noise](t)(train.MeasureNoise(context.Background(), buildDistance(t), source, 2, 6))
	mean, variance := 0.0, 0.0
	for _, x := range source[2:] {
		mean += 2 * (1 - x) / 6
	}
	for _, x := range source[2:] {
		variance += math.Pow(2*(1-x)-mean, 2) / 5
	}
	gradient := mean*mean - variance/6
	near(t, "noise", []float64{z.Gradient, z.Variance}, []float64{gradient, variance}, 1e-12)
	if gradient > 0 != (z.Scale > 0) {
		t.Errorf("got the scale %v with a squared gradient of %v", z.Scale, gradient)
	}
	calm := must[train.Noise](t)(train.MeasureNoise(context.Background(), buildDistance(t), numbersSource{3, 5}, 0, 4))
	near(t, "scale", []float64{calm.Scale, calm.Tokens}, []float64{16. / 3 / (36 - 4./3), 16. / 3 / (36 - 4./3)}, 1e-12) // gradients -4, -8
	_, err := train.MeasureNoise(context.Background(), buildDistance(t), source, 0, 1)
	wantError(t, err, "1 micro-batches", "at least 2")
}

// TestSkip trains with one outlier among the batches. The step changes no weight, and the run resumes from the middle of the window.
func TestSkip(t *testing.T) {
	source := make(numbersSource, 100)
	for i := range source {
		source[i] = math.Sin(float64(i))
	}
	source[80] = 1e6
	fit := func(tr *train.Trainer, until int) (skipped []int) {
		tr.Until = until
		for r, err := range tr.Steps(context.Background(), source) {
			if err != nil {
				t.Fatal(err)
			}
			if before := weights(tr.Program); r.Skipped {
				skipped = append(skipped, r.Step)
			} else if r.Step == 81 && math.Abs(before[0]) > 100 {
				t.Errorf("the outlier moved the weight to %v", before)
			}
		}
		return skipped
	}
	newTrainer := func() *train.Trainer {
		return &train.Trainer{Program: buildDistance(t), Optimizer: &train.SGD{}, Rate: train.Constant(0.01), Skip: 8}
	}
	whole, first, second := newTrainer(), newTrainer(), newTrainer()
	if skipped := fit(whole, 100); !slices.Equal(skipped, []int{81}) {
		t.Errorf("got steps %v skipped, want 81", skipped)
	}
	fit(first, 70)
	text, err := json.Marshal(first.State)
	if err != nil {
		t.Fatal(err)
	}
	var state train.State
	if err := json.Unmarshal(text, &state); err != nil {
		t.Fatal(err)
	}
	copy(second.Program.Params().Value("w").Float64s(), weights(first.Program))
	if err := second.Resume(state, saved(first.Optimizer.(train.Stateful))); err != nil {
		t.Fatal(err)
	}
	if skipped := fit(second, 100); !slices.Equal(skipped, []int{81}) || !slices.Equal(weights(second.Program), weights(whole.Program)) {
		t.Errorf("resumed: got steps %v skipped and the weight %v, want 81 and %v", skipped, weights(second.Program), weights(whole.Program))
	}
	if len(whole.Norms.Last) != 100 || len(second.Norms.Last) != 100 {
		t.Errorf("got %d and %d norms, want 100", len(whole.Norms.Last), len(second.Norms.Last))
	}
}

// TestFindRate tests rates on a bigram model, which must be as before.
func TestFindRate(t *testing.T) {
	ids := make([]int32, 400)
	for i := range ids {
		ids[i] = int32(i * i % 7)
	}
	corpus := must[*data.Corpus](t)(data.NewCorpus(ids))
	for _, o := range []train.Optimizer{&train.AdamW{}, &train.ScheduleFree{}} {
		tr := &train.Trainer{Program: buildBigram(t, tensor.Float32, 4, 5), Optimizer: o, Rate: train.Constant(1e-3)}
		before := weights(tr.Program)
		points, best, err := train.RateTest{}.Run(context.Background(), tr, corpus.Batches(4, 5))
		if err != nil {
			t.Fatal(err)
		}
		if len(points) < 20 || points[0].Rate != 1e-6 || best < 1e-3 || best > 10 {
			t.Errorf("%T: got %d points from %v and the rate %v, want one between 1e-3 and 10", o, len(points), points[0], best)
		}
		if !slices.Equal(weights(tr.Program), before) || tr.Step != 0 {
			t.Errorf("%T: the test changed the weights or the step %d", o, tr.Step)
		}
		for name, s := range o.(train.Stateful).State() {
			if name == "step" && s.Int64s()[0] != 0 {
				t.Errorf("%T: the optimizer is at step %d, want 0", o, s.Int64s()[0])
			}
		}
	}
	_, _, err := train.RateTest{Low: 1, High: 0.1}.Run(context.Background(), &train.Trainer{Program: buildDistance(t), Optimizer: &train.SGD{}}, numbersSource{1})
	wantError(t, err, "from 1 to 0.1")
}

// TestParamGroups checks that a group has its own rate and decay, and that the last match counts.
func TestParamGroups(t *testing.T) {
	none := 0.0
	groups := train.ParamGroups{{Pattern: "**", Scale: 0.5}, {Pattern: "h.*.w", Scale: 2, Decay: &none}}
	for _, o := range []train.Optimizer{&train.SGD{WeightDecay: 1, Groups: groups}, &train.Lion{WeightDecay: 1, Groups: groups}} {
		params := []*fakeParam{newParam("h.0.w", tensor.Float64, 2, 2), newParam("x", tensor.Float64, 2, 2)}
		for _, p := range params {
			for i := range 4 {
				set(p.value, i, 1)
				set(p.grad, i, 1)
			}
		}
		if err := o.Update(modelOf(params), 0.1, 1); err != nil {
			t.Fatal(err)
		}
		// rate 0.2 without decay, and rate 0.05 with decay 1
		near(t, "groups", []float64{numbers(params[0].value)[0], numbers(params[1].value)[0]}, []float64{0.8, 0.9}, 1e-14)
	}
	bad := &train.AdamW{Groups: train.ParamGroups{{Pattern: "**", Scale: -1}}}
	wantError(t, bad.Update(modelOf([]*fakeParam{newParam("x", tensor.Float64, 1)}), 1, 1), `group "**"`, "negative")
}
