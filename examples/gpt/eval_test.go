package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// TestEvalOfRun: without -data, eval scores the held-out text of the run with the same loss. It refuses a text that has changed.
func TestEvalOfRun(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 50))
	if err := trainSmall(t, "-out first"); err != nil {
		t.Fatal(err)
	}
	eval := func(args string) (loss float64, tokens int, err error) {
		var said bytes.Buffer
		if err = program(&said).Run(strings.Fields("eval "+args), &said); err != nil {
			return 0, 0, err
		}
		var perplexity float64
		_, err = fmt.Sscanf(said.String(), "loss %f perplexity %f tokens %d\n", &loss, &perplexity, &tokens)
		return loss, tokens, err
	}
	last, err := checkpoints.Check(filepath.Join("first", "checkpoints", "step-00000004"))
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range []string{"first", last.Dir} {
		loss, tokens, err := eval("-model " + model)
		if held := 50*len(fox)/10 - 1; err != nil || tokens != held || math.Abs(loss-last.Loss) > 6e-5 { // four digits are printed
			t.Errorf("%s: got loss %v on %d tokens (%v), want %v on %d", model, loss, tokens, err, last.Loss, held)
		}
	}
	if _, tokens, err := eval("-model first -data text.txt"); err != nil || tokens != 50*len(fox)-1 {
		t.Errorf("-data: got %d tokens (%v), want all but the first", tokens, err)
	}
	writeText(t, strings.Repeat(fox, 51))
	_, _, err = eval("-model first")
	wantError(t, err, "text.txt", "first", "the text has changed", "-data")
	os.Remove("text.txt")
	_, _, err = eval("-model first")
	wantError(t, err, "text.txt", "the run of first", "does not exist", "name the data to score with -data")
	os.Remove(filepath.Join("first", "run.json"))
	_, _, err = eval("-model first")
	wantError(t, err, "-data is missing", "first")
}

// TestMissingPaths: a path that does not exist is named with its flag and a remedy.
func TestMissingPaths(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 50))
	wantError(t, gpt("train -data text.txt -init nope"), `-init is "nope"`, "does not exist", "train a model first")
	wantError(t, gpt("train -data text.txt -tokenizer nope"), `-tokenizer is "nope"`, "char, word, bpe, unigram, wordpiece", "the path of a trained tokenizer")
	if err := trainSmall(t, "-out first"); err != nil {
		t.Fatal(err)
	}
	os.Remove(filepath.Join("first", "config.json")) // as in an unfinished run
	err := gpt("generate -model first -prompt the")
	wantError(t, err, "unfinished run", "train -resume -out first", filepath.Join("first", "checkpoints", "step-00000004"))
}
