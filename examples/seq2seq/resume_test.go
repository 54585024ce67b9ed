package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// said runs a command line and returns its output.
func said(args string) (string, error) {
	var w bytes.Buffer
	err := program(&w).Run(strings.Fields(args), &w)
	return w.String(), err
}

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("got error %v, want one line with %q", err, words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got error %q, want %q in it", err, w)
		}
	}
}

// writePairs writes n pairs into a file of the current folder. The last source is "last".
func writePairs(t *testing.T, name string, n int, last string) {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d plus\t%d\n", i*7919%1000, i*7919%1000)
	}
	if err := os.WriteFile(name, []byte(b.String()+last+"\t1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
}

const tiny = "-layers 1 -heads 1 -dim 8 -hidden 8 -batch 4 -eval-every 2 "

// TestResumeOther resumes with other pairs, other held-out pairs and other flags. The run with its own pairs resumes under another name.
func TestResumeOther(t *testing.T) {
	t.Chdir(t.TempDir())
	writePairs(t, "pairs.tsv", 40, "9 plus")
	writePairs(t, "other.tsv", 40, "8 plus")
	if _, err := said("train -out run -data pairs.tsv -steps 2 " + tiny); err != nil {
		t.Fatal(err)
	}
	resume := func(args string) error {
		return program(io.Discard).Run(strings.Fields("train -resume -out run -steps 4 "+args), io.Discard)
	}
	wantError(t, resume("-data other.tsv"), "the data have key", "pairs.tsv in the run and other.tsv here", "-change data")
	wantError(t, resume("-held-out 0.2"), "the data have key", "-held-out is 0.1 in the run and 0.2 here")
	wantError(t, resume("-dim 16"), "-dim is 8 in the run and 16 here", "cannot change")
	wantError(t, resume("-tokenizer word"), "-tokenizer is char in the run and word here")
	wantError(t, resume("-lr 0.1"), "-lr is 0.002 in the run and 0.1 here", "-change lr")
	if err := os.Rename("pairs.tsv", "moved.tsv"); err != nil {
		t.Fatal(err)
	}
	wantError(t, resume(""), "pairs.tsv in the run, which does not exist", "name its new place with -data")
	if _, err := said("eval -model run"); err == nil || !strings.Contains(err.Error(), "name the data to score with -data") {
		t.Errorf("eval: got %v, want an error with the remedy", err)
	}
	if err := resume("-data moved.tsv"); err != nil {
		t.Errorf("the same pairs under another name: %v", err)
	}
	writePairs(t, "moved.tsv", 40, "8 plus")
	wantError(t, resume(""), "the data have key", "the files have changed")
	for _, args := range []string{"eval -model run", "eval -model run -held-out 0.2"} {
		_, err := said(args)
		wantError(t, err, "moved.tsv has key", "the run of run had", "the pairs have changed", "-data")
	}
}

// TestEvalEmptySources: without -data, eval leaves out the pairs that training left out.
func TestEvalEmptySources(t *testing.T) {
	t.Chdir(t.TempDir())
	writePairs(t, "pairs.tsv", 39, "")
	if _, err := said("train -out run -data pairs.tsv -steps 2 " + tiny); err != nil {
		t.Fatal(err)
	}
	if got, err := said("eval -model run -batch 4"); err != nil || !strings.Contains(got, "pairs 3\n") {
		t.Errorf("got %q (%v), want 3 of 4 held-out pairs", got, err)
	}
}

// TestOtherFolder: a run resumes from another folder, whatever its relative paths.
func TestOtherFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	writePairs(t, "pairs.tsv", 40, "1 plus")
	saveBPE(t, "tok.json", "<pad>", "<s>", "</s>")
	flagstest.OtherFolder(t, program, tiny+"-data pairs.tsv -tokenizer ./tok.json")
	flagstest.OtherFolder(t, program, tiny+"-source pairs.tsv -target pairs.tsv")
}

// TestWrapped: a model whose tensors have the names of PyTorch's wrappers gives the same text.
func TestWrapped(t *testing.T) {
	t.Chdir(t.TempDir())
	writePairs(t, "pairs.tsv", 40, "1 plus")
	if _, err := said("train -out run -data pairs.tsv -steps 2 " + tiny); err != nil {
		t.Fatal(err)
	}
	want, err := said("generate -scores -model run -prompt 12")
	if err != nil {
		t.Fatal(err)
	}
	for dir := range flagstest.Wrapped(t, "run") {
		if got, err := said("generate -scores -model " + dir + " -prompt 12"); err != nil || got != want {
			t.Errorf("%s: got %q (%v), want %q", dir, got, err, want)
		}
	}
}

// TestOmitUnknown: text that has no token is an error, or is left out, wherever a command encodes text.
func TestOmitUnknown(t *testing.T) {
	t.Chdir(t.TempDir())
	writePairs(t, "pairs.tsv", 40, "x1 plus")
	tok, err := trainer.Char{Special: special}.Train(func(yield func(string) bool) { yield("0123456789 plus") })
	if err != nil {
		t.Fatal(err)
	}
	if err := tok.Save("tok.json"); err != nil {
		t.Fatal(err)
	}
	train := "train -out run -data pairs.tsv -steps 2 -tokenizer tok.json " + tiny
	_, err = said(train)
	wantError(t, err, `"x" `, "OmitUnknown")
	for _, args := range []string{train + "-omit-unknown", "train -resume -steps 3 -out run"} {
		if _, err := said(args); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"eval -model run", "pairs 4\n"},
		{"eval -model run -data pairs.tsv", ""},
		{"eval -model run -data pairs.tsv -omit-unknown", "pairs 4\n"},
		{"generate -model run -prompt x1", ""},
		{"generate -model run -prompt x1 -omit-unknown", "\n"},
		{"generate -model run -prompt x -omit-unknown", "\n"},
	} {
		got, err := said(c.args)
		if (err != nil) != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q and error %v, want %q in it", c.args, got, err, c.want)
		}
	}
}

// TestSearch: the options of beam search reach the search.
func TestSearch(t *testing.T) {
	t.Chdir(t.TempDir())
	writePairs(t, "pairs.tsv", 40, "1 plus")
	if _, err := said("train -out run -data pairs.tsv -steps 2 " + tiny); err != nil {
		t.Fatal(err)
	}
	result := func(args string) (text string, score float64) {
		t.Helper()
		got, err := said("generate -scores -model run -prompt 12 " + args)
		number, text, ok := strings.Cut(strings.TrimSuffix(got, "\n"), "\t")
		if _, e := fmt.Sscan(number, &score); err != nil || e != nil || !ok || (score > 0) != strings.Contains(args, "=100") {
			t.Errorf("%s: got %q (%v), want a score and a text", args, got, err)
		}
		return text, score
	}
	const end = 2 // the id of </s>
	if text, _ := result("-tokens 2 -bias 2=-inf"); len(text) != 2 {
		t.Errorf("at most 2 tokens, no end: got %q", text)
	}
	if text, _ := result(fmt.Sprintf("-bias %d=100", end)); text != "" {
		t.Errorf("a likely end: got %q, want nothing", text)
	}
	if text, _ := result(fmt.Sprintf("-bias %d=100 -min-tokens 2", end)); len(text) != 2 {
		t.Errorf("a likely end after 2 tokens: got %q", text)
	}
	if text, _ := result("-bias 4=100,2=-inf -tokens 3 -no-repeat 1"); len(text) != 3 || text[0] == text[1] || text[1] == text[2] {
		t.Errorf("-no-repeat 1: got %q, want 3 different characters", text)
	}
	_, whole := result("-tokens 2 -min-tokens 2 -length-penalty 0")
	if _, each := result("-tokens 2 -min-tokens 2 -length-penalty 1"); each < whole || each == 0 {
		t.Errorf("got scores %v in all and %v per token, want the first to be lower", whole, each)
	}
}
