package generate_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers/generate"
)

func append1(t testing.TB, d *generate.Decoder, tokens ...int32) []float32 {
	t.Helper()
	logits, err := d.Append([][]int32{tokens})
	if err != nil {
		t.Fatal(err)
	}
	return logits[0]
}

// TestCacheEqualsWhole: after prompts shorter than, equal to and longer than a pass, and near the window's end, every
// further position has the logits of the whole sequence.
func TestCacheEqualsWhole(t *testing.T) {
	params := newParams()
	d, w := decoder(t, params, longGPT, 1), newWhole(t, params, longGPT)
	text := random(1, longGPT.Vocab, longGPT.Context)
	want := w.logits(t, text)
	for _, prompt := range []int{1, 2, 8, 9, 31, 32, 33, 63, 64, 65, 86, 87, 127, 128, 129, 149, 150} {
		d.Reset()
		for n := prompt; n <= len(text); n++ {
			from := n - 1
			if n == prompt {
				from = 0
			}
			got := append1(t, d, text[from:n]...)
			if diff := distance(got, want[n-1]); !(diff <= cacheTolerance) {
				t.Fatalf("prompt of %d: position %d differs by %g, want at most %g", prompt, n-1, diff, cacheTolerance)
			}
			if d.Len(0) != n {
				t.Fatalf("got %d tokens, want %d", d.Len(0), n)
			}
		}
	}
}

// TestBatchOfLengths: sequences of a batch stay independent if they get different numbers of tokens, including none.
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
		{{86, 1, 86}, {5, 2, 64}, {1, 1, 0}}, // a pass of 64 would end with the window
		{{87, 1, 1}, {5, 2, 62}, {1, 1, 1}},  // a pass of 64 would end after the window
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
				if diff := distance(logits[i], want[i][at[i]-1]); !(diff <= cacheTolerance) {
					t.Errorf("turn %v of %v: sequence %d differs by %g, want at most %g", n, turns, i, diff, cacheTolerance)
				}
				if d.Len(i) != at[i] {
					t.Errorf("sequence %d: got %d tokens, want %d", i, d.Len(i), at[i])
				}
			}
		}
	}
}

// TestSmallWindow: a window of one token, and a window shorter than a large pass.
func TestSmallWindow(t *testing.T) {
	for _, context := range []int{1, 2, 5} {
		m := longGPT
		m.Context = context
		params := newParams()
		d, w := decoder(t, params, m, 1), newWhole(t, params, m)
		text := random(2, m.Vocab, context)
		if diff := distance(append1(t, d, text...), w.next(t, text)); !(diff <= cacheTolerance) {
			t.Errorf("context %d: differs by %g, want at most %g", context, diff, cacheTolerance)
		}
	}
}

// TestFloat64: decoding of float64 models is as precise as the float32 logits that it returns.
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

// TestReorder: each sequence continues its parent.
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
				if diff := distance(logits[b], w.next(t, texts[b])); !(diff <= cacheTolerance) {
					t.Errorf("parents %v, %d tokens: sequence %d differs by %g, want at most %g", parents, n, b, diff, cacheTolerance)
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
	_, err = generate.NewDecoder(params, nil, 1)
	wantError(t, err, "model false")
	_, err = generate.NewDecoder(nil, m, 1)
	wantError(t, err, "parameters false")
	m.Heads = 3
	_, err = generate.NewDecoder(params, m, 1)
	wantError(t, err, "16", "3 Heads")
}

// TestNoNumbers: logits of NaN or +Inf are an error, and a token with a logit of -Inf never follows.
func TestNoNumbers(t *testing.T) {
	nan := float32(math.NaN())
	for _, bad := range []float32{nan, inf} {
		for _, o := range []generate.Options{{Tokens: 3}, {Tokens: 3, Temperature: 1}, {Tokens: 3, Temperature: 1, TopP: 0.9, MinP: 0.1}} {
			got, err := collect(always(t, 1, bad, 2), []int32{0}, o)
			wantError(t, err, "token 1", "sequence 0", "weights are damaged")
			if len(got) != 0 {
				t.Errorf("got %v before the error, want nothing", got)
			}
		}
		_, err := generate.Batch(always(t, 1, bad, 2), [][]int32{{0}}, generate.Options{Tokens: 3})
		wantError(t, err, "token 1")
		_, err = generate.Beam(always(t, 1, bad, 2), []int32{0}, generate.BeamOptions{Tokens: 3})
		wantError(t, err, "token 1")
	}
	if got := mustCollect(t, always(t, 1, -inf, 2), []int32{0}, generate.Options{Tokens: 50, Temperature: 5}); slices.Contains(got, 1) {
		t.Errorf("got %v, want no token 1, whose logit is -Inf", got)
	}
}

// TestCustomModels: an error names the input or output that a model lacks.
func TestCustomModels(t *testing.T) {
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
	_, err = generate.NewDecoder(newParams(), transposed{bigram{5, 9}}, 2)
	wantError(t, err, "state s", "(4, 2)", "batch of 2")
	d := decoder(t, newParams(), fixed{bigram{5, 9}}, 2)
	if _, err = d.Append([][]int32{{1}, {2}}); err != nil {
		t.Fatal(err)
	}
	_, err = d.Append([][]int32{nil, {2}})
	wantError(t, err, "output logits", "(2, 5)", "want (1, vocabulary)")
}

// lacking is a model that may lack inputs, or have an output of another name.
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
		s.Output(m.output, s.ConstantFunc(tensor.Float32, nil, b, m.vocab))
	}
}

// transposed is a model with a state whose second axis is the batch.
type transposed struct{ bigram }

func (m transposed) Decode(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		m.bigram.Decode(b, t)(s)
		s.Output("kept", s.Try(ops.Scale(s.State("s", 4, 2), 1)))
	}
}

// fixed is a model whose output has two rows for any number of sequences.
type fixed struct{ bigram }

func (m fixed) Decode(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		for name, shape := range map[string][]int{"tokens": {b, t}, "positions": {b, t}, "past": {b}, "last": {b}} {
			s.Input(name, tensor.Int32, shape...)
		}
		s.Output("logits", s.ConstantFunc(tensor.Float32, nil, 2, m.vocab))
	}
}

// sourceless is an encoder-decoder that reads no source.
type sourceless struct{ bigram }

func (m sourceless) Remember(b int) func(*graph.Scope) {
	return func(s *graph.Scope) { s.Output("kept", s.Param("x", graph.Ones(), b)) }
}
