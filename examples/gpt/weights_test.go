package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// lossOf returns the loss that eval prints.
func lossOf(t *testing.T, args string) (loss float64) {
	t.Helper()
	text, err := said("eval " + args)
	if err == nil {
		_, err = fmt.Sscanf(text, "loss %f", &loss)
	}
	if err != nil {
		t.Fatal(err)
	}
	return loss
}

// TestWeights: a model of every type of weights is scored and continued. Rows of 32 can be packed, but not in blocks of 256.
func TestWeights(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 20))
	if err := gpt("train -data text.txt -tokenizer char -layers 1 -heads 2 -dim 32 -context 16 -batch 8 -steps 60 -lr 1e-2 -out run"); err != nil {
		t.Fatal(err)
	}
	plain := lossOf(t, "-model run -data text.txt")
	for types, tol := range map[string]float64{"f32 q4_k q6_k": 0, "bf16 f16 q8_0": 0.01, "q4_0 q4_1 q5_0 q5_1": 0.1} {
		for _, w := range strings.Fields(types) {
			if loss := lossOf(t, "-model run -data text.txt -weights "+w); !(loss-plain <= tol*plain && plain-loss <= tol*plain) {
				t.Errorf("%s: got loss %v, in float32 %v", w, loss, plain)
			}
			if text := answer(t, "run", "the quick", "-tokens", "5", "-weights", w); !strings.HasPrefix(text, "the quick") {
				t.Errorf("%s: got %q", w, text)
			}
		}
	}
	_, err := said("generate -model run -prompt the -weights q9")
	wantError(t, err, `-weights is "q9"`, "q4_0")
}

// TestPublishedWeights: products with a published model in Q8_0 give the ids of llama.cpp and NumPy. So does its folder when it is rounded to
// Q8_0 here. The loss on English text changes little.
func TestPublishedWeights(t *testing.T) {
	dir := published(t, "tinystories-656k")
	var want struct {
		Model struct{ IDs []int } `json:"model-q8_0.gguf"`
	}
	if err := checkpoints.ReadJSON(filepath.Join(dir, "expected.json"), &want); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "model-q8_0.gguf")
	for _, args := range [][]string{{file}, {file, "-weights", "q8_0"}, {dir, "-weights", "q8_0"}} {
		got, _ := parseScores(t, answer(t, args[0], "Once upon a time", append(args[1:], "-tokens", "32", "-scores")...))
		if len(got) != 32 || !slices.Equal(got, want.Model.IDs) {
			t.Errorf("%v: got %v, want %v", args[1:], got, want.Model.IDs)
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	text := ""
	for _, start := range []string{"Once upon a time", "One day, a dog", "The sun", "Tom and Sue"} {
		text += answer(t, dir, start, "-tokens", "400")
	}
	writeText(t, text)
	plain := lossOf(t, "-batch 1 -data text.txt -model "+dir)
	for w, tol := range map[string]float64{"q8_0": 0.002, "bf16": 0.002, "q4_0": 0.1} { // so small a model, with 128 channels, suffers more than others
		if loss := lossOf(t, "-batch 1 -data text.txt -model "+dir+" -weights "+w); !(loss-plain <= tol*plain && plain-loss <= tol*plain) {
			t.Errorf("%s: loss %v, in float32 %v", w, loss, plain)
		}
	}
}
