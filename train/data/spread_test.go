package data_test

import (
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// counted returns the targets of all batches of a source.
func counted(t *testing.T, s train.Source, n int) (targets []int32) {
	t.Helper()
	for i := range n {
		feed := must[graph.Feed](t)(s.Batch(i))
		for _, id := range feed["targets"].Int32s() {
			if id != ops.IgnoreTarget {
				targets = append(targets, id)
			}
		}
	}
	return targets
}

// TestSpread spreads windows of many sizes for many numbers of tokens. The windows are distinct, reach from the beginning to near the
// end of the corpus, and hold about the requested number of tokens.
func TestSpread(t *testing.T) {
	ids := make([]int32, 203)
	for i := range ids {
		ids[i] = int32(i)
	}
	c := must[*data.Corpus](t)(data.NewCorpus(ids))
	for _, window := range []int{1, 3, 7, 50, 300} {
		for _, batch := range []int{1, 4} {
			for _, tokens := range []int{0, 1, 6, 50, 101, 202, 1000} {
				s := c.Sequential(batch, window)
				s.Spread = tokens
				got := counted(t, s, s.Len())
				want := tokens
				if tokens == 0 || tokens > 202 {
					want = 202
				}
				if n := len(got); n > want+window || n < want-window || n == 0 {
					t.Errorf("windows of %d, %d tokens asked for: got %d", window, tokens, n)
				}
				if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
					t.Errorf("windows of %d, %d tokens asked for: got targets %v, want each once and in order", window, tokens, got)
				}
				if gap := 202*window/max(want, 1) + 2*window; int(got[len(got)-1]) < 202-gap {
					t.Errorf("windows of %d, %d tokens asked for: the last target is %d, want one near the end", window, tokens, got[len(got)-1])
				}
			}
		}
	}
	s := c.Sequential(2, 5)
	s.Spread = 20
	if _, err := s.Batch(2); err == nil {
		t.Error("got no error for batch 2 of 2")
	}
}

func TestSpreadItems(t *testing.T) {
	var pairs data.Pairs
	var rows data.Rows
	for i := range 100 {
		pairs = append(pairs, data.Pair{Source: []int32{1}, Target: make([]int32, i/3%5)})
		rows = append(rows, data.Row{IDs: []int32{1}, Class: int32(i)})
	}
	for _, n := range []int{0, 1, 30, 291, 292, 1000} { // the data have 292 targets
		s := pairs.Sequential(data.Marks{}, data.PairSize{B: 3, S: 1, T: 5})
		s.Spread = n
		got, want := len(counted(t, s, s.Len())), n
		if n == 0 || n > 292 {
			want = 292
		}
		if got < want-5 || got > want+10 {
			t.Errorf("%d targets asked for: got %d", n, got)
		}
	}
	s := rows.Sequential(data.RowSize{B: 3, T: 1})
	s.Spread = 4
	if got := counted(t, s, s.Len()); !slices.Equal(got, []int32{0, 25, 50, 75}) {
		t.Errorf("got rows %v, want 4 of 100 spread evenly", got)
	}
}

func TestKeys(t *testing.T) {
	key := func(ids ...int32) string {
		return must[string](t)(must[*data.Corpus](t)(data.NewCorpus(ids)).Key())
	}
	pair := func(s, t []int32) data.Pairs { return data.Pairs{{Source: s, Target: t}} }
	keys := []string{
		key(1, 2, 3), key(1, 2, 4), key(3, 2, 1), key(1, 2), key(1, 2, 3, 0),
		pair([]int32{1, 2}, []int32{3}).Key(), pair([]int32{1}, []int32{2, 3}).Key(), pair([]int32{1, 2}, []int32{4}).Key(),
		append(pair([]int32{1}, nil), pair([]int32{2}, nil)...).Key(), append(pair([]int32{2}, nil), pair([]int32{1}, nil)...).Key(),
		data.Rows{{IDs: []int32{1}, Class: 1}}.Key(), data.Rows{{IDs: []int32{1}, Class: 2}}.Key(),
	}
	if slices.Sort(keys); len(slices.Compact(keys)) != 12 {
		t.Error("different data have the same key")
	}
	long := make([]int32, 100_000)
	c := must[*data.Corpus](t)(data.NewCorpus(long))
	first, _, err := c.Split(0.9)
	if err != nil {
		t.Fatal(err)
	}
	if must[string](t)(first.Key()) != key(long[:90_000]...) {
		t.Error("a part has another key than a corpus of its ids")
	}
}
