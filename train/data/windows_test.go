package data_test

import (
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

func feedIDs(f graph.Feed, name string) []int32 { return slices.Clone(f[name].Int32s()) }

func batch(t testing.TB, s train.Source, i int) graph.Feed {
	t.Helper()
	f, err := s.Batch(i)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRandomWindows(t *testing.T) {
	c := must[*data.Corpus](t)(data.NewCorpus(count(t, 50)))
	s := c.Batches(4, 7)
	seen := map[int32]bool{}
	for i := range 200 {
		f := batch(t, s, i)
		tokens, targets := feedIDs(f, "tokens"), feedIDs(f, "targets")
		for r := range 4 {
			start := tokens[r*7]
			seen[start] = true
			for k := range 7 {
				if tokens[r*7+k] != start+int32(k) || targets[r*7+k] != start+int32(k)+1 {
					t.Fatalf("batch %d row %d: got tokens %v, targets %v", i, r, tokens, targets)
				}
			}
		}
	}
	// 800 draws of 43 places: the chance that a place is missing is 43·(42/43)⁸⁰⁰, 3 in 10 million, and the draws are fixed.
	if len(seen) != 43 || !seen[0] || !seen[42] {
		t.Errorf("got %d places of windows, want all of 0 … 42", len(seen))
	}
}

func TestSourcesAreFunctionsOfTheNumber(t *testing.T) {
	c := must[*data.Corpus](t)(data.NewCorpus(count(t, 101)))
	pairs, rows := somePairs(37), someRows(37)
	size, marks := data.PairSize{B: 3, S: 9, T: 9}, data.Marks{Pad: 0, BOS: 1, EOS: 2}
	for _, k := range []struct {
		name string
		make func(seed uint64) train.Source
	}{
		{"random", func(seed uint64) train.Source { s := c.Batches(3, 5); s.Seed = seed; return s }},
		{"shuffled", func(seed uint64) train.Source { s := c.Shuffled(3, 5); s.Seed = seed; return s }},
		{"pairs", func(seed uint64) train.Source { s := pairs.Batches(marks, size); s.Seed = seed; return s }},
		{"pairs of three sizes", func(seed uint64) train.Source {
			s := pairs.Batches(marks, data.PairSize{B: 3, S: 4, T: 9}, size, data.PairSize{B: 3, S: 9, T: 6})
			s.Seed = seed
			return s
		}},
		{"rows of two sizes", func(seed uint64) train.Source {
			s := rows.Batches(data.RowSize{B: 3, T: 9}, data.RowSize{B: 4, T: 4})
			s.Seed = seed
			return s
		}},
	} {
		t.Run(k.name, func(t *testing.T) {
			whole, resumed, other := k.make(1), k.make(1), k.make(2)
			var late [][]int32
			for i := range 40 {
				late = append(late, feedIDs(batch(t, whole, i), "tokens"))
			}
			for _, i := range []int{39, 17, 18, 0, 38} {
				if got := feedIDs(batch(t, resumed, i), "tokens"); !slices.Equal(got, late[i]) {
					t.Errorf("batch %d after a resumption: got %v, want %v", i, got, late[i])
				}
			}
			same := 0
			for i := range 40 {
				if slices.Equal(feedIDs(batch(t, other, i), "tokens"), late[i]) {
					same++
				}
			}
			if same > 1 {
				t.Errorf("got %d of 40 batches equal under another seed", same)
			}
			_, err := whole.Batch(-1)
			wantError(t, err, "no batch -1")
		})
	}
}

func TestShuffledWindowsCoverEachEpoch(t *testing.T) {
	for _, n := range []int{6, 7, 11, 52, 53, 1000} {
		c := must[*data.Corpus](t)(data.NewCorpus(count(t, n)))
		s := c.Shuffled(1, 5)
		windows := (n - 1) / 5
		if s.Len() != windows {
			t.Errorf("%d tokens: got %d batches, want %d", n, s.Len(), windows)
		}
		var orders [][]int32
		for epoch := range 3 {
			var starts []int32
			for i := range windows {
				f := batch(t, s, epoch*windows+i)
				starts = append(starts, feedIDs(f, "tokens")[0])
			}
			orders = append(orders, starts)
			sorted := slices.Sorted(slices.Values(starts))
			for i, start := range sorted {
				if want := sorted[0] + int32(5*i); start != want || sorted[0] > int32((n-1)%5) {
					t.Fatalf("%d tokens, epoch %d: got windows at %v, want them 5 apart and all", n, epoch, sorted)
				}
			}
		}
		if windows > 20 && slices.Equal(orders[0], orders[1]) {
			t.Errorf("%d tokens: two epochs have the same order", n)
		}
	}
}

func TestSequentialCountsEveryTokenOnce(t *testing.T) {
	for n := 2; n < 40; n++ {
		c := must[*data.Corpus](t)(data.NewCorpus(count(t, n)))
		s := c.Sequential(2, 5)
		var got []int32
		for i := range s.Len() {
			f := batch(t, s, i)
			tokens := feedIDs(f, "tokens")
			for k, id := range feedIDs(f, "targets") {
				if id == ops.IgnoreTarget {
					continue
				}
				if tokens[k] != id-1 {
					t.Fatalf("%d tokens: got target %d for token %d", n, id, tokens[k])
				}
				got = append(got, id)
			}
		}
		if want := count(t, n)[1:]; !slices.Equal(got, want) {
			t.Fatalf("%d tokens: got targets %v, want %v", n, got, want)
		}
		_, err := s.Batch(s.Len())
		wantError(t, err, "no batch")
	}
}

func TestShortCorpus(t *testing.T) {
	c := must[*data.Corpus](t)(data.NewCorpus(count(t, 5)))
	for _, s := range []*data.Windows{c.Batches(1, 5), c.Shuffled(1, 5)} {
		_, err := s.Batch(0)
		wantError(t, err, "in memory: 5 tokens", "the 6 of a window of 5")
	}
	batch(t, c.Batches(1, 4), 0)
	batch(t, c.Shuffled(1, 4), 0)
	one := must[*data.Corpus](t)(data.NewCorpus([]int32{3}))
	_, err := one.Sequential(1, 4).Batch(0)
	wantError(t, err, "1 tokens are fewer than the 2")
	_, err = c.Batches(0, 4).Batch(0)
	wantError(t, err, "B is 0")
	_, err = c.Sequential(1, 0).Batch(0)
	wantError(t, err, "T is 0")
}

func TestBatchAllocatesNothing(t *testing.T) {
	c := must[*data.Corpus](t)(data.NewCorpus(count(t, 1000)))
	for name, s := range map[string]train.Source{
		"random": c.Batches(4, 8), "shuffled": c.Shuffled(4, 8),
		"pairs": somePairs(50).Batches(data.Marks{}, data.PairSize{B: 4, S: 9, T: 9}, data.PairSize{B: 5, S: 4, T: 5}),
		"rows":  someRows(50).Batches(data.RowSize{B: 4, T: 9}, data.RowSize{B: 5, T: 4}),
		"pass":  someRows(5000).Sequential(data.RowSize{B: 4, T: 9}, data.RowSize{B: 5, T: 4}),
	} {
		i := 0
		if n := testing.AllocsPerRun(100, func() { batch(t, s, i); i++ }); n != 0 {
			t.Errorf("%s: got %v allocations for a batch, want none", name, n)
		}
	}
}

func BenchmarkWindows(b *testing.B) {
	c := must[*data.Corpus](b)(data.NewCorpus(count(b, 1<<20)))
	s := c.Shuffled(12, 64)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		batch(b, s, i)
		i++
	}
	b.ReportMetric(float64(i*12*64)/b.Elapsed().Seconds(), "tokens/s")
}
