package train_test

import (
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/train"
)

func TestRank(t *testing.T) {
	nan := float32(math.NaN())
	scores := []float32{nan, 0.5, 2, 0.5, -1, float32(math.Inf(-1)), nan}
	for _, c := range []struct {
		right      int32
		candidates []int32
		want       int
	}{
		{2, []int32{1, 3, 4}, 0},
		{2, []int32{2, 1, 3, 2}, 0},
		{1, []int32{2, 3, 4}, 2}, // an equal score ranks first
		{4, []int32{1, 2, 3, 4, 5}, 3},
		{5, []int32{4}, 1},
		{1, nil, 0},
	} {
		if got, err := train.Rank(scores, c.right, c.candidates); err != nil || got != c.want {
			t.Errorf("rank of %d among %v: got %d and error %v, want %d", c.right, c.candidates, got, err, c.want)
		}
	}
	for _, bad := range []struct {
		right      int32
		candidates []int32
		want       []string
	}{
		{7, nil, []string{"candidate 7", "7 scores"}},
		{1, []int32{2, -1}, []string{"candidate -1", "7 scores"}},
		{1, []int32{2, 6}, []string{"candidate 6", "NaN"}},
		{0, nil, []string{"candidate 0", "NaN"}},
	} {
		_, err := train.Rank(scores, bad.right, bad.candidates)
		wantError(t, err, bad.want...)
	}
}

func TestRanks(t *testing.T) {
	r := train.Ranks{0, 1, 9, 10, 3}
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"HR@10", r.HitRate(10), 4.0 / 5},
		{"HR@1", r.HitRate(1), 1.0 / 5},
		{"NDCG@10", r.NDCG(10), (1 + 1/math.Log2(3) + 1/math.Log2(11) + 1/math.Log2(5)) / 5},
		{"NDCG@1", r.NDCG(1), 1.0 / 5},
		{"MRR", r.MRR(), (1 + 1.0/2 + 1.0/10 + 1.0/11 + 1.0/4) / 5},
		{"HR@10 of nothing", train.Ranks{}.HitRate(10), 0},
		{"MRR of nothing", train.Ranks(nil).MRR(), 0},
	} {
		if math.Abs(c.got-c.want) > 1e-15 {
			t.Errorf("%s: got %.17g, want %.17g", c.name, c.got, c.want)
		}
	}
}
