package generate_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers/generate"
)

// prompts returns random prompts of some lengths.
func prompts(vocab int, lengths ...int) [][]int32 {
	all := make([][]int32, len(lengths))
	for i, n := range lengths {
		all[i] = random(uint64(i), vocab, n)
	}
	return all
}

// lengthsUpTo returns 1 … n, shuffled.
func lengthsUpTo(n int) []int {
	lengths := make([]int, n)
	for i := range lengths {
		lengths[i] = i*61%n + 1 // 61 has no divisor in common with the windows of the tests
	}
	return lengths
}

// TestAllLengths: in a batch of prompts of every length up to the window, each sequence continues as it does alone. Some fill the window
// at once, others stop at other times.
func TestAllLengths(t *testing.T) {
	params := graph.NewParams(tensor.Float64, 1)
	texts := prompts(longGPT.Vocab, lengthsUpTo(longGPT.Context)...)
	many, one := decoder(t, params, longGPT, len(texts)), decoder(t, params, longGPT, 1)
	o := generate.Options{Tokens: 6, Stop: []int32{3, 5, 7, 11, 13}}
	got, err := generate.Batch(many, texts, o)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[int]bool{}
	for b, text := range texts {
		alone := o
		alone.Tokens = min(o.Tokens, longGPT.Context-len(text)+1)
		if want := mustCollect(t, one, text, alone); !slices.Equal(got[b], want) {
			t.Errorf("prompt of %d tokens: got %v, alone %v", len(text), got[b], want)
		}
		counts[len(got[b])] = true
	}
	if len(counts) < 4 {
		t.Errorf("the sequences have %d lengths: the test shows little", len(counts))
	}
}

// TestAllLengthsOfTargets is TestAllLengths with sources, which move with their sequences.
func TestAllLengthsOfTargets(t *testing.T) {
	params, m := graph.NewParams(tensor.Float64, 1), smallSeq2Seq
	texts := prompts(m.TargetVocab, lengthsUpTo(m.Target)...)
	many, one := decoder(t, params, m, len(texts)), decoder(t, params, m, 1)
	var sources [][]int32
	for b := range texts {
		sources = append(sources, random(uint64(100+b), m.SourceVocab, 1+b%m.Source))
	}
	o := generate.Options{Tokens: 9, Stop: []int32{3, 4, 5}}
	if err := many.SetSources(sources); err != nil {
		t.Fatal(err)
	}
	for again := range 2 { // the sources stay
		got, err := generate.Batch(many, texts, o)
		if err != nil {
			t.Fatal(err)
		}
		for b, text := range texts {
			if err := one.SetSources(sources[b : b+1]); err != nil {
				t.Fatal(err)
			}
			alone := o
			alone.Tokens = min(o.Tokens, m.Target-len(text)+1)
			if want := mustCollect(t, one, text, alone); !slices.Equal(got[b], want) {
				t.Errorf("run %d, prompt of %d tokens: got %v, alone %v", again, len(text), got[b], want)
			}
		}
	}
}

// TestSomeSequences appends random numbers of tokens, mostly none, to sequences that are also reordered and emptied. Every logit is that
// of the whole sequence.
func TestSomeSequences(t *testing.T) {
	params := newParams()
	const b = 9
	d, w := decoder(t, params, longGPT, b), newWhole(t, params, longGPT)
	seed, draw := kernel.Seed{Key: 3}, uint64(0)
	next := func(n int) int { draw++; return int(seed.Uint32(draw)) % n }
	var texts [b][]int32
	moved := false
	for turn := range 120 {
		if turn%40 == 39 {
			d.Reset()
			texts = [b][]int32{}
		} else if turn%7 == 6 {
			parents, old := make([]int, b), texts
			for i := range parents {
				parents[i] = next(b)
				texts[i] = slices.Clone(old[parents[i]])
			}
			if err := d.Reorder(parents); err != nil {
				t.Fatal(err)
			}
		}
		more := make([][]int32, b)
		for i := range more {
			n := 0
			if len(texts[i]) == 0 {
				n = 1 + next(60)
			} else if next(3) == 0 && i%4 != turn/30 {
				n = 1 + next(1+next(40))
			}
			more[i] = random(draw, longGPT.Vocab, min(n, longGPT.Context-len(texts[i])))
			texts[i] = append(texts[i], more[i]...)
		}
		logits, err := d.Append(more)
		if err != nil {
			t.Fatal(err)
		}
		for i := range logits {
			if diff := distance(logits[i], w.next(t, texts[i])); !(diff <= cacheTolerance) || d.Len(i) != len(texts[i]) {
				t.Fatalf("turn %d: sequence %d of %d tokens, want %d, differs by %g, want at most %g", turn, i, d.Len(i), len(texts[i]), diff, cacheTolerance)
			}
		}
		moved = moved || !slices.IsSorted(generate.Rows(d))
	}
	if !moved {
		t.Error("no row has moved: the test shows little")
	}
}

// TestNoTokensNoWork: a sequence without new tokens gets its logits without a run. Runs would fail here, because the weights are NaN.
func TestNoTokensNoWork(t *testing.T) {
	params := newParams()
	d := decoder(t, params, longGPT, 3)
	logits, err := d.Append(prompts(longGPT.Vocab, 5, 90, 1))
	if err != nil {
		t.Fatal(err)
	}
	want := [][]float32{slices.Clone(logits[2]), slices.Clone(logits[1]), slices.Clone(logits[1])}
	for _, v := range params.All() {
		v.Memset(float32(math.NaN()))
	}
	if err := d.Reorder([]int{2, 1, 1}); err != nil {
		t.Fatal(err)
	}
	if logits, err = d.Append(make([][]int32, 3)); err != nil {
		t.Fatal(err)
	}
	for b := range want {
		if !slices.Equal(logits[b], want[b]) {
			t.Errorf("sequence %d: other logits than before", b)
		}
	}
}

// TestFailedAppend: an error in a later pass leaves all sequences as they were.
func TestFailedAppend(t *testing.T) {
	params := newParams()
	d, w := decoder(t, params, longGPT, 3), newWhole(t, params, longGPT)
	texts := prompts(longGPT.Vocab, 7, 3, 40)
	if _, err := d.Append(texts); err != nil {
		t.Fatal(err)
	}
	bad := prompts(longGPT.Vocab, 143, 2, 0)
	bad[0][142] = 29
	_, err := d.Append(bad)
	wantError(t, err, "29")
	for _, more := range [][][]int32{make([][]int32, 3), {{1, 2}, nil, {3}}} {
		logits, err := d.Append(more)
		if err != nil {
			t.Fatal(err)
		}
		for b := range texts {
			texts[b] = append(texts[b], more[b]...)
			if diff := distance(logits[b], w.next(t, texts[b])); !(diff <= cacheTolerance) || d.Len(b) != len(texts[b]) {
				t.Errorf("sequence %d of %d tokens, want %d, differs by %g, want at most %g", b, d.Len(b), len(texts[b]), diff, cacheTolerance)
			}
		}
	}
}

// TestSameBits: the logits do not depend on the number of processors or on earlier texts.
func TestSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	texts := prompts(longGPT.Vocab, 70, 3, 150, 1, 33, 8)
	d := decoder(t, newParams(), longGPT, len(texts))
	var want string
	for _, n := range []int{1, 2, 4} {
		runtime.GOMAXPROCS(n)
		d.Reset()
		logits, err := d.Append(texts)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(logits)
		if logits, err = d.Append([][]int32{{1}, nil, nil, {2}, nil, nil}); err != nil {
			t.Fatal(err)
		}
		if got += fmt.Sprint(logits); want == "" {
			want = got
		} else if got != want {
			t.Errorf("%d processors: other bits than one", n)
		}
		if err := d.Reorder([]int{5, 4, 4, 0, 1, 2}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSteadyState: once all sizes have run, Append allocates nothing.
func TestSteadyState(t *testing.T) {
	texts := prompts(longGPT.Vocab, 70, 3, 150, 1, 33, 8)
	d := decoder(t, newParams(), longGPT, len(texts))
	one := [][]int32{{1}, {2}, nil, {3}, nil, {4}}
	all := func() {
		d.Reset()
		for _, next := range [][][]int32{texts, one, one, make([][]int32, 6)} {
			if _, err := d.Append(next); err != nil {
				t.Fatal(err)
			}
		}
	}
	all()
	if n := testing.AllocsPerRun(5, all); n != 0 {
		t.Errorf("got %g allocations, want none", n)
	}
}
