package generate_test

import (
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// TestInherit executes and counts the copies for all parents of up to five sequences, over two orders of the rows. Only the second and
// further children of a sequence are copied.
func TestInherit(t *testing.T) {
	for n := 1; n <= 5; n++ {
		parents := make([]int, n)
		for {
			for _, rowOf := range [][]int{{0, 1, 2, 3, 4}, {4, 2, 0, 1, 3}} {
				rowOf = slices.DeleteFunc(slices.Clone(rowOf), func(r int) bool { return r >= n })
				rows, old, distinct := make([]int, n), slices.Clone(rowOf), map[int]bool{}
				for b, r := range rowOf {
					rows[r] = b
					distinct[parents[b]] = true
				}
				copies := generate.Inherit(rowOf, parents)
				for _, m := range copies {
					rows[m[0]] = rows[m[1]]
				}
				for b, p := range parents {
					if rows[rowOf[b]] != p || p == b && rowOf[b] != old[b] {
						t.Fatalf("parents %v of rows %v: got rows %v by copies %v", parents, old, rowOf, copies)
					}
				}
				if len(copies) != n-len(distinct) {
					t.Fatalf("parents %v: got %d copies, want %d", parents, len(copies), n-len(distinct))
				}
				if slices.Sort(rowOf); !slices.Equal(rowOf, []int{0, 1, 2, 3, 4}[:n]) {
					t.Fatalf("parents %v: two sequences share a row: %v", parents, rowOf)
				}
			}
			i := 0
			for ; i < n; i++ {
				if parents[i]++; parents[i] < n {
					break
				}
				parents[i] = 0
			}
			if i == n {
				break
			}
		}
	}
}

// TestReorderKeepsSources: sequences move together with their sources, even if source and target have the same length.
func TestReorderKeepsSources(t *testing.T) {
	m := models.Seq2Seq{EncoderLayers: 1, DecoderLayers: 1, Heads: 2, Dim: 8, SourceVocab: 9, TargetVocab: 11, Source: 6, Target: 6}
	params := newParams()
	d, straight := decoder(t, params, m, 3), decoder(t, params, m, 3)
	sources := [][]int32{{1, 2, 3, 4, 5, 6}, {7}, {3, 3, 3, 8}}
	texts := [][]int32{{1, 2}, {3}, {4, 5, 6}}
	for _, parents := range [][]int{{1, 2, 0}, {0, 0, 2}, {2, 1, 0}, {1, 1, 1}} {
		if err := d.SetSources(sources); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Append(texts); err != nil {
			t.Fatal(err)
		}
		if err := d.Reorder(parents); err != nil {
			t.Fatal(err)
		}
		moved, read := make([][]int32, 3), make([][]int32, 3)
		for b, p := range parents {
			moved[b], read[b] = sources[p], append(slices.Clone(texts[p]), 10)
		}
		got, err := d.Append([][]int32{{10}, {10}, {10}})
		if err != nil {
			t.Fatal(err)
		}
		if err := straight.SetSources(moved); err != nil {
			t.Fatal(err)
		}
		want, err := straight.Append(read)
		if err != nil {
			t.Fatal(err)
		}
		for b := range got {
			if diff := distance(got[b], want[b]); !(diff <= cacheTolerance) {
				t.Errorf("parents %v: sequence %d differs by %g, want at most %g", parents, b, diff, cacheTolerance)
			}
		}
	}
}

// BenchmarkBeam compares a step of beam search with Append of as many tokens to as many sequences.
func BenchmarkBeam(b *testing.B) {
	const width, tokens = 4, 100
	for _, c := range []struct {
		name string
		m    models.GPT
	}{
		{"small", models.GPT{Vocab: 1024, Context: 256, Layers: 4, Heads: 4, Dim: 128, InitStd: 0.2}},
		{"GPT-2", models.GPT{Vocab: vocabulary, Context: 1024, Layers: 12, Heads: 12, Dim: 768}},
	} {
		prompt := random(1, c.m.Vocab, 20)
		b.Run(c.name+"/append", func(b *testing.B) {
			d := decoder(b, newParams(), c.m, width)
			for b.Loop() {
				d.Reset()
				if _, err := d.Append(slices.Repeat([][]int32{prompt}, width)); err != nil {
					b.Fatal(err)
				}
				for range tokens - 1 {
					if _, err := d.Append([][]int32{{1}, {2}, {3}, {4}}); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(tokens*b.N), "ms/step")
		})
		b.Run(c.name+"/beam", func(b *testing.B) {
			d := decoder(b, newParams(), c.m, width)
			for b.Loop() {
				if _, err := generate.Beam(d, prompt, generate.BeamOptions{Tokens: tokens}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(tokens*b.N), "ms/step")
		})
	}
}
