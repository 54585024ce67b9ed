package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// said runs a command line and returns its output.
func said(args string) (string, error) {
	var w bytes.Buffer
	err := program(&w).Run(strings.Fields(args), &w)
	return w.String(), err
}

// charTokenizer saves a tokenizer of the characters of a text, without an unknown token.
func charTokenizer(t *testing.T, path, text string) {
	t.Helper()
	tok, err := trainer.Char{}.Train(func(yield func(string) bool) { yield(text) })
	if err != nil {
		t.Fatal(err)
	}
	if err := tok.Save(path); err != nil {
		t.Fatal(err)
	}
}

// TestOtherFolder: a run resumes from another folder, whatever its relative paths.
func TestOtherFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 50))
	charTokenizer(t, "tok.json", fox)
	small := "-layers 1 -heads 1 -dim 8 -context 8 -batch 2 "
	flagstest.OtherFolder(t, program, small+"-data text.txt -tokenizer tok.json")
	flagstest.OtherFolder(t, program, small+"-data ./*.txt -tokenizer tok.json")
	if err := trainSmall(t, "-out first"); err != nil {
		t.Fatal(err)
	}
	flagstest.OtherFolder(t, program, "-data ../"+folderName(t)+"/text.txt -init first -batch 2")
	if err := trainSmall(t, "-out run"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename("text.txt", "moved.txt"); err != nil {
		t.Fatal(err)
	}
	wantError(t, gpt("train -resume -out run"), "text.txt in the run, which does not exist", "name its new place with -data")
	if err := gpt("train -resume -steps 5 -data moved.txt -out run"); err != nil {
		t.Error(err)
	}
}

func folderName(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Base(dir)
}

// TestWrapped: a model whose tensors have the names of PyTorch's wrappers gives the same text.
func TestWrapped(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 50))
	for _, family := range []string{"gpt2", "llama"} {
		if err := trainSmall(t, "-out "+family+" -family "+family); err != nil {
			t.Fatal(err)
		}
		want, err := said("generate -tokens 9 -prompt the -model " + family)
		if err != nil {
			t.Fatal(err)
		}
		for dir := range flagstest.Wrapped(t, family) {
			if got, err := said("generate -tokens 9 -prompt the -model " + dir); err != nil || got != want {
				t.Errorf("%s: got %q (%v), want %q", dir, got, err, want)
			}
		}
	}
}

// TestOmitUnknown: text that has no token is an error, or is left out, wherever a command encodes text.
func TestOmitUnknown(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox+"7", 50))
	charTokenizer(t, "tok.json", fox)
	small := "train -data text.txt -tokenizer tok.json -layers 1 -heads 2 -dim 8 -context 8 -batch 4 -steps 2 -eval-every 2 -out run"
	wantError(t, gpt(small), "text.txt", `"7" `, "OmitUnknown")
	if err := gpt(small + " -omit-unknown"); err != nil {
		t.Fatal(err)
	}
	if err := gpt("train -resume -steps 3 -out run"); err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ args, want string }{
		{"eval -model run", "tokens 224\n"}, // the last tenth of 50 lines of 45 characters
		{"eval -model run -data text.txt", ""},
		{"eval -model run -data text.txt -omit-unknown", "tokens 2249\n"},
		{"generate -model run -tokens 1 -prompt 7the", ""},
		{"generate -model run -tokens 1 -prompt 7the -omit-unknown", "the"},
		{"generate -model run -tokens 1 -prompt 7 -omit-unknown", ""},
	} {
		got, err := said(c.args)
		if (err != nil) != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q and error %v, want %q", c.args, got, err, c.want)
		}
	}
	if tok, err := tokenize.Load("run"); err != nil || tok.VocabSize() != 29 {
		t.Errorf("got a vocabulary of %d (%v), want 29 characters", tok.VocabSize(), err)
	}
}
