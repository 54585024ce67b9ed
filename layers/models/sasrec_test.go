package models_test

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/data"
)

func init() { goldenFamilies = append(goldenFamilies, goldenSASRec) }

func goldenSASRec(m models.Model, c goldenCase) (map[string]string, func(*graph.Scope)) {
	rec, ok := m.(models.SASRec)
	if !ok {
		return nil, nil
	}
	shape := c.tensors["log_seqs"].Shape()
	return map[string]string{"log_seqs": "items", "pos_seqs": "positives", "neg_seqs": "negatives"}, rec.Loss(shape[0], shape[1])
}

// smallSASRec has weights large enough to tell items apart.
var smallSASRec = models.SASRec{Items: 9, Context: 6, Layers: 2, Heads: 2, Dim: 4, InitStd: 0.5, Eps: 1e-3}

// loaded returns parameters with the weights of a model folder, after declare has declared them.
func loaded(t *testing.T, dir string, m models.Model, declare func(*graph.Scope)) *graph.Params {
	t.Helper()
	params := graph.NewParams(tensor.Float32, 1)
	build(t, params, graph.Eval, declare)
	if err := checkpoints.LoadWeights(dir, params.All(), checkpoints.Rules{Rename: m.Rename, Ignore: m.Ignore}); err != nil {
		t.Fatal(err)
	}
	return params
}

// padded returns a sequence of items with padding at its beginning: (1, n).
func padded(items []int32, n int) *tensor.Dense {
	items = items[max(len(items)-n, 0):]
	return tensor.New(tensor.WithShape(1, n), tensor.WithBacking(append(make([]int32, n-len(items)), items...)))
}

// best returns the ids of the n largest scores, best first, without id 0.
func best(scores []float32, n int) []int32 {
	var ids []int32
	for id := range scores[1:] {
		ids = append(ids, int32(id+1))
	}
	slices.SortStableFunc(ids, func(a, b int32) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	return ids[:n]
}

// TestMovieLens: the published model recommends the items that a computation in float64 recommends.
func TestMovieLens(t *testing.T) {
	dir := shared(t, "models/sasrec-ml1m")
	var want struct {
		Cases []struct {
			History  []int32
			Top      []int32 `json:"top10"`
			Scores   []float64
			Features []float64
		}
	}
	if err := checkpoints.ReadJSON(filepath.Join(dir, "expected.json"), &want); err != nil {
		t.Fatal(err)
	}
	if len(want.Cases) == 0 {
		t.Fatal("no cases")
	}
	m := models.SASRec{Items: 3416, Context: 200, Layers: 2, Heads: 1, Dim: 50} // the folder has no config.json
	params := loaded(t, dir, m, m.Scores(1, m.Context))
	p := build(t, params, graph.Eval, m.Scores(1, m.Context))
	for _, c := range want.Cases {
		run(t, p, graph.Feed{"items": padded(c.History, m.Context)})
		scores := p.Output("scores").Float32s()
		if got := best(scores, len(c.Top)); len(c.Top) != 10 || !slices.Equal(got, c.Top) {
			t.Errorf("after %v: got %v, want %v", c.History, got, c.Top)
		}
		for i, id := range c.Top { // the file has five decimals; sums of float32
			if d := float64(scores[id]) - c.Scores[i]; !(max(d, -d) <= 1e-4) {
				t.Errorf("after %v: item %d has score %g, want %g", c.History, id, scores[id], c.Scores[i])
			}
		}
		features := p.Output("features").Float32s()[(m.Context-1)*m.Dim:]
		for i, f := range c.Features {
			if d := float64(features[i]) - f; !(max(d, -d) <= 1e-4) {
				t.Errorf("after %v: feature %d is %g, want %g", c.History, i, features[i], f)
			}
		}
	}
}

// TestSASRecScores compares the scores of all items and the features with PyTorch's.
func TestSASRecScores(t *testing.T) {
	for _, name := range []string{"sasrec-tiny", "sasrec-prenorm-tiny"} {
		dir := filepath.Join(goldenFolder(t), name)
		opened, err := models.Open(dir)
		if err != nil {
			t.Skip(err)
		}
		c, m := readGolden(t, dir), opened.(models.SASRec)
		items := c.tensors["log_seqs"]
		scores := m.Scores(items.Shape()[0], items.Shape()[1])
		p := build(t, loaded(t, dir, m, scores), graph.Eval, scores)
		run(t, p, graph.Feed{"items": narrow(items)})
		for _, output := range []string{"scores", "features"} {
			if d := graphtest.MaxDifference(p.Output(output), c.tensors[output]); !(d <= 1e-5) { // sums of float32 in another order
				t.Errorf("%s: %s differ by %g", name, output, d)
			}
		}
	}
}

// sasrecFeed returns a batch of two sequences, one of them padded.
func sasrecFeed(m models.SASRec, t int) graph.Feed {
	f := graph.Feed{"items": tokens(1, m.Items, 2, t), "positives": tokens(2, m.Items, 2, t), "negatives": tokens(3, m.Items, 2, t)}
	for _, ids := range f {
		for i := range ids.Int32s() {
			if ids.Int32s()[i]++; i < t/2 {
				ids.Int32s()[i] = 0
			}
		}
	}
	return f
}

func TestSASRecGradients(t *testing.T) {
	for _, first := range []bool{false, true} {
		m := smallSASRec
		m.NormFirst = first
		for _, n := range []int{1, 5} {
			graphtest.Gradients(t, sasrecFeed(m, n), m.Loss(2, n))
		}
	}
}

// TestSASRecLearns: a loss decreases, evaluation repeats training bit for bit, and the rows of id 0 stay zero.
func TestSASRecLearns(t *testing.T) {
	for _, first := range []bool{false, true} {
		m := smallSASRec
		m.NormFirst = first
		params, feed, update := graph.NewParams(tensor.Float32, 1), sasrecFeed(m, 6), adamW(1e-2, 0.1)
		p, eval := build(t, params, graph.Train, m.Loss(2, 6)), build(t, params, graph.Eval, m.Loss(2, 6))
		run(t, p, feed)
		run(t, eval, feed)
		if p.Loss() != eval.Loss() || !slices.Equal(p.Output("pairs").Float32s(), eval.Output("pairs").Float32s()) {
			t.Errorf("norm first %t: got a loss of %g in evaluation, want %g", first, eval.Loss(), p.Loss())
		}
		before := p.Loss()
		for range 20 {
			if err := update(p.ValueGrads()); err != nil {
				t.Fatal(err)
			}
			run(t, p, feed)
		}
		if !(p.Loss() < before/1.2) {
			t.Errorf("norm first %t: after 20 steps the loss is %g, before %g", first, p.Loss(), before)
		}
		for _, name := range []string{"item_emb.weight", "pos_emb.weight"} {
			if row := params.Value(name).Float32s()[:m.Dim]; !slices.Equal(row, make([]float32, m.Dim)) {
				t.Errorf("norm first %t: row 0 of %s is %v, want zeros", first, name, row)
			}
		}
	}
}

func TestSASRecDropout(t *testing.T) {
	for _, first := range []bool{false, true} {
		m := smallSASRec
		m.NormFirst = first
		with := m
		with.Dropout = 0.4
		checkDropout(t, sasrecFeed(m, 6), m.Loss(2, 6), with.Loss(2, 6))
	}
}

// packedSASRec returns a Masked model and the inputs of three sequences packed into 9 places, 2 of them padding.
func packedSASRec(first bool) (models.SASRec, graph.Feed) {
	m := smallSASRec
	m.NormFirst, m.Masked = first, true
	ids := func(v ...int32) *tensor.Dense { return graphtest.Ints(v, 1, 9) }
	return m, graph.Feed{
		"items": ids(4, 9, 2, 7, 1, 1, 3, 0, 0), "positives": ids(9, 2, 5, 2, 0, 3, 8, 0, 0), "negatives": ids(1, 7, 7, 4, 0, 2, 5, 0, 0),
		"positions": ids(4, 5, 6, 6, 4, 5, 6, 0, 0), "starts": ids(0, 0, 0, 3, 4, 4, 4, 7, 8),
	}
}

func TestPackedSASRecGradients(t *testing.T) {
	for _, first := range []bool{false, true} {
		m, feed := packedSASRec(first)
		graphtest.Gradients(t, feed, m.PackedLoss(9))
	}
}

// TestPackedSASRec: a packed sequence has the scores and the features that it has alone, and a sequence of full length has those of a model
// that sees padding, because it has none. The targets of the loss are the positives.
func TestPackedSASRec(t *testing.T) {
	for _, first := range []bool{false, true} {
		m, feed := packedSASRec(first)
		params := graph.NewParams(tensor.Float32, 1)
		p := build(t, params, graph.Eval, m.PackedScores(3, 9))
		inputs := graph.Feed{"items": feed["items"], "positions": feed["positions"], "starts": feed["starts"], "last": graphtest.Ints([]int32{2, 3, 6}, 3)}
		run(t, p, inputs)
		scores := slices.Clone(p.Output("scores").Float32s())
		for i, h := range [][]int32{{4, 9, 2}, {7}, {1, 1, 3}} {
			feed, err := data.FeedHistories([][]int32{h}, 1, len(h), m.Context)
			if err != nil {
				t.Fatal(err)
			}
			p := build(t, params, graph.Eval, m.PackedScores(1, len(h)))
			run(t, p, feed)
			for id, got := range p.Output("scores").Float32s() {
				if want := scores[i*(m.Items+1)+id]; !(math.Abs(float64(got-want)) <= 1e-6) { // products of other sizes
					t.Errorf("history %v alone: item %d has score %g, packed %g", h, id, got, want)
				}
			}
		}
		loss := build(t, params, graph.Eval, m.PackedLoss(9))
		run(t, loss, feed)
		if n := loss.Targets()[0].Count(); n != 6 {
			t.Errorf("%g targets count, want 6", n)
		}
		whole := []int32{4, 9, 2, 7, 1, 3}
		one, err := data.FeedHistories([][]int32{whole}, 1, 6, m.Context)
		if err != nil {
			t.Fatal(err)
		}
		a := build(t, params, graph.Eval, m.PackedScores(1, 6))
		run(t, a, one)
		m.Masked = false
		b := build(t, params, graph.Eval, m.Scores(1, 6))
		run(t, b, graph.Feed{"items": padded(whole, 6)})
		if d := graphtest.MaxDifference(a.Output("scores"), b.Output("scores")); !(d <= 1e-6) {
			t.Errorf("norm first %t: a history of full length has scores that differ by %g", first, d)
		}
		_, err = graph.Build(params, graph.Eval, m.PackedScores(1, 6))
		wantError(t, err, "Masked false", "packed sequences true")
	}
}
