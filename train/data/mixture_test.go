package data_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// numbered returns a corpus of n documents of one token each, which has the number of the document plus first.
func numbered(t testing.TB, n, first int) *data.Corpus {
	var ids []int32
	for i := range n {
		ids = append(ids, int32(first+i), end)
	}
	return must[*data.Corpus](t)(data.NewCorpus(ids))
}

// draws returns the first targets of the rows of batches, which are one document each.
func draws(t testing.TB, m *data.Mixture, from, to int) (ids []int32) {
	for i := from; i < to; i++ {
		f := must[graph.Feed](t)(m.Batch(i))
		for r := 0; r < len(f["targets"].Int32s()); r += 2 {
			ids = append(ids, f["targets"].Int32s()[r])
		}
	}
	return ids
}

// TestMixture: each part has its share of every stretch of rows, reads its own source in order, and a batch is a function of its number.
func TestMixture(t *testing.T) {
	const b = 8
	mix := func() *data.Mixture {
		a, c := numbered(t, 500, 1000).Packed(end, b, 2), numbered(t, 90, 5000).Packed(end, b, 2)
		a.Seed, c.Seed = 3, 4
		m := data.Mix(data.Part{Source: a, Weight: 3}, data.Part{Source: c, Weight: 1})
		m.Seed = 7
		return m
	}
	ids := draws(t, mix(), 0, 1024)
	count := map[int32]int{}
	for i, id := range ids {
		if count[id]++; (i+1)%1024 != 0 {
			continue
		}
		small := 0
		for id, n := range count {
			if id >= 5000 {
				small += n
			}
		}
		if math.Abs(float64(small)-float64(i+1)/4) > 1 {
			t.Errorf("%d of %d rows from the part of weight ¼", small, i+1)
		}
	}
	for id, n := range count { // all of a part are drawn equally often
		want := len(ids) * 3 / 4 / 500
		if id >= 5000 {
			want = len(ids) / 4 / 90
		}
		if n < want || n > want+1 {
			t.Errorf("document %d was drawn %d times, want %d or one more", id, n, want)
		}
	}
	other := mix()
	for _, i := range []int{900, 3, 512} {
		if got := draws(t, other, i, i+1); !slices.Equal(got, ids[i*b:(i+1)*b]) {
			t.Errorf("batch %d: got %v, want %v", i, got, ids[i*b:(i+1)*b])
		}
	}
	if n := must[int](t)(other.Len()); n != -1 {
		t.Errorf("got %d batches, want no end", n)
	}
}

// TestMixtureEpochs: a part with a number of epochs is drawn exactly as often. The others then share its weight, until none is left.
func TestMixtureEpochs(t *testing.T) {
	const b = 4
	for _, rest := range []int{0, 1} {
		a, c, d := numbered(t, 3000, 10000), numbered(t, 700, 20000), numbered(t, 41, 30000)
		m := data.Mix(data.Part{Source: a.Packed(end, b, 2), Weight: 0.5, Epochs: rest}, data.Part{Source: c.Packed(end, b, 2), Weight: 0.4, Epochs: 2},
			data.Part{Source: d.Packed(end, b, 2), Weight: 0.1, Epochs: 3})
		n := must[int](t)(m.Len())
		if want := (3000 + 1400 + 123) / b; rest == 1 && n != want || rest == 0 && n != -1 {
			t.Errorf("got %d batches, want %d or no end", n, want)
		}
		batches := 2000
		if n > 0 {
			batches = n
		}
		count := map[int32]int{}
		for _, id := range draws(t, m, 0, batches) {
			count[id]++
		}
		for i := range 700 {
			if got := count[int32(20000+i)]; got != 2 {
				t.Fatalf("document %d of the second part was drawn %d times, want 2", i, got)
			}
		}
		for i := range 41 {
			if got := count[int32(30000+i)]; got != 3 {
				t.Fatalf("document %d of the third part was drawn %d times, want 3", i, got)
			}
		}
		if n > 0 {
			_, err := m.Batch(n)
			wantError(t, err, fmt.Sprintf("no batch %d", n))
		}
	}
}

// TestMixtureWindows mixes windows, which have no positions and starts.
func TestMixtureWindows(t *testing.T) {
	a, c := must[*data.Corpus](t)(data.NewCorpus(count(t, 100))), must[*data.Corpus](t)(data.NewCorpus(count(t, 1000)[500:]))
	m := data.Mix(data.Part{Source: a.Shuffled(4, 8), Weight: 1, Epochs: 1}, data.Part{Source: c.Batches(4, 8), Weight: 1})
	f := must[graph.Feed](t)(m.Batch(3))
	if len(f) != 2 || f["tokens"].Int32s()[0]+1 != f["targets"].Int32s()[0] {
		t.Errorf("got %v", f)
	}
}

// TestMixtureErrors: parts that do not fit together are errors.
func TestMixtureErrors(t *testing.T) {
	c := numbered(t, 10, 5)
	for word, parts := range map[string][]data.Part{
		"0 parts": nil, "weight 0": {{Source: c.Batches(1, 2)}}, "-1 epochs": {{Source: c.Batches(1, 2), Weight: 1, Epochs: -1}},
		"another kind": {{Source: c.Batches(1, 2), Weight: 1}, {Source: c.Packed(end, 1, 2), Weight: 1}}, "1×3": {{Source: c.Batches(1, 2), Weight: 1}, {Source: c.Batches(1, 3), Weight: 1}},
		"part 1": {{Source: c.Batches(1, 50), Weight: 1}},
	} {
		_, err := data.Mix(parts...).Batch(0)
		wantError(t, err, word)
	}
}
