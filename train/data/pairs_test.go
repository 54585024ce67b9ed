package data_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// somePairs returns n pairs of 1 … 8 source and 0 … 8 target ids. The first source id identifies the pair.
func somePairs(n int) data.Pairs {
	var p data.Pairs
	for i := range n {
		src, dst := make([]int32, 1+i*5%8), make([]int32, i*7%9)
		src[0] = int32(i + 10)
		for j := range dst {
			dst[j] = int32(i + 10)
		}
		p = append(p, data.Pair{Source: src, Target: dst})
	}
	return p
}

func someRows(n int) data.Rows {
	var r data.Rows
	for i := range n {
		ids := make([]int32, 1+i*5%8)
		ids[0] = int32(i + 10)
		r = append(r, data.Row{IDs: ids, Class: int32(i)})
	}
	return r
}

func TestPairBatch(t *testing.T) {
	p := data.Pairs{{Source: []int32{5, 6}, Target: []int32{7, 8, 9}}, {Source: []int32{4}}}
	s := p.Sequential(data.Marks{Pad: 0, BOS: 1, EOS: 2}, data.PairSize{B: 3, S: 2, T: 4})
	f := batch(t, s, 0)
	x := int32(ops.IgnoreTarget)
	for name, want := range map[string][]int32{
		"source":         {5, 6, 4, 0, 0, 0},
		"source_lengths": {2, 1, 1},
		"tokens":         {1, 7, 8, 9, 1, 0, 0, 0, 0, 0, 0, 0},
		"targets":        {7, 8, 9, 2, 2, x, x, x, x, x, x, x},
		"lengths":        {4, 1, 1},
	} {
		if got := feedIDs(f, name); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if len(f) != 5 || s.Len() != 1 {
		t.Errorf("got %d inputs and %d batches, want 5 and 1", len(f), s.Len())
	}
}

func TestPairsThatDoNotFit(t *testing.T) {
	p := data.Pairs{{Source: []int32{1, 2, 3}}, {Source: []int32{1}, Target: []int32{1, 2}}, {Target: []int32{1}},
		{Source: []int32{9, 9}, Target: []int32{1}}}
	size := data.PairSize{B: 1, S: 2, T: 2}
	kept, dropped := p.Fit(size)
	if len(kept) != 1 || dropped != 3 || kept[0].Source[0] != 9 {
		t.Errorf("got %v and %d dropped, want the last and 3", kept, dropped)
	}
	for i, words := range []string{"pair 0 has 3 source and 0 target ids", "pair 0 has 1 source and 2 target ids", "pair 0 has 0 source"} {
		one := append(data.Pairs{p[i]}, kept...)
		_, err := one.Sequential(data.Marks{}, size).Batch(0)
		wantError(t, err, words, "1 … 2 and 0 … 1: 1 of 2 pairs", "Fit")
	}
	s := p.Batches(data.Marks{}, data.PairSize{B: 1, S: 3, T: 1}, data.PairSize{B: 1, S: 1, T: 3})
	_, err := s.Batch(9) // the last pair fits none of the sizes
	wantError(t, err, "pair 2 has 0 source", "1 … 3 and 0 … 2, together in one of 2 sizes: 2 of 4 pairs")
	_, err = data.Pairs{}.Batches(data.Marks{}, size).Batch(0)
	wantError(t, err, "the set is empty")
	_, err = p.Batches(data.Marks{}, data.PairSize{B: 1, S: 1}).Batch(0)
	wantError(t, err, "T is 0")
	_, err = p.Batches(data.Marks{}).Batch(0)
	wantError(t, err, "no size")
}

func TestRowBatch(t *testing.T) {
	r := data.Rows{{IDs: []int32{5, 6, 7}, Class: 1}, {IDs: []int32{8}, Class: 0}, {IDs: []int32{9, 9}, Class: 2}}
	s := r.Sequential(data.RowSize{B: 2, T: 3, Pad: 4})
	for i, want := range [][3][]int32{
		{{5, 6, 7, 8, 4, 4}, {3, 1}, {1, 0}},
		{{9, 9, 4, 4, 4, 4}, {2, 1}, {2, ops.IgnoreTarget}},
	} {
		f := batch(t, s, i)
		for k, name := range []string{"tokens", "lengths", "targets"} {
			if got := feedIDs(f, name); !slices.Equal(got, want[k]) {
				t.Errorf("batch %d: %s: got %v, want %v", i, name, got, want[k])
			}
		}
	}
	kept, dropped := r.Fit(2)
	cut, n := r.Truncate(2)
	if len(kept) != 2 || dropped != 1 || n != 1 || !slices.Equal(cut[0].IDs, []int32{5, 6}) || len(r[0].IDs) != 3 {
		t.Errorf("got Fit %v, %d and Truncate %v, %d", kept, dropped, cut, n)
	}
	_, err := r.Sequential(data.RowSize{B: 1, T: 2}, data.RowSize{B: 1, T: 1}).Batch(0)
	wantError(t, err, "row 0 has 3 ids", "1 … 2: 1 of 3 rows")
	_, err = data.Rows{{IDs: []int32{1}, Class: -1}}.Sequential(data.RowSize{B: 1, T: 2}).Batch(0)
	wantError(t, err, "class -1")
}

func TestReadPairs(t *testing.T) {
	dir := t.TempDir()
	tab := writeFile(t, dir, "tab.tsv.gz", "hello\thallo\tCC-BY\r\n\ngo away \t geh weg\n")
	fixed := writeFile(t, dir, "fixed.txt", "16+75  _91  \n5+5    _10  \n")
	for _, c := range []struct {
		path, separator string
		want            []data.TextPair
	}{
		{tab, "\t", []data.TextPair{{Source: "hello", Target: "hallo"}, {Source: "go away", Target: "geh weg"}}},
		{fixed, "_", []data.TextPair{{Source: "16+75", Target: "91"}, {Source: "5+5", Target: "10"}}},
	} {
		if got := must[[]data.TextPair](t)(data.ReadPairs(c.path, c.separator, utf8)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", filepath.Base(c.path), got, c.want)
		}
	}
	_, err := data.ReadPairs(fixed, "\t", utf8)
	wantError(t, err, "fixed.txt:1", `"\t"`)
	_, err = data.ReadPairs(fixed, "", utf8)
	wantError(t, err, "separator is empty")
	_, err = data.ReadPairs(filepath.Join(dir, "nope"), "\t", utf8)
	wantError(t, err, "nope")
	long := writeFile(t, dir, "long.txt", "a\tb\n"+strings.Repeat("x", 17<<20))
	_, err = data.ReadPairs(long, "\t", utf8)
	wantError(t, err, "long.txt:2", "longer than")
}

func TestReadParallel(t *testing.T) {
	dir := t.TempDir()
	en, de := writeFile(t, dir, "en.gz", "one\n\ntwo\n"), writeFile(t, dir, "de", "eins\n\nzwei")
	want := []data.TextPair{{Source: "one", Target: "eins"}, {Source: "two", Target: "zwei"}}
	got := must[[]data.TextPair](t)(data.ReadParallel(en, de, utf8))
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	pairs := must[data.Pairs](t)(data.EncodePairs(got, runes{}, runes{}))
	if asText(pairs[1].Source) != "two" || asText(pairs[1].Target) != "zwei" {
		t.Errorf("got %v", pairs[1])
	}
	_, err := data.ReadParallel(en, writeFile(t, dir, "fr", "un\n"), utf8)
	wantError(t, err, "en.gz has 3 lines", "fr has 1")
}

func TestRealData(t *testing.T) {
	dates := must[[]data.TextPair](t)(data.ReadPairs(shared(t, "data", "seq2seq/date.txt.gz"), "_", utf8))
	if len(dates) != 50000 || dates[0] != (data.TextPair{Source: "september 27, 1994", Target: "1994-09-27"}) {
		t.Errorf("got %d dates, the first %q", len(dates), dates[0])
	}
	news := must[[]data.TextPair](t)(data.ReadParallel(shared(t, "data", "multi30k/val.en.gz"), shared(t, "data", "multi30k/val.de.gz"), utf8))
	if len(news) != 1014 {
		t.Errorf("got %d pairs of sentences, want 1014", len(news))
	}
	text := data.Text{Paths: []string{shared(t, "data", "tinyshakespeare/input.txt")}, Encoder: runes{}, Block: 1 << 16}
	c := must[*data.Corpus](t)(text.Corpus())
	want := must[[]byte](t)(os.ReadFile(text.Paths[0]))
	if asText(readAll(t, c)) != string(want) {
		t.Error("the tokens are not the text's")
	}
}

func ExamplePairs() {
	pairs := data.Pairs{{Source: []int32{5, 6}, Target: []int32{7}}}
	source := pairs.Batches(data.Marks{Pad: 0, BOS: 1, EOS: 2}, data.PairSize{B: 1, S: 3, T: 3})
	feed, err := source.Batch(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(feed["source"].Int32s(), feed["tokens"].Int32s(), feed["targets"].Int32s())
	// Output: [5 6 0] [1 7 0] [7 2 -100]
}
