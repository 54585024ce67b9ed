package data_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

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

// TestHistoryBatches: an epoch has every history once, aligned with its next items; negatives are other items; a batch is a function of
// its number.
func TestHistoryBatches(t *testing.T) {
	s := histories.Batches(9, 2, 3)
	s.Seed = 3
	found := map[int32]int{}
	var rows [][]int32
	for i := range 3 { // two epochs
		feed, err := s.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		for r := range 2 {
			items, positives, negatives := feed["items"].Int32s()[r*3:][:3], feed["positives"].Int32s()[r*3:][:3], feed["negatives"].Int32s()[r*3:][:3]
			rows = append(rows, slices.Concat(items, positives, negatives))
			found[positives[2]]++
			h := histories[slices.IndexFunc(histories, func(h []int32) bool { return h[len(h)-1] == positives[2] })]
			k := min(len(h)-1, 3)
			if !slices.Equal(items[3-k:], h[len(h)-1-k:len(h)-1]) || !slices.Equal(positives[3-k:], h[len(h)-k:]) || k < 3 && (items[0] != 0 || positives[0] != 0 || negatives[0] != 0) {
				t.Errorf("history %v: got items %v and positives %v", h, items, positives)
			}
			for _, n := range negatives[3-k:] {
				if n < 1 || n > 9 || slices.Contains(h, n) {
					t.Errorf("history %v: negative %d", h, n)
				}
			}
		}
	}
	if found[5] != 2 || found[7] != 2 || found[1] != 2 {
		t.Errorf("got histories %v times, want each twice", found)
	}
	feed, err := s.Batch(0)
	if err != nil || !slices.Equal(slices.Concat(feed["items"].Int32s()[:3], feed["positives"].Int32s()[:3], feed["negatives"].Int32s()[:3]), rows[0]) {
		t.Errorf("batch 0 again: got %v and error %v, want %v", feed, err, rows[0])
	}
}

// TestSequentialHistories: a pass has the last item of each history as its only positive.
func TestSequentialHistories(t *testing.T) {
	s := histories.Sequential(9, 2, 3)
	if s.Len() != 2 {
		t.Fatalf("got %d batches, want 2", s.Len())
	}
	for i, want := range [][]int32{{2, 3, 4, 0, 0, 6, 0, 0, 5, 0, 0, 7}, {0, 5, 5, 0, 0, 0, 0, 0, 1, 0, 0, 0}} {
		feed, err := s.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Concat(feed["items"].Int32s(), feed["positives"].Int32s()); !slices.Equal(got, want) {
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
