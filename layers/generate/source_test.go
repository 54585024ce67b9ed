package generate_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

var smallSeq2Seq = models.Seq2Seq{
	EncoderLayers: 2, DecoderLayers: 2, Heads: 2, Dim: 8, Hidden: 12, SourceVocab: 17, TargetVocab: 19, Source: 6, Target: 70, BOS: []int32{1}, EOS: []int32{2},
}

// translation returns a batch of sources and their logits for given targets, without caches.
func translation(t *testing.T, params *graph.Params, m models.Seq2Seq, sources, targets [][]int32) [][][]float32 {
	t.Helper()
	b, steps := len(sources), len(targets[0])
	p := build(t, params, graph.Eval, m.Loss(b, m.Source, steps))
	source, lengths := make([]int32, b*m.Source), make([]int32, b)
	for i, s := range sources {
		copy(source[i*m.Source:], s)
		lengths[i] = int32(len(s))
	}
	run(t, p, graph.Feed{
		"source": graphtest.Ints(source, b, m.Source), "source_lengths": graphtest.Ints(lengths, b),
		"tokens": graphtest.Ints(slices.Concat(targets...), b, steps), "targets": graphtest.Ints(make([]int32, b*steps), b, steps),
		"lengths": graphtest.Ints(slices.Repeat([]int32{int32(steps)}, b), b),
	})
	all := make([][][]float32, b)
	for i := range all {
		for n := range steps {
			all[i] = append(all[i], slices.Clone(p.Output("logits").Float32s()[(i*steps+n)*m.TargetVocab:][:m.TargetVocab]))
		}
	}
	return all
}

// TestSeq2SeqCacheEqualsWhole: prompts of one token and of several, over sources of different lengths.
func TestSeq2SeqCacheEqualsWhole(t *testing.T) {
	sources := [][]int32{random(1, 17, 6), random(2, 17, 1), random(3, 17, 4)}
	targets := [][]int32{random(4, 19, 70), random(5, 19, 70), random(6, 19, 70)}
	for _, normFirst := range []bool{false, true} {
		for _, prompt := range []int{1, 5, 66} {
			t.Run(fmt.Sprintf("normFirst=%v/prompt=%d", normFirst, prompt), func(t *testing.T) {
				m, params := smallSeq2Seq, newParams()
				m.NormFirst = normFirst
				d := decoder(t, params, m, 3)
				want := translation(t, params, m, sources, targets)
				if err := d.SetSources([][]int32{{1}, {2, 3}, {4}}); err != nil { // earlier sources leave no trace
					t.Fatal(err)
				}
				if err := d.SetSources(sources); err != nil {
					t.Fatal(err)
				}
				for n := prompt; n <= 70; n++ {
					next := make([][]int32, 3)
					for b := range next {
						next[b] = targets[b][d.Len(b):n]
					}
					logits, err := d.Append(next)
					if err != nil {
						t.Fatal(err)
					}
					for b := range logits {
						if diff := distance(logits[b], want[b][n-1]); !(diff <= cacheTolerance) {
							t.Fatalf("sequence %d, position %d differs by %g, want at most %g", b, n-1, diff, cacheTolerance)
						}
					}
				}
			})
		}
	}
}

// TestReorderSources: a sequence moves together with its source.
func TestReorderSources(t *testing.T) {
	params := newParams()
	d := decoder(t, params, smallSeq2Seq, 2)
	sources, target := [][]int32{{3, 4, 5, 6, 7, 8}, {9, 10}}, []int32{1, 7, 5}
	want := translation(t, params, smallSeq2Seq, sources, [][]int32{target, target})
	if err := d.SetSources(sources); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Append([][]int32{target[:2], target[:2]}); err != nil {
		t.Fatal(err)
	}
	if err := d.Reorder([]int{1, 0}); err != nil {
		t.Fatal(err)
	}
	logits, err := d.Append([][]int32{target[2:], target[2:]})
	if err != nil {
		t.Fatal(err)
	}
	for b := range logits {
		if diff := distance(logits[b], want[1-b][2]); !(diff <= cacheTolerance) {
			t.Errorf("sequence %d differs from source %d by %g, want at most %g", b, 1-b, diff, cacheTolerance)
		}
	}
}

func TestSourceErrors(t *testing.T) {
	d := decoder(t, newParams(), smallSeq2Seq, 2)
	bos := [][]int32{{1}, {1}}
	_, err := d.Append(bos)
	wantError(t, err, "encoder", "SetSources first")
	wantError(t, d.SetSources([][]int32{{1}}), "1 sources", "2")
	wantError(t, d.SetSources([][]int32{{1}, make([]int32, 7)}), "source 1", "7 tokens", "takes 6")
	wantError(t, d.SetSources([][]int32{{1}, {2, 17}}), "17")
	wantError(t, d.SetSources([][]int32{{1}, nil}), "source 1", "empty", "at least one")
	_, err = d.Append(bos)
	wantError(t, err, "SetSources first")
	if err := d.SetSources([][]int32{{1}, {2, 3}}); err != nil {
		t.Fatal(err)
	}
	if _, err = d.Append(bos); err != nil {
		t.Error(err)
	}
	if err := d.SetSources([][]int32{{1}, {2, 3}}); err != nil || d.Len(0) != 0 {
		t.Errorf("got %d tokens and error %v after new sources, want none", d.Len(0), err)
	}
}

// TestTargetsDoNotSlide: a target that exceeds its window is an error, and so is Slide.
func TestTargetsDoNotSlide(t *testing.T) {
	d := decoder(t, newParams(), smallSeq2Seq, 1)
	if err := d.SetSources([][]int32{{1, 2}}); err != nil {
		t.Fatal(err)
	}
	_, err := collect(d, []int32{1}, generate.Options{Slide: true, Tokens: 2})
	wantError(t, err, "first position", "cannot slide")
	got, err := collect(d, []int32{1}, generate.Options{Tokens: d.Window() + 1})
	wantError(t, err, "reached the model's window")
	if len(got) != d.Window() {
		t.Errorf("got %d tokens before the error, want the %d of the window", len(got), d.Window())
	}
}
