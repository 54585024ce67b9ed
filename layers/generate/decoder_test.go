package generate_test

import (
	"fmt"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

func append1(t testing.TB, d *generate.Decoder, tokens ...int32) []float32 {
	t.Helper()
	logits, err := d.Append([][]int32{tokens})
	if err != nil {
		t.Fatal(err)
	}
	return logits[0]
}

// TestCacheEqualsWhole: after prompts shorter than, equal to and longer than a chunk of 64, and near the window's end, every
// further position has the logits of the whole sequence.
func TestCacheEqualsWhole(t *testing.T) {
	params := newParams()
	d, w := decoder(t, params, longGPT, 1), newWhole(t, params, longGPT)
	text := random(1, longGPT.Vocab, longGPT.Context)
	want := w.logits(t, text)
	for _, prompt := range []int{1, 2, 63, 64, 65, 86, 87, 127, 128, 129, 149, 150} {
		d.Reset()
		for n := prompt; n <= len(text); n++ {
			from := n - 1
			if n == prompt {
				from = 0
			}
			got := append1(t, d, text[from:n]...)
			if diff := distance(got, want[n-1]); !(diff <= cached) {
				t.Fatalf("prompt of %d: position %d differs by %g, want at most %g", prompt, n-1, diff, cached)
			}
			if d.Len(0) != n {
				t.Fatalf("got %d tokens, want %d", d.Len(0), n)
			}
		}
	}
}

// TestBatchOfLengths: sequences of a batch that get different numbers of tokens, none among them, stay apart.
func TestBatchOfLengths(t *testing.T) {
	params := newParams()
	const b = 3
	d, w := decoder(t, params, longGPT, b), newWhole(t, params, longGPT)
	var texts [b][]int32
	var want [b][][]float32
	for i := range b {
		texts[i] = random(uint64(i), longGPT.Vocab, longGPT.Context)
		want[i] = w.logits(t, texts[i])
	}
	for _, turns := range [][][b]int{
		{{5, 64, 1}, {1, 1, 1}, {0, 1, 1}, {1, 0, 70}, {0, 0, 0}, {66, 3, 0}, {1, 1, 1}},
		{{130, 2, 65}, {1, 1, 1}, {19, 0, 1}, {0, 140, 0}, {0, 1, 64}},
		{{150, 149, 86}, {0, 1, 64}, {0, 0, 0}},
	} {
		d.Reset()
		var at [b]int
		for _, n := range turns {
			next := make([][]int32, b)
			for i := range b {
				next[i] = texts[i][at[i]:][:n[i]]
				at[i] += n[i]
			}
			logits, err := d.Append(next)
			if err != nil {
				t.Fatal(err)
			}
			for i := range b {
				if diff := distance(logits[i], want[i][at[i]-1]); !(diff <= cached) {
					t.Errorf("turn %v of %v: sequence %d differs by %g, want at most %g", n, turns, i, diff, cached)
				}
				if d.Len(i) != at[i] {
					t.Errorf("sequence %d: got %d tokens, want %d", i, d.Len(i), at[i])
				}
			}
		}
	}
}

// TestSmallWindow: a window of one token, and of less than a chunk.
func TestSmallWindow(t *testing.T) {
	for _, context := range []int{1, 2, 5} {
		m := longGPT
		m.Context = context
		params := newParams()
		d, w := decoder(t, params, m, 1), newWhole(t, params, m)
		text := random(2, m.Vocab, context)
		if diff := distance(append1(t, d, text...), w.next(t, text)); !(diff <= cached) {
			t.Errorf("context %d: differs by %g, want at most %g", context, diff, cached)
		}
	}
}

// TestFloat64 holds the logits of float64 models to their own precision of decoding, that of the float32 they are returned in.
func TestFloat64(t *testing.T) {
	params := graph.NewParams(tensor.Float64, 1)
	d := decoder(t, params, longGPT, 1)
	p := build(t, params, graph.Eval, longGPT.Logits(1, 7))
	text := random(3, longGPT.Vocab, 7)
	run(t, p, graph.Feed{"tokens": graphtest.Ints(text, 1, 7)})
	append1(t, d, text[:5]...)
	got := append1(t, d, text[5:]...)
	for i, v := range p.Output("logits").Float64s()[6*longGPT.Vocab:] {
		if got[i] != float32(v) {
			t.Errorf("logit %d: got %g, want %g", i, got[i], float32(v))
		}
	}
}

// TestReorder: each sequence goes on from what was its parent.
func TestReorder(t *testing.T) {
	params := newParams()
	d, w := decoder(t, params, longGPT, 3), newWhole(t, params, longGPT)
	texts := [][]int32{random(4, 29, 70), random(5, 29, 3), random(6, 29, 10)}
	if _, err := d.Append(texts); err != nil {
		t.Fatal(err)
	}
	for _, parents := range [][]int{{1, 1, 0}, {2, 0, 1}, {0, 1, 2}, {2, 2, 2}} {
		if err := d.Reorder(parents); err != nil {
			t.Fatal(err)
		}
		old := texts
		texts = nil
		for _, p := range parents {
			texts = append(texts, slices.Clone(old[p]))
		}
		for _, n := range []int{0, 1} { // a sequence without new tokens has its parent's logits
			next := make([][]int32, 3)
			for b := range next {
				next[b] = random(uint64(10+b), 29, n)
				texts[b] = append(texts[b], next[b]...)
			}
			logits, err := d.Append(next)
			if err != nil {
				t.Fatal(err)
			}
			for b := range logits {
				if diff := distance(logits[b], w.next(t, texts[b])); !(diff <= cached) {
					t.Errorf("parents %v, %d tokens: sequence %d differs by %g, want at most %g", parents, n, b, diff, cached)
				}
			}
		}
	}
}

func TestDecoderErrors(t *testing.T) {
	m := longGPT
	m.Context = 5
	params := newParams()
	d := decoder(t, params, m, 2)
	appended := func(tokens ...[]int32) error {
		_, err := d.Append(tokens)
		return err
	}
	wantError(t, appended([]int32{1}), "1 sequences", "2")
	wantError(t, appended([]int32{1}, nil), "sequence 1", "empty")
	wantError(t, appended([]int32{1}, make([]int32, 6)), "sequence 1", "6 tokens", "window is 5")
	wantError(t, appended([]int32{1}, []int32{2, 29}), "29")
	wantError(t, appended([]int32{1}, []int32{2, -1}), "-1")
	if d.Len(0) != 0 || d.Len(1) != 0 {
		t.Errorf("got %d and %d tokens after errors, want none", d.Len(0), d.Len(1))
	}
	if err := appended([]int32{1, 2, 3}, []int32{4}); err != nil {
		t.Fatal(err)
	}
	wantError(t, appended(make([]int32, 3), nil), "sequence 0", "6 tokens", "window is 5")
	wantError(t, d.Reorder([]int{0}), "1 parents", "2")
	wantError(t, d.Reorder([]int{0, 2}), "parent 2", "sequence 1")
	wantError(t, d.Reorder([]int{-1, 0}), "parent -1", "sequence 0")
	wantError(t, d.SetSources([][]int32{{1}, {2}}), "no encoder")
	if d.Len(0) != 3 || d.Len(1) != 1 {
		t.Errorf("got %d and %d tokens after errors, want 3 and 1", d.Len(0), d.Len(1))
	}
	_, err := generate.NewDecoder(params, m, 0)
	wantError(t, err, "batch of 0")
	m.Heads = 3
	_, err = generate.NewDecoder(params, m, 1)
	wantError(t, err, "16", "3 Heads")
}

// TestModelsOfOneself: what a model lacks is an error, by name.
func TestModelsOfOneself(t *testing.T) {
	for want, m := range map[string]generate.Model{
		"input positions": lacking{bigram{5, 9}, []string{"tokens", "past", "last"}, "logits"},
		"input last":      lacking{bigram{5, 9}, []string{"tokens", "past", "positions"}, "logits"},
		"output logits":   lacking{bigram{5, 9}, []string{"tokens", "past", "positions", "last"}, "scores"},
	} {
		_, err := generate.NewDecoder(newParams(), m, 2)
		wantError(t, err, want)
	}
	_, err := generate.NewDecoder(newParams(), sourceless{bigram{5, 9}}, 2)
	wantError(t, err, "input source")
}

// lacking is a model with only some of the inputs, and with an output of another name.
type lacking struct {
	bigram
	inputs []string
	output string
}

func (m lacking) Decode(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		for _, name := range m.inputs {
			shape := []int{b, t}
			if name == "past" || name == "last" {
				shape = shape[:1]
			}
			s.Input(name, tensor.Int32, shape...)
		}
		s.Output(m.output, s.Param("x", graph.Ones(), b, m.vocab))
	}
}

// sourceless is an encoder-decoder that reads no source.
type sourceless struct{ bigram }

func (m sourceless) Remember(b int) func(*graph.Scope) {
	return func(s *graph.Scope) { s.Output("kept", s.Param("x", graph.Ones(), b)) }
}

var smallSeq2Seq = models.Seq2Seq{
	EncoderLayers: 2, DecoderLayers: 2, Heads: 2, Dim: 8, Hidden: 12, SourceVocab: 17, TargetVocab: 19, Source: 6, Target: 70, BOS: 1, EOS: 2,
}

// translation is a batch of sources and their logits for given targets, without caches.
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
				if err := d.SetSources([][]int32{{1}, {2, 3}, {4}}); err != nil { // others first: they leave nothing behind
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
						if diff := distance(logits[b], want[b][n-1]); !(diff <= cached) {
							t.Fatalf("sequence %d, position %d differs by %g, want at most %g", b, n-1, diff, cached)
						}
					}
				}
			})
		}
	}
}

// TestReorderSources: a sequence takes its source along.
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
		if diff := distance(logits[b], want[1-b][2]); !(diff <= cached) {
			t.Errorf("sequence %d differs from that of source %d by %g, want at most %g", b, 1-b, diff, cached)
		}
	}
}

func TestSourceErrors(t *testing.T) {
	d := decoder(t, newParams(), smallSeq2Seq, 2)
	bos := [][]int32{{1}, {1}}
	_, err := d.Append(bos)
	wantError(t, err, "encoder", "sources first")
	wantError(t, d.SetSources([][]int32{{1}}), "1 sources", "2")
	wantError(t, d.SetSources([][]int32{{1}, make([]int32, 7)}), "source 1", "7 tokens", "takes 6")
	wantError(t, d.SetSources([][]int32{{1}, {2, 17}}), "17")
	_, err = d.Append(bos)
	wantError(t, err, "sources first")
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
