package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

func TestBadFlags(t *testing.T) {
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "teach", Words: "no command \"teach\"|train, eval, predict, attention, help and version"},
		{Args: "train -layers many", Words: "-layers is \"many\", want a whole number"},
		{Args: "train -steps 0", Words: "-steps is 0, want at least 1"},
		{Args: "train -layers 0", Words: "-layers is 0, want at least 1"},
		{Args: "train -patch 0", Words: "-patch is 0"},
		{Args: "train -patch 5", Words: "-patch is 5, want a divisor of the side of the pictures, which is 28"},
		{Args: "train -size 30", Words: "-size is 30, want a multiple of -patch, which is 4"},
		{Args: "train -size 8000000", Words: "-size is 8000000, want at most 4096"},
		{Args: "train -dropout 1", Words: "-dropout is 1, want at least 0 and less than 1"},
		{Args: "train -held-out 0", Words: "-held-out is 0"},
		{Args: "train -held-out 1e-9", Words: "-held-out is 1e-09, which is 0 of 6000 pictures"},
		{Args: "train -dim 10 -heads 3", Words: "Dim 10 does not divide into 3 Heads"},
		{Args: "train -shift 28", Words: "Shift is 28, want 0 … 27"},
		{Args: "train -images missing.idx", Words: "-images is missing.idx, but -labels is missing"},
		{Args: "train -labels missing.idx", Words: "-labels is missing.idx, but -images is missing"},
		{Args: "train -images missing.idx -labels missing.idx", Words: "-images is \"missing.idx\""},
		{Args: "train -classes a,b", Words: "-classes is a,b, but -images is missing"},
		{Args: "eval", Words: "-model is \"out/vision\", which does not exist"},
		{Args: "predict -model missing", Words: "missing"},
		{Args: "predict -n 0", Words: "-n is 0"},
		{Args: "predict -picture a.png -images b.idx", Words: "want only one of them"},
		{Args: "attention -number -1", Words: "-number is -1"},
	})
}

// TestBadFiles: files that do not fit are one clear error, and leave no folder.
func TestBadFiles(t *testing.T) {
	inBars(t)
	writeFile(t, "noise", []byte("\x7fELF and so on"))
	writeFile(t, "few.idx", idx(make([]byte, 99), 99))
	writeFile(t, "third.idx", idx(append(make([]byte, 99), 2), 100))
	writeFile(t, "zeros.idx", idx(make([]byte, 100), 100))
	writeFile(t, "flat.idx", idx(make([]byte, 4*100), 100, 2, 2))
	writeFile(t, "wide.idx", idx(make([]byte, 100*4*8), 100, 4, 8))
	writeFile(t, "four.idx", idx(make([]byte, 100*4*16), 100, 4, 4, 4))
	for args, words := range map[string][]string{
		"-images noise -labels labels.idx":                                                                  {"noise", "begins with 7f 45 4c 46"},
		"-images labels.idx -labels images.idx":                                                             {"labels.idx", "exchanged"},
		"-images images.idx -labels few.idx":                                                                {"99 labels", "100 pictures"},
		"-images images.idx -labels third.idx -classes a,b":                                                 {"third.idx", "picture 99 has class 2, want 0 … 1"},
		"-images images.idx -labels zeros.idx":                                                              {"zeros.idx", "at least two labels"},
		"-images images.idx -labels labels.idx -test-images flat.idx -test-labels zeros.idx":                {"1×12×12", "1×2×2", "-size"},
		"-images images.idx -labels labels.idx -test-images images.idx -test-labels third.idx -classes a,b": {"third.idx", "class 2"},
		"-images images.idx -labels labels.idx -test-images images.idx -test-labels few.idx":                {"99 labels"},
		"-images wide.idx -labels labels.idx":                                                               {"8×4 pixels", "-size"},
		"-images four.idx -labels labels.idx":                                                               {"4 channels, want 1 or 3"},
		"-images images.idx -labels labels.idx -classes a,a":                                                {"\"a\""},
	} {
		_, err := vision("train -out out -steps 2 " + args)
		wantError(t, err, words...)
		if _, err := os.Stat("out"); err == nil {
			t.Errorf("%s: the folder out exists", args)
		}
	}
	mustRun(t, "train -out model -steps 2 -eval-every 2 "+barFlags)
	for args, words := range map[string][]string{
		"predict -picture noise":                    {"noise", "PNG, JPEG or GIF"},
		"predict -images images.idx -number 100":    {"-number is 100, want at most 99"},
		"predict -size 1000000":                     {"1000000×1000000 pixels", "4096"},
		"predict -size 13":                          {"13×13 pixels", "multiple of 4"},
		"eval -images images.idx -labels third.idx": {"third.idx", "class 2"},
		"eval -images flat.idx -labels few.idx":     {"99 labels"},
	} {
		_, err := vision(args + " -model model")
		wantError(t, err, words...)
	}
	for content, words := range map[string][]string{
		`{"image_mean": [1, 2, 3]}`:            {"3 numbers in image_mean", "1 channels"},
		`{"resample": 9}`:                      {"resample 9"},
		`{"size": {"height": 8, "width": 12}}`: {"size", "equal height and width"},
		`{"size": -4}`:                         {"-4×-4 pixels", "4096"},
		`{"size": 10}`:                         {"10×10 pixels"},
		`{"image_std": [0]}`:                   {"standard deviation 0"},
		`[`:                                    {"preprocessor_config.json"},
	} {
		writeFile(t, "model/preprocessor_config.json", []byte(content))
		_, err := vision("predict -model model -images images.idx")
		wantError(t, err, words...)
	}
}

// TestAttentionFile: the picture of attention replaces only another PNG file.
func TestAttentionFile(t *testing.T) {
	inBars(t)
	mustRun(t, "train -out model -steps 2 -eval-every 2 "+barFlags)
	mustRun(t, "attention -model model -number 0 -to seen.png")
	mustRun(t, "attention -model model -number 1 -to seen.png")
	labels, err := os.ReadFile("labels.idx")
	if err != nil {
		t.Fatal(err)
	}
	for args, words := range map[string][]string{
		"-to labels.idx":                   {"-to is \"labels.idx\"", "no PNG file"},
		"-to model":                        {"-to is \"model\", which is a folder"},
		"-to ./seen.png -picture seen.png": {"-to is \"./seen.png\", which is -picture"},
	} {
		_, err := vision("attention -model model " + args)
		wantError(t, err, words...)
	}
	if now, err := os.ReadFile("labels.idx"); err != nil || !bytes.Equal(now, labels) {
		t.Errorf("labels.idx has changed (%v)", err)
	}
}

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"train -nope": 1, "train -steps 0": 1, "eval": 1, "-h": 0, "train -h": 0, "attention -h": 0, "help": 0, "version": 0})
}

func TestSweepFlags(t *testing.T) {
	tiny := "-out out -layers 1 -heads 1 -dim 4 -batch 1 -steps 1"
	flagstest.Sweep(t, program, map[string]string{"": tiny, "train": tiny, "eval": "", "predict": "", "attention": ""})
}
