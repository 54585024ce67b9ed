package data_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// Tokens of the tests: 0 pads, 1 begins, 2 ends, 3 masks; the odd ones above continue a word.
var (
	masking = data.Masking{Mask: 3, Vocab: 100, Keep: []int32{0, 1, 2}}
	inside  = func() []bool {
		all := make([]bool, 100)
		for id := 5; id < 100; id += 2 {
			all[id] = true
		}
		return all
	}()
)

// texts returns n rows, each with a token that begins and one that ends.
func texts(n int) (rows data.Rows) {
	for i := range n {
		ids := []int32{1}
		for k := range 3 + i*7%40 {
			ids = append(ids, int32(4+(i*31+k*k*17)%96))
		}
		rows = append(rows, data.Row{IDs: append(ids, 2)})
	}
	return rows
}

// masked is a row of a batch.
type masked struct {
	was, now []int32
	places   []int
}

// maskedRows returns the rows of batches, after checks of their shapes.
func maskedRows(t *testing.T, m data.Masking, rows data.Rows, seed uint64, batches int) (all []masked) {
	t.Helper()
	sizes := []data.RowSize{{B: 4, T: 12}, {B: 4, T: 50}}
	plain := rows.Batches(sizes...)
	texts := rows.Batches(sizes...)
	hidden := data.MaskedBatches{Masking: m, Rows: texts}
	plain.Seed, texts.Seed = seed, seed
	for i := range batches {
		want, err := plain.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		got, err := hidden.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		length := want["tokens"].Shape()[1]
		n := m.Places(length)
		if p, y := got["places"].Shape(), got["targets"].Shape(); !slices.Equal(p, []int{4, n}) || !slices.Equal(y, p) {
			t.Fatalf("got places %v and targets %v, want (4, %d)", p, y, n)
		}
		for r, k := range want["lengths"].Int32s() {
			row := masked{was: slices.Clone(want["tokens"].Int32s()[r*length:][:k]), now: slices.Clone(got["tokens"].Int32s()[r*length:][:k])}
			for j, id := range got["targets"].Int32s()[r*n:][:n] {
				place := int(got["places"].Int32s()[r*n+j])
				if id == ops.IgnoreTarget {
					continue
				}
				if place -= r * length; place < 0 || place >= int(k) || row.was[place] != id {
					t.Fatalf("batch %d, row %d: target %d at %d, want the token of %v", i, r, id, place, row.was)
				}
				row.places = append(row.places, place)
			}
			all = append(all, row)
		}
	}
	return all
}

// TestMasking: 15 % of the tokens that may be hidden are chosen, of which 80 % are hidden and 10 % replaced. All others stay.
func TestMasking(t *testing.T) {
	chosen, hidden, kept := 0, 0, 0
	for _, row := range maskedRows(t, masking, texts(40), 1, 400) {
		if want := max(1, int(math.Round(0.15*float64(len(row.was)-2)))); len(row.places) != want {
			t.Fatalf("got %d of %d tokens, want %d", len(row.places), len(row.was)-2, want)
		}
		if !slices.IsSorted(row.places) || len(slices.Compact(slices.Clone(row.places))) != len(row.places) {
			t.Fatalf("got places %v, want each once", row.places)
		}
		for i, id := range row.now {
			switch {
			case !slices.Contains(row.places, i) && id != row.was[i], id < 3 && id != row.was[i]:
				t.Fatalf("got %v for %v with the places %v", row.now, row.was, row.places)
			case slices.Contains(row.places, i):
				chosen++
				if id == 3 {
					hidden++
				} else if id == row.was[i] {
					kept++
				}
			}
			if row.was[i] < 3 && slices.Contains(row.places, i) {
				t.Fatalf("token %d is chosen", row.was[i])
			}
		}
	}
	for name, c := range map[string]struct{ got, want float64 }{
		"hidden": {float64(hidden) / float64(chosen), 0.8}, "kept": {float64(kept) / float64(chosen), 0.1 + 0.1/96},
	} {
		if sigma := math.Sqrt(c.want * (1 - c.want) / float64(chosen)); math.Abs(c.got-c.want) > 4*sigma {
			t.Errorf("%s: got %.4f of %d, want %.4f", name, c.got, chosen, c.want)
		}
	}
}

// TestMaskedWords: the tokens of a word are chosen together, or the beginning of a word that is longer than the fraction.
func TestMaskedWords(t *testing.T) {
	m := masking
	m.Inside, m.Fraction = inside, 0.3
	whole := 0
	for _, row := range maskedRows(t, m, texts(40), 2, 100) {
		if len(row.places) < 1 || len(row.places) > m.Places(len(row.was)-2) {
			t.Fatalf("got places %v in %v", row.places, row.was)
		}
		for i, id := range row.was {
			continues := id > 3 && id%2 == 1 && row.was[i-1] > 3
			if continues && slices.Contains(row.places, i) && !slices.Contains(row.places, i-1) {
				t.Fatalf("place %d of %v is chosen without its word: %v", i, row.was, row.places)
			}
			if continues && !slices.Contains(row.places, i) && slices.Contains(row.places, i-1) && len(row.places) != m.Places(len(row.was)-2) {
				t.Fatalf("place %d of %v is left of its word: %v", i, row.was, row.places)
			}
			if continues && slices.Contains(row.places, i) {
				whole++
			}
		}
	}
	if whole == 0 {
		t.Error("no word of several tokens was chosen")
	}
}

// TestMaskingSeeds: the choice depends on the seed and the number of the batch alone, so that a resumed run continues with the same.
func TestMaskingSeeds(t *testing.T) {
	rows := texts(4)
	sizes := data.RowSize{B: 4, T: 50}
	batch := func(seed uint64, i int) string {
		texts := rows.Batches(sizes)
		s := data.MaskedBatches{Masking: masking, Rows: texts}
		texts.Seed = seed
		f, err := s.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(f["tokens"].Int32s(), f["places"].Int32s())
	}
	first := batch(1, 5)
	if batch(1, 5) != first {
		t.Error("the same batch differs")
	}
	if first == batch(2, 5) || first == batch(1, 6) {
		t.Error("another seed or another batch gives the same tokens")
	}
	same := data.MaskedBatches{Masking: masking, Rows: rows.Sequential(sizes)}
	a, err := same.Batch(0)
	if err != nil || same.Len() != 1 {
		t.Fatalf("got %d batches (%v)", same.Len(), err)
	}
	text := fmt.Sprint(a)
	if a, err = same.Batch(0); err != nil || fmt.Sprint(a) != text {
		t.Errorf("an evaluation differs the second time (%v)", err)
	}
}

// TestMaskedPass: in one pass over the data, the masks do not depend on the sizes of the batches.
func TestMaskedPass(t *testing.T) {
	rows := texts(11)
	targets := func(sizes ...data.RowSize) (all []int32) {
		s := data.MaskedBatches{Masking: masking, Rows: rows.Sequential(sizes...)}
		for i := range s.Len() {
			f, err := s.Batch(i)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range f["targets"].Int32s() {
				if id != ops.IgnoreTarget {
					all = append(all, id)
				}
			}
		}
		slices.Sort(all)
		return all
	}
	want := targets(data.RowSize{B: 1, T: 50})
	for _, sizes := range [][]data.RowSize{{{B: 4, T: 50}}, {{B: 3, T: 12}, {B: 5, T: 50}}} {
		if got := targets(sizes...); !slices.Equal(got, want) {
			t.Errorf("sizes %v: got the targets %v, want %v", sizes, got, want)
		}
	}
}

func TestBadMasking(t *testing.T) {
	for want, change := range map[string]func(*data.Masking){
		"Mask is 100, want an id below Vocab, which is 100": func(m *data.Masking) { m.Mask = 100 },
		"Vocab, which is 0":          func(m *data.Masking) { m.Vocab = 0 },
		"Fraction is 1.5":            func(m *data.Masking) { m.Fraction = 1.5 },
		"Fraction is NaN":            func(m *data.Masking) { m.Fraction = math.NaN() },
		"Inside has 1 tokens, Vocab": func(m *data.Masking) { m.Inside = make([]bool, 1) },
	} {
		m := masking
		change(&m)
		s := data.MaskedBatches{Masking: m, Rows: texts(4).Batches(data.RowSize{B: 1, T: 50})}
		_, err := s.Batch(0)
		wantError(t, err, "data: masking", want)
	}
}
