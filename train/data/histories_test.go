package data_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/train/data"
)

var histories = data.Histories{{1, 2, 3, 4, 5}, {6, 7}, {5, 5, 1}}

func TestReadHistories(t *testing.T) {
	read := func(text, separator string) (data.Histories, error) {
		path := filepath.Join(t.TempDir(), "histories.txt")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return data.ReadHistories(path, separator)
	}
	got, err := read("1 4\n1 2\nanna 9\n1 4\n\nanna 1\n", "")
	if want := (data.Histories{{4, 2, 4}, {9, 1}}); err != nil || !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v and error %v, want %v", got, err, want)
	}
	if got, err := read("1\t4\n", "\t"); err != nil || len(got) != 1 || got.Items() != 4 {
		t.Errorf("with tabs: got %v and error %v", got, err)
	}
	for text, want := range map[string]string{"1 0\n": `item "0"`, "1 2\n1 x\n": "row 2", "1 99999999999\n": "99999999999", "1\n": "1 columns", "": "no user"} {
		_, err := read(text, "")
		wantError(t, err, "data: histories", want)
	}
}

func TestSplitHistories(t *testing.T) {
	learning, valid, test := histories.Split()
	for _, c := range []struct{ got, want data.Histories }{
		{learning, data.Histories{{1, 2, 3}, {6, 7}, {5}}}, {valid, data.Histories{{1, 2, 3, 4}, {5, 5}}}, {test, data.Histories{{1, 2, 3, 4, 5}, {5, 5, 1}}},
		{histories.Longer(2), data.Histories{{1, 2, 3, 4, 5}, {5, 5, 1}}},
	} {
		if !slices.EqualFunc(c.got, c.want, slices.Equal) {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
	if histories.Key() == learning.Key() || histories.Key() != slices.Clone(histories).Key() {
		t.Error("the key does not tell histories apart")
	}
}

// idsOf returns the elements of an input.
func idsOf(f graph.Feed, name string) []int32 { return f[name].Int32s() }

// TestHistoryBatches: an epoch has every history once, aligned with its next items; positions end at T; starts name the first place of the
// history; negatives are other items; a batch is a function of its number.
func TestHistoryBatches(t *testing.T) {
	s := histories.Batches(9, 2, 3)
	s.Seed = 3
	found := map[int32]int{}
	var batches []graph.Feed
	for i := range 3 { // two epochs
		feed, err := s.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		batches = append(batches, copied(feed))
		items, positives, negatives := idsOf(feed, "items"), idsOf(feed, "positives"), idsOf(feed, "negatives")
		positions, starts := idsOf(feed, "positions"), idsOf(feed, "starts")
		at := 0
		for range 2 {
			k := slices.Index(positions[at:], 3) + 1 // places of the history
			last := positives[at+k-1]
			found[last]++
			h := histories[slices.IndexFunc(histories, func(h []int32) bool { return h[len(h)-1] == last })]
			if k != min(len(h)-1, 3) || !slices.Equal(items[at:at+k], h[len(h)-1-k:len(h)-1]) || !slices.Equal(positives[at:at+k], h[len(h)-k:]) {
				t.Errorf("history %v: got items %v and positives %v", h, items[at:], positives[at:])
			}
			for j := at; j < at+k; j++ {
				if n := negatives[j]; n < 1 || n > 9 || slices.Contains(h, n) || int(starts[j]) != at || int(positions[j]) != 3-k+1+j-at {
					t.Errorf("history %v: place %d has negative %d, start %d and position %d", h, j, n, starts[j], positions[j])
				}
			}
			at += k
		}
		for ; at < len(items); at++ {
			if items[at] != 0 || positives[at] != 0 || negatives[at] != 0 || positions[at] != 0 || int(starts[at]) != at {
				t.Errorf("padding %d: got item %d and start %d", at, items[at], starts[at])
			}
		}
	}
	if found[5] != 2 || found[7] != 2 || found[1] != 2 {
		t.Errorf("got histories %v times, want each twice", found)
	}
	for i, want := range batches {
		feed, err := s.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		for name := range want {
			if !slices.Equal(idsOf(feed, name), idsOf(want, name)) {
				t.Errorf("batch %d again: got %s %v, want %v", i, name, idsOf(feed, name), idsOf(want, name))
			}
		}
	}
}

func copied(feed graph.Feed) graph.Feed {
	c := graph.Feed{}
	for name, v := range feed {
		c[name] = v.Clone().(*tensor.Dense)
	}
	return c
}

// TestSequentialHistories: a pass has the last item of each history as its only positive.
func TestSequentialHistories(t *testing.T) {
	s := histories.Sequential(9, 2, 3)
	if s.Len() != 2 {
		t.Fatalf("got %d batches, want 2", s.Len())
	}
	for i, want := range [][]int32{{2, 3, 4, 6, 0, 0, 5, 7}, {5, 5, 0, 0, 0, 1, 0, 0}} {
		feed, err := s.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Concat(idsOf(feed, "items")[:4], idsOf(feed, "positives")[:4]); !slices.Equal(got, want) {
			t.Errorf("batch %d: got %v, want %v", i, got, want)
		}
	}
	_, err := s.Batch(2)
	wantError(t, err, "no batch 2")
	for _, bad := range []*data.HistoryBatches{histories.Batches(9, 0, 3), histories.Batches(9, 1, 0), histories.Batches(0, 1, 1), data.Histories{}.Batches(1, 1, 1)} {
		_, err := bad.Batch(0)
		wantError(t, err, "data: histories", "want at least 1")
	}
	_, err = data.Histories{{1, 10}}.Batches(9, 1, 2).Batch(0)
	wantError(t, err, "history 0", "1 … 9")
	_, err = data.Others([]int32{1, 2, 2, 3}, 1, 3, kernel.Seed{})
	wantError(t, err, "all 3 items")
}

// TestHistorySizes: the sizes ascend, most batches have the first, and all fit, also if histories differ much.
func TestHistorySizes(t *testing.T) {
	var h data.Histories
	for i := range 500 {
		n := 4 + i%5
		if i%97 == 0 {
			n = 200
		}
		h = append(h, make([]int32, n))
		for j := range h[i] {
			h[i][j] = int32(1 + j%300)
		}
	}
	s := h.Batches(400, 16, 50)
	sizes, counts := s.Sizes(), map[int]int{}
	if len(sizes) != 3 || !slices.IsSorted(sizes) || sizes[2] != 16*50 {
		t.Fatalf("got sizes %v, want 3 up to 800", sizes)
	}
	for i := range 300 {
		feed, err := s.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		counts[feed["items"].Shape()[1]]++
	}
	if counts[sizes[0]] < 200 || counts[sizes[0]]+counts[sizes[1]] < 280 {
		t.Errorf("got %v batches of the sizes %v, want most of the first", counts, sizes)
	}
	if got := (data.Histories{{1, 2}, {3, 4}}).Batches(9, 2, 50).Sizes(); !slices.Equal(got, []int{2}) {
		t.Errorf("two histories of two items: got sizes %v, want 2", got)
	}
}

func TestFeedHistories(t *testing.T) {
	feed, err := data.FeedHistories([][]int32{{4, 9, 2}, {7}}, 3, 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]int32{"items": {9, 2, 7, 0}, "positions": {1, 2, 2, 0}, "starts": {0, 0, 2, 3}, "last": {1, 2, 0}} {
		if got := idsOf(feed, name); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	for word, c := range map[string][]int{"3 histories for a batch of 2": {2, 9}, "history 1 has 2 items after 2 places": {3, 3}} {
		_, err := data.FeedHistories([][]int32{{1, 2}, {3, 4}, {5}}, c[0], c[1], 2)
		wantError(t, err, "data: feed", word)
	}
	_, err = data.FeedHistories([][]int32{{}}, 1, 3, 2)
	wantError(t, err, "history 0 has 0 items")
}
