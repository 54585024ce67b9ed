package data_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// TestFramed: a pass holds the corpus once between the two tokens, an epoch every whole window once, and masks are a function of the batch.
func TestFramed(t *testing.T) {
	c := must[*data.Corpus](t)(data.NewCorpus(count(t, 103)[3:]))
	size := data.RowSize{B: 3, T: 9, Pad: 0}
	var all []int32
	pass := c.FramedSequential(size, 1, 2)
	for i := range pass.Len() {
		f := must[graph.Feed](t)(pass.Batch(i))
		for r, n := range f["lengths"].Int32s() {
			row := f["tokens"].Int32s()[9*r : 9*r+int(n)]
			if n == 1 {
				continue // fills the batch
			}
			if row[0] != 1 || row[n-1] != 2 {
				t.Fatalf("batch %d: got row %v, want it between 1 and 2", i, row)
			}
			all = append(all, row[1:n-1]...)
		}
	}
	if !slices.Equal(all, count(t, 103)[3:]) {
		t.Errorf("got %v, want 3 … 102", all)
	}
	_, err := pass.Batch(pass.Len())
	wantError(t, err, "no batch")
	epoch := c.Framed(size, 1, 2)
	seen := map[int32]int{}
	for i := range 14 { // three epochs of 14 windows
		for _, first := range must[graph.Feed](t)(epoch.Batch(i))["tokens"].Int32s() {
			if first > 2 && (first-3)%7 == 0 {
				seen[first]++
			}
		}
	}
	if len(seen) != 14 {
		t.Errorf("got %d different windows, want 14", len(seen))
	}
	masked := func(i int) string {
		m := data.MaskedBatches{Masking: data.Masking{Mask: 200, Vocab: 201, Keep: []int32{1, 2}}, Rows: c.Framed(size, 1, 2)}
		return fmt.Sprint(inputs(must[graph.Feed](t)(m.Batch(i))))
	}
	if first, again := masked(5), masked(5); first != again || first == masked(6) {
		t.Error("masks depend on more than the number of the batch")
	}
	for _, size := range []data.RowSize{{B: 0, T: 9}, {B: 1, T: 2}, {B: 1, T: 200}} {
		if _, err := c.Framed(size, 1, 2).Batch(0); err == nil {
			t.Errorf("%+v: got no error", size)
		}
	}
}
