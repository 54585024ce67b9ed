package generate_test

import (
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/layers/generate"
)

// TestGreedyEqualsWhole: a text generated with a cache equals a text whose whole sequence is recomputed for every token.
func TestGreedyEqualsWhole(t *testing.T) {
	params := newParams()
	d, w := decoder(t, params, longGPT, 1), newWhole(t, params, longGPT)
	for _, n := range []int{1, 64, 100} {
		prompt := random(uint64(n), longGPT.Vocab, n)
		got := mustCollect(t, d, prompt, generate.Options{Tokens: 30})
		if want := w.greedy(t, prompt, 30); !slices.Equal(got, want) {
			t.Errorf("prompt of %d: got %v, want %v", n, got, want)
		}
	}
}

func TestStopTokens(t *testing.T) {
	params := newParams()
	d := decoder(t, params, longGPT, 1)
	prompt := []int32{3, 1, 4}
	all := mustCollect(t, d, prompt, generate.Options{Tokens: 40})
	for _, stop := range [][]int32{{all[0]}, {all[7]}, {99, all[20], all[5]}, {99}} {
		want := all
		for i, id := range all {
			if slices.Contains(stop, id) {
				want = all[:i]
				break
			}
		}
		if got := mustCollect(t, d, prompt, generate.Options{Tokens: 40, Stop: stop}); !slices.Equal(got, want) {
			t.Errorf("stop %v: got %v, want %v", stop, got, want)
		}
	}
}

// TestCallerStops: a caller that breaks out of the loop gets no more tokens.
func TestCallerStops(t *testing.T) {
	n := 0
	for _, err := range generate.Tokens(always(t, 1, 2), []int32{0}, generate.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("got %d tokens, want 3", n)
	}
}

// TestWindow: a text fills the window, and one more token is chosen but not read. Then the text ends, slides or fails.
func TestWindow(t *testing.T) {
	m := longGPT
	m.Context = 8
	params := newParams()
	d, w := decoder(t, params, m, 1), newWhole(t, params, m)
	prompt := []int32{3, 1, 4}
	want := w.greedy(t, prompt, 6)
	got, err := collect(d, prompt, generate.Options{})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("to the end: got %v and error %v, want %v", got, err, want)
	}
	if got := mustCollect(t, d, prompt, generate.Options{Tokens: 6}); !slices.Equal(got, want) {
		t.Errorf("all that fits: got %v, want %v", got, want)
	}
	got, err = collect(d, prompt, generate.Options{Tokens: 7})
	wantError(t, err, "window of 8")
	if !slices.Equal(got, want) {
		t.Errorf("before the error: got %v, want %v", got, want)
	}
	if got := mustCollect(t, d, random(1, 29, 8), generate.Options{}); len(got) != 1 {
		t.Errorf("after a prompt that fills the window: got %v, want one token", got)
	}
	for _, slide := range []bool{false, true} {
		_, err = collect(d, make([]int32, 9), generate.Options{Slide: slide, Tokens: 1})
		wantError(t, err, "prompt has 9 tokens", "window is 8")
		_, err = collect(d, nil, generate.Options{Slide: slide, Tokens: 1})
		wantError(t, err, "empty")
	}
	_, err = collect(decoder(t, params, m, 2), prompt, generate.Options{Tokens: 1})
	wantError(t, err, "2 sequences", "1")
}

// TestSliding: past the window, the second half of the window is re-encoded from position 0.
func TestSliding(t *testing.T) {
	for _, context := range []int{1, 2, 7, 8} {
		m := longGPT
		m.Context = context
		params := newParams()
		d, w := decoder(t, params, m, 1), newWhole(t, params, m)
		seen := random(5, 29, context)
		got, err := collect(d, seen, generate.Options{Slide: true, Tokens: 3 * context})
		if err != nil {
			t.Fatal(err)
		}
		var want []int32
		text := slices.Clone(seen)
		for range 3 * context {
			id := argmax(w.next(t, seen))
			want, text, seen = append(want, id), append(text, id), append(slices.Clone(seen), id)
			if len(seen) > context {
				seen = text[len(text)-max(context/2, 1):]
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("window of %d: got %v, want %v", context, got, want)
		}
	}
}

// TestBatchEqualsTokens: sequences with prompts of different lengths, some of which stop early, are the same in a batch and alone.
func TestBatchEqualsTokens(t *testing.T) {
	params := newParams()
	prompts := [][]int32{random(1, 29, 3), random(2, 29, 65), random(3, 29, 1), random(4, 29, 150), random(5, 29, 140)}
	one, many := decoder(t, params, longGPT, 1), decoder(t, params, longGPT, len(prompts))
	stop := mustCollect(t, one, prompts[1], generate.Options{Tokens: 9})[8]
	for name, o := range map[string]generate.Options{
		"greedy":        {Tokens: 25},
		"stop":          {Tokens: 25, Stop: []int32{stop}},
		"to the window": {Stop: []int32{stop}},
		"sampled":       {Tokens: 25, Temperature: 1, TopK: 10, RepetitionPenalty: 1.2, Seed: 3},
	} {
		got, err := generate.Batch(many, prompts, o)
		if err != nil {
			t.Fatal(err)
		}
		lengths := map[int]bool{}
		for b, prompt := range prompts {
			alone := o
			alone.Seed += uint64(b)
			alone.Tokens = longGPT.Context - len(prompt) + 1 // as many as fit into the window
			if o.Tokens > 0 {
				alone.Tokens = min(alone.Tokens, o.Tokens)
			}
			if want := mustCollect(t, one, prompt, alone); !slices.Equal(got[b], want) {
				t.Errorf("%s: sequence %d: got %v, want %v", name, b, got[b], want)
			}
			lengths[len(got[b])] = true
		}
		if len(lengths) < 2 {
			t.Errorf("%s: all sequences have the same length: the test shows little", name)
		}
	}
	_, err := generate.Batch(many, prompts[:2], generate.Options{Tokens: 1})
	wantError(t, err, "2 sequences", "5")
	_, err = generate.Batch(one, [][]int32{make([]int32, 151)}, generate.Options{Tokens: 1})
	wantError(t, err, "151 tokens", "150")
}
