package data_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/train/data"
)

// TestHiddenBatches: a fraction of the tokens is hidden, never one to keep, and the choice depends on seed and batch alone.
func TestHiddenBatches(t *testing.T) {
	size := data.RowSize{B: 4, T: 50}
	source := func(seed uint64) *data.HiddenBatches {
		s := &data.HiddenBatches{Rows: texts(40).Batches(size), Mask: 3, Keep: masking.Keep, P: 0.3}
		s.Rows.Seed = seed
		return s
	}
	plain, hidden := texts(40).Batches(size), source(1)
	plain.Seed = 1
	all, changed := 0, 0
	for i := range 100 {
		want, err := plain.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		got, err := hidden.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got["targets"].Int32s(), want["targets"].Int32s()) {
			t.Fatal("the targets differ")
		}
		for k, id := range want["tokens"].Int32s() {
			if id > 3 {
				all++
			}
			if now := got["tokens"].Int32s()[k]; now != id {
				if changed++; now != 3 || id < 3 {
					t.Fatalf("token %d becomes %d", id, now)
				}
			}
		}
	}
	if got := float64(changed) / float64(all); math.Abs(got-0.3) > 4*math.Sqrt(0.3*0.7/float64(all)) {
		t.Errorf("got %.4f of %d tokens, want 0.3", got, all)
	}
	batch := func(s *data.HiddenBatches, i int) string {
		f, err := s.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(f["tokens"].Int32s())
	}
	if batch(hidden, 7) != batch(source(1), 7) || batch(hidden, 7) == batch(source(2), 7) {
		t.Error("a batch depends on more than its number and the seed, or not on the seed")
	}
}
