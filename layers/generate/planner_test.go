package generate_test

import (
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers/generate"
)

// TestPassesFit: the passes over prompts of different lengths read every token, and few other positions.
func TestPassesFit(t *testing.T) {
	various := make([]int, 32)
	for i := range various {
		various[i] = 5 + int(kernel.Seed{Key: 1}.Uint32(uint64(i))%396)
	}
	for _, c := range []struct {
		lengths   []int
		positions float64 // at most, for each token
		passes    int     // at most
	}{
		{various, 1.06, 22}, {[]int{400}, 1.3, 4}, {[]int{512}, 1, 1}, {[]int{5}, 1.7, 1}, {[]int{512, 3, 3, 3, 3, 3, 3, 3}, 1.2, 3},
		{slices.Repeat([]int{64}, 8), 1, 2}, {slices.Repeat([]int{1}, 20), 1, 1}, {slices.Repeat([]int{6}, 20), 1.4, 1},
	} {
		d := decoder(t, newParams(), bigram{5, 512}, len(c.lengths))
		tokens := 0
		for _, n := range c.lengths {
			tokens += n
		}
		positions, passes := 0, generate.Passes(d, prompts(5, c.lengths...))
		for _, z := range passes {
			positions += z[0] * z[1]
			if z[0]*z[1] > 512 {
				t.Errorf("a pass over %v, more than 512 positions", z)
			}
		}
		if ratio := float64(positions) / float64(tokens); !(ratio >= 1 && ratio <= c.positions) || len(passes) > c.passes {
			t.Errorf("prompts of %v: %d passes over %d positions for %d tokens, want at most %d and %g for each token: %v",
				c.lengths, len(passes), positions, tokens, c.passes, c.positions, passes)
		}
	}
}

// TestFinishedSequencesMove: when half of a batch has stopped, the others soon move to the front and cost no more than half a batch.
// Then beam search and sequences of their own still work.
func TestFinishedSequencesMove(t *testing.T) {
	params := newParams()
	const b = 8
	d, w := decoder(t, params, longGPT, b), newWhole(t, params, longGPT)
	texts := prompts(longGPT.Vocab, 110, 111, 112, 113, 114, 115, 116, 117)
	if _, err := d.Append(texts); err != nil {
		t.Fatal(err)
	}
	finished, next := func(i int) bool { return i%2 == 0 }, make([][]int32, b)
	for i := range next {
		if !finished(generate.Rows(d)[i]) { // the even rows have stopped
			next[i] = []int32{int32(i)}
		}
	}
	if z := generate.Passes(d, next); !slices.Equal(z, [][2]int{{b, 1}}) {
		t.Errorf("got passes %v at first, want one over the batch", z)
	}
	for range 30 {
		logits, err := d.Append(next)
		if err != nil {
			t.Fatal(err)
		}
		for i := range texts {
			texts[i] = append(texts[i], next[i]...)
			if diff := distance(logits[i], w.next(t, texts[i])); !(diff <= cacheTolerance) {
				t.Fatalf("sequence %d differs by %g, want at most %g", i, diff, cacheTolerance)
			}
		}
	}
	if z := generate.Passes(d, next); !slices.Equal(z, [][2]int{{b / 2, 1}}) {
		t.Errorf("got passes %v after 30 tokens, want one over half of the batch", z)
	}
	o := generate.BeamOptions{Tokens: 8, Stop: []int32{3}}
	got, err := generate.Beam(d, texts[0], o)
	if err != nil {
		t.Fatal(err)
	}
	compareHypotheses(t, got, naiveBeam(t, w, texts[0], 8, b, o))
}
