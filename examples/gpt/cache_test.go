package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers/generate"
)

// TestSpeculateFlag: the text is the same with and without reading ahead, for a model trained here, greedily and by sampling.
func TestSpeculateFlag(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 20))
	if err := gpt("train -data text.txt -tokenizer char -layers 1 -heads 2 -dim 32 -context 32 -batch 8 -steps 60 -lr 1e-2 -out run"); err != nil {
		t.Fatal(err)
	}
	for _, more := range []string{"-temperature 0", "-temperature 0 -scores", "-temperature 0.8 -seed 3", "-weights q8_0", "-cache q8_0", "-repetition-penalty 1.1"} {
		args := append(strings.Fields(more), "-tokens", "70")
		if a, b := answer(t, "run", "the quick", args...), answer(t, "run", "the quick", append(args, "-speculate", "3")...); a != b {
			t.Errorf("%s: got %q, one token at a time %q", more, b, a)
		}
	}
	for args, words := range map[string]string{
		"-speculate 4": "speculate 4 tokens, want 0 … 3", "-speculate -1": "-speculate is -1", "-cache q4_0": `unknown type "q4_0", want f32, bf16 or q8_0`,
	} {
		_, err := said("generate -model run -prompt the " + args)
		wantError(t, err, words)
	}
}

// TestPublishedSpeculate: so is the text of published models, in every type of weights and of caches.
func TestPublishedSpeculate(t *testing.T) {
	dir := published(t, "tinystories-656k")
	for _, model := range []string{dir, filepath.Join(dir, "model-q8_0.gguf")} {
		for _, more := range []string{"-weights f32", "-weights q8_0 -cache bf16", "-weights q4_0 -cache q8_0"} {
			args := append(strings.Fields(more), "-tokens", "60", "-scores")
			prompt := "Once upon a time, there was a little girl. Once upon a time, there was"
			if a, b := answer(t, model, prompt, args...), answer(t, model, prompt, append(args, "-speculate", "3")...); a != b {
				t.Errorf("%s %s: got %q, one token at a time %q", model, more, b, a)
			}
		}
	}
}

// TestPublishedCache: caches of few bits change the loss of a published model by less than 0.1 %, and the likeliest token only where two tokens
// are about as likely.
func TestPublishedCache(t *testing.T) {
	dir := published(t, "tinystories-656k")
	m, tok, err := open(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := tok.Encode("Once upon a time, there was a little girl named Lily. She loved to play outside in the park with her friends. " +
		"One day, she saw a big tree with a red ball in it. She wanted to get the ball, but it was too high. Her mom said: you can ask the bird for help.")
	if err != nil {
		t.Fatal(err)
	}
	plain, tops := cachedLoss(t, dir, m, 0, ids)
	for _, q := range []kernel.Quant{kernel.BF16, kernel.Q8_0} {
		loss, got := cachedLoss(t, dir, m, q, ids)
		if diff := math.Abs(loss-plain) / plain; !(diff <= 1e-3) || diff == 0 {
			t.Errorf("%v: loss %.6f, in float32 %.6f", q, loss, plain)
		}
		for i, top := range got {
			if top.id != tops[i].id && tops[i].margin > 0.05 {
				t.Errorf("%v: token %d is %d, in float32 %d with a margin of %g", q, i, top.id, tops[i].id, tops[i].margin)
			}
		}
	}
}

// TestDryRun: -dry-run prints the memory of the caches.
func TestDryRun(t *testing.T) {
	dir := published(t, "tinystories-656k")
	states := map[string]float64{}
	for _, c := range []string{"f32", "bf16", "q8_0"} {
		text, err := said("generate -model " + dir + " -dry-run -cache " + c)
		_, after, ok := strings.Cut(text, "states")
		var mb float64
		if _, scanErr := fmt.Sscanf(after, "%f", &mb); err != nil || !ok || scanErr != nil {
			t.Fatalf("-cache %s -dry-run: got %q (%v), want the memory of the states", c, text, err)
		}
		states[c] = mb
	}
	if !(states["bf16"] <= 0.51*states["f32"] && states["q8_0"] <= 0.3*states["f32"] && states["q8_0"] > 0) {
		t.Errorf("got states of %v MB, want half in bf16 and about a quarter in q8_0", states)
	}
}

// top is the likeliest token and the difference of its logit from the next one.
type top struct {
	id     int
	margin float32
}

// cachedLoss returns the loss of ids, read one by one, and the likeliest token after each.
func cachedLoss(t *testing.T, dir string, m folder.Model, q kernel.Quant, ids []int32) (loss float64, tops []top) {
	t.Helper()
	params, err := folder.Expect(dir, m)
	if err != nil {
		t.Fatal(err)
	}
	d, err := generate.NewDecoder(params, generate.Cached{Model: m, Format: q}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Load(dir, m, params.All()); err != nil {
		t.Fatal(err)
	}
	for i, id := range ids[:len(ids)-1] {
		all, err := d.Append([][]int32{{id}})
		if err != nil {
			t.Fatal(err)
		}
		logits, sum := all[0], 0.0
		best := slices.Max(logits)
		for _, l := range logits {
			sum += math.Exp(float64(l - best))
		}
		loss += math.Log(sum) - float64(logits[ids[i+1]]-best)
		sorted := slices.Sorted(slices.Values(logits))
		tops = append(tops, top{slices.Index(logits, best), best - sorted[len(sorted)-2]})
	}
	return loss / float64(len(ids)-1), tops
}
