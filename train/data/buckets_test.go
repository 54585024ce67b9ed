package data_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// TestPairsOncePerEpoch: with sizes that divide their numbers of pairs, every epoch has each pair once. With other sizes, an epoch has
// each pair at most twice, and as many epochs as there are rows have each exactly as often.
func TestPairsOncePerEpoch(t *testing.T) {
	p := somePairs(36)
	for _, sizes := range [][]data.PairSize{
		{{B: 3, S: 9, T: 9}},
		{{B: 6, S: 9, T: 9}, {B: 3, S: 4, T: 9}},
		{{B: 5, S: 9, T: 9}},
		{{B: 5, S: 9, T: 9}, {B: 7, S: 4, T: 5}, {B: 2, S: 4, T: 9}},
		{{B: 50, S: 9, T: 9}, {B: 2, S: 3, T: 9}, {B: 1, S: 1, T: 1}},
	} {
		counts, epochs, whole := make([]int, len(sizes)), 1, true
		for _, pair := range p {
			counts[cheapest(pair, sizes)]++
		}
		for k, n := range counts {
			epochs, whole = epochs*sizes[k].B, whole && n%sizes[k].B == 0
		}
		s := p.Batches(data.Marks{}, sizes...)
		seen, used, last := map[int]int{}, make([]int, len(sizes)), 0
		for e := 1; e <= epochs; e++ {
			end := 0
			for k, n := range counts {
				end += e * n / sizes[k].B
			}
			for ; last < end; last++ {
				k := drawn(t, s, p, sizes, last, seen)
				used[k]++
			}
			for i := range p {
				if n := seen[i]; whole && n != e || sizes[0].B < 10 && (n < e-1 || n > e+1) {
					t.Fatalf("%v: got pair %d %d times in %d epochs", sizes, i, n, e)
				}
			}
		}
		for i := range p {
			if seen[i] != epochs {
				t.Errorf("%v: got pair %d %d times in %d epochs", sizes, i, seen[i], epochs)
			}
		}
		for k, n := range used {
			if want := epochs * counts[k] / sizes[k].B; n != want {
				t.Errorf("%v: got %d batches of size %d, want %d", sizes, n, k, want)
			}
		}
	}
}

// drawn counts the pairs of batch i and returns the index of its size. The feed must hold the pairs that Items returns, and the pairs
// must belong to the size.
func drawn(t *testing.T, s *data.PairBatches, p data.Pairs, sizes []data.PairSize, i int, seen map[int]int) int {
	t.Helper()
	items := slices.Clone(must[[]int](t)(s.Items(i)))
	f := batch(t, s, i)
	shape := data.PairSize{B: f["source"].Shape()[0], S: f["source"].Shape()[1], T: f["tokens"].Shape()[1]}
	k := slices.Index(sizes, shape)
	if k < 0 || len(items) != shape.B {
		t.Fatalf("batch %d: got %d pairs in shape %v, want one of %v, full", i, len(items), shape, sizes)
	}
	for r, item := range items {
		if got := feedIDs(f, "source")[r*shape.S]; got != p[item].Source[0] || cheapest(p[item], sizes) != k {
			t.Fatalf("batch %d, row %d: got source %d in size %d, want pair %d, which belongs to size %d", i, r, got, k, item, cheapest(p[item], sizes))
		}
		seen[item]++
	}
	return k
}

// TestSizesAlternate: an epoch shuffles the batches of all sizes together.
func TestSizesAlternate(t *testing.T) {
	s := someRows(4000).Batches(data.RowSize{B: 8, T: 4}, data.RowSize{B: 8, T: 8})
	changes, last := 0, 0
	for i := range 500 {
		if n := batch(t, s, i)["tokens"].Shape()[1]; n != last {
			changes, last = changes+1, n
		}
	}
	if changes < 200 || changes > 300 { // 250 of 500 in a random order of halves
		t.Errorf("got %d changes of size in 500 batches, want about 250", changes)
	}
}

// TestPassOverSizes: a pass over several sizes has each item once, in order within each size, and fills batches with empty rows.
func TestPassOverSizes(t *testing.T) {
	for _, n := range []int{1, 2, 7, 36, 100} {
		rows := someRows(n)
		for _, sizes := range [][]data.RowSize{
			{{B: 4, T: 8}}, {{B: 4, T: 8}, {B: 4, T: 4}}, {{B: 8, T: 2}, {B: 5, T: 5}, {B: 3, T: 8}}, {{B: 1, T: 1}, {B: 50, T: 9}},
		} {
			s := rows.Sequential(sizes...)
			var all []int
			for i := range s.Len() {
				items := slices.Clone(must[[]int](t)(s.Items(i)))
				f := batch(t, s, i)
				targets, lengths, width := feedIDs(f, "targets"), feedIDs(f, "lengths"), f["tokens"].Shape()[1]
				for r := range targets {
					class, length := int32(ops.IgnoreTarget), 1
					if r < len(items) {
						class, length = rows[items[r]].Class, len(rows[items[r]].IDs)
						if first := feedIDs(f, "tokens")[r*width]; first != rows[items[r]].IDs[0] {
							t.Errorf("%d rows, %v, batch %d: got row %d with id %d, want row %d", n, sizes, i, r, first, items[r])
						}
					}
					if targets[r] != class || int(lengths[r]) != length {
						t.Errorf("%d rows, %v, batch %d, row %d: got class %d and length %d, want %d and %d", n, sizes, i, r, targets[r], lengths[r], class, length)
					}
				}
				if !slices.IsSorted(items) || len(items) == 0 {
					t.Errorf("%d rows, %v, batch %d: got items %v, want some in order", n, sizes, i, items)
				}
				all = append(all, items...)
			}
			if len(sizes) == 1 && !slices.IsSorted(all) {
				t.Errorf("%d rows, %v: got items %v, want the order of the data", n, sizes, all)
			}
			if slices.Sort(all); len(all) != n || len(slices.Compact(all)) != n {
				t.Errorf("%d rows, %v: got items %v, want each once", n, sizes, all)
			}
			_, err := s.Batch(s.Len())
			wantError(t, err, "no batch")
		}
	}
}

// TestPassFillsBatches: the rest of a short size moves to free rows of a longer one.
func TestPassFillsBatches(t *testing.T) {
	var rows data.Rows
	for _, n := range []int{1, 5, 1, 1, 5, 1, 5, 1} { // five short rows leave one, three long rows have a place for it
		rows = append(rows, data.Row{IDs: make([]int32, n)})
	}
	s := rows.Sequential(data.RowSize{B: 4, T: 1}, data.RowSize{B: 4, T: 5})
	if got := s.Len(); got != 2 {
		t.Errorf("got %d batches, want 2", got)
	}
	if got := must[float64](t)(s.Filled()); got != 20.0/24 {
		t.Errorf("got %v of the positions filled, want 20 of 24", got)
	}
	if got := must[float64](t)(rows.Batches(data.RowSize{B: 4, T: 1}, data.RowSize{B: 4, T: 5}).Filled()); got != 1 {
		t.Errorf("got %v of the positions of shuffled epochs filled, want 1", got)
	}
}

// TestSpreadChanges: Spread holds from the next call on.
func TestSpreadChanges(t *testing.T) {
	s := someRows(40).Sequential(data.RowSize{B: 4, T: 8})
	for _, c := range [][2]int{{0, 10}, {8, 2}, {9, 3}, {100, 10}, {0, 10}} {
		if s.Spread = c[0]; s.Len() != c[1] {
			t.Errorf("Spread %d: got %d batches, want %d", c[0], s.Len(), c[1])
		}
	}
}

// TestFarBatches: the last batches of all are drawn like the first, and a number past them is an error.
func TestFarBatches(t *testing.T) {
	for _, b := range []int{1, 3, 1000} {
		s := somePairs(37).Batches(data.Marks{}, data.PairSize{B: 3, S: 4, T: 9}, data.PairSize{B: b, S: 9, T: 9})
		last := math.MaxInt/8/max(b, 3) - 1
		batch(t, s, last)
		_, err := s.Batch(last + 1)
		wantError(t, err, fmt.Sprintf("no batch %d: batches are numbered 0 … %d", last+1, last))
	}
}
