package data_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// documents returns a corpus of n documents of random lengths around mean, each with an end.
func documents(t testing.TB, n, mean int, seed uint64) *data.Corpus {
	r := rand.New(rand.NewPCG(seed, 1))
	var ids []int32
	for range n {
		for range 1 + int(r.ExpFloat64()*float64(mean)) {
			ids = append(ids, 2+r.Int32N(1000))
		}
		ids = append(ids, end)
	}
	return must[*data.Corpus](t)(data.NewCorpus(ids))
}

// inputs returns copies of the inputs of a feed.
func inputs(feed graph.Feed) map[string][]int32 {
	all := map[string][]int32{}
	for name, x := range feed {
		all[name] = slices.Clone(x.Int32s())
	}
	return all
}

// TestPacked: every token of the corpus is a target once in an epoch, after the token before it in the same document; positions and starts
// agree with each other; batches are functions of their number.
func TestPacked(t *testing.T) {
	const b, length = 3, 32
	c := documents(t, 300, 20, 1)
	p := c.PackedSequential(end, b, length)
	var want, got []string
	all := make([]int32, c.Len())
	if err := c.Tokens(all, 0); err != nil {
		t.Fatal(err)
	}
	for i, id := range all {
		before := int32(end)
		if i > 0 {
			before = all[i-1]
		}
		want = append(want, fmt.Sprint(before, id))
	}
	for i := range p.Len() {
		f := inputs(must[graph.Feed](t)(p.Batch(i)))
		for k, target := range f["targets"] {
			place := k % length
			if place != int(f["starts"][k]+f["positions"][k]) {
				t.Fatalf("batch %d, place %d: start %d and position %d", i, place, f["starts"][k], f["positions"][k])
			}
			if f["positions"][k] > 0 && f["tokens"][k] != f["targets"][k-1] {
				t.Fatalf("batch %d, place %d: token %d after target %d", i, place, f["tokens"][k], f["targets"][k-1])
			}
			if f["positions"][k] > 0 && f["targets"][k-1] == end {
				t.Fatalf("batch %d, place %d: a document goes on after its end", i, place)
			}
			if target != ops.IgnoreTarget {
				got = append(got, fmt.Sprint(f["tokens"][k], target))
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %d pairs of token and target, want the %d of the corpus", len(got), len(want))
	}
	_, err := p.Batch(p.Len())
	wantError(t, err, "no batch")

	first, second := c.Packed(end, b, length), c.Packed(end, b, length)
	for _, i := range []int{7, 0, 1000, 7} {
		x, y := inputs(must[graph.Feed](t)(first.Batch(i))), inputs(must[graph.Feed](t)(second.Batch(i)))
		must[graph.Feed](t)(second.Batch(i + 1))
		if fmt.Sprint(x) != fmt.Sprint(y) {
			t.Errorf("batch %d depends on the batches before", i)
		}
	}
}

// TestPackedFill: best fit leaves at most 3 % of the places empty, for documents shorter and longer than a row.
func TestPackedFill(t *testing.T) {
	for _, mean := range []int{10, 60, 200, 1000} {
		for _, length := range []int{128, 512} {
			c := documents(t, 2000, mean, 2)
			if f := must[float64](t)(c.Packed(end, 2, length).Filled()); f < 0.97 || f > 1 {
				t.Errorf("documents of about %d tokens in rows of %d: %.4f filled", mean, length, f)
			}
		}
	}
}

// TestPackedErrors: corpora and sizes that cannot be packed are errors.
func TestPackedErrors(t *testing.T) {
	c := documents(t, 3, 5, 3)
	_, err := c.Packed(end, 2, 0).Batch(0)
	wantError(t, err, "T is 0")
	_, err = c.Packed(5000, 2, 8).Batch(0)
	wantError(t, err, "without id 5000")
	_, err = c.Packed(end, 2, 8).Batch(-1)
	wantError(t, err, "no batch -1")
	one := must[*data.Corpus](t)(data.NewCorpus([]int32{end}))
	f := inputs(must[graph.Feed](t)(one.Packed(end, 1, 3).Batch(5)))
	if fmt.Sprint(f["tokens"], f["targets"], f["starts"]) != "[1 1 1] [1 -100 -100] [0 1 2]" {
		t.Errorf("one token: got %v", f)
	}
}
