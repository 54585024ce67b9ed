package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

func TestBadFlags(t *testing.T) {
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "teach", Words: "no command \"teach\"|train, eval, predict, merge, help and version"},
		{Args: "train more", Words: "classify train|\"more\"|-h"},
		{Args: "train -nope 1", Words: "-nope|classify train -h"},
		{Args: "-nope", Words: "-nope|classify -h"},
		{Args: "train -layers many", Words: "-layers is \"many\", want a whole number"},
		{Args: "train -steps 0", Words: "-steps is 0, want at least 1"},
		{Args: "train -heads 0", Words: "-heads is 0"},
		{Args: "train -layers -1", Words: "-layers is -1, want at least 0"},
		{Args: "train -max-tokens -1", Words: "-max-tokens is -1"},
		{Args: "train -eval-every 0", Words: "-eval-every is 0"},
		{Args: "train -batch 0", Words: "-batch is 0, want at least 1"},
		{Args: "train -dropout 1", Words: "-dropout is 1, want at least 0 and less than 1"},
		{Args: "train -token-dropout NaN", Words: "-token-dropout is NaN"},
		{Args: "train -label-smoothing 1", Words: "-label-smoothing is 1"},
		{Args: "train -held-out 1", Words: "-held-out is 1"},
		{Args: "train -lr NaN", Words: "-lr is NaN"},
		{Args: "train -pooling max", Words: "Pooling is \"max\""},
		{Args: "train -positions rotary", Words: "Positions is \"rotary\""},
		{Args: "train -dim 10 -heads 3", Words: "Dim 10 does not divide into 3 Heads"},
		{Args: "train -data missing.tsv", Words: "missing.tsv"},
		{Args: "train -encoding klingon", Words: "-encoding|klingon"},
		{Args: "-data missing.tsv", Words: "missing.tsv"}, // without a command
		{Args: "eval", Words: "-model is \"out/classify\", which does not exist"},
		{Args: "eval -data missing.tsv -batch 0", Words: "-batch is 0"},
		{Args: "eval -data missing.tsv -model missing", Words: "missing"},
		{Args: "predict -model missing", Words: "missing"},
	})
}

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"train -nope": 1, "train -steps 0": 1, "eval": 1, "-h": 0, "eval -h": 0, "train -h": 0, "predict -h": 0, "help": 0, "help train": 0, "version": 0, "help nope": 1})
}

func TestSweepFlags(t *testing.T) {
	small := "-data text.txt -text-column 0 -label-column 1 -out out -layers 1 -heads 1 -dim 4 -batch 1 -steps 1"
	flagstest.Sweep(t, program, map[string]string{"": small, "train": small, "eval": "-data text.txt", "predict": "-text a"},
		"-test=text.txt", "-valid=text.txt") // files of labelled texts
}

// TestUnit: the help of train counts an evaluation in texts.
func TestUnit(t *testing.T) {
	var w bytes.Buffer
	if err := program(&w).Run([]string{"help", "train"}, &w); err != nil || !strings.Contains(w.String(), "texts of an evaluation") {
		t.Errorf("got %q (%v), want texts of an evaluation in it", w.String(), err)
	}
}
