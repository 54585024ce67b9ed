package main

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// file writes a text into a folder of the test and returns its path.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// lines returns n lines. Some words occur only in the last lines.
func lines(n int) string {
	var b strings.Builder
	for i := range n {
		word := "Fox"
		if i > n*9/10 {
			word = "Wolf"
		}
		b.WriteString("The quick brown " + word + " jumps over 게으른 개를 넘는다.\n\n")
	}
	return b.String()
}

// TestRun compares tokenizers on two texts, with a saved tokenizer as the published one.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	tok, err := trainBPE(260, slices.Values([]string{"the the quick"}), nil)
	if err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(dir, "made.json")
	if err := tok.Save(saved); err != nil {
		t.Fatal(err)
	}
	var w bytes.Buffer
	err = program(&w).Run([]string{"-data", file(t, "first.txt", lines(50)), "-data", file(t, "second.tsv", "1\ta b c\n2\td e\n3\ta z\n"), "-column", "2", "-out", dir,
		"-sizes", "300,400", "-tokenizer", saved}, &w)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"characters", "byte-level BPE", "Unigram", "WordPiece", "words", "\nmade ", "tokens/word",
		"The quick brown ⟨Wolf⟩ jumps over 게으른 개를 넘는다|.", "8 bytes to learn from, 3 bytes in 2 words held out",
	} {
		if !strings.Contains(w.String(), want) {
			t.Errorf("got no %q in\n%s", want, w.String())
		}
	}
	if strings.Contains(w.String(), "\x1b") {
		t.Error("got colours in a buffer, want none outside a terminal")
	}
	for _, name := range []string{"1-first.png", "2-second.png"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBadFlags(t *testing.T) {
	short, fields := file(t, "short.txt", "one line\n"), file(t, "fields.tsv", "a\tb\nc\td\n")
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "more", Words: `"more"|-h`},
		{Args: "-nope", Words: "-nope|-h"},
		{Args: "-data missing.txt", Words: "missing.txt"},
		{Args: "-data ,", Words: "names nothing"},
		{Args: "-data " + short, Words: "too few"},
		{Args: "-data " + fields + " -column 3", Words: "line 1|2 fields|-column is 3"},
		{Args: "-column -1", Words: "-column is -1"},
		{Args: "-held-out 1", Words: "-held-out is 1"},
		{Args: "-held-out NaN", Words: "-held-out is NaN"},
		{Args: "-sizes 500,x", Words: `"x"|at least 256`},
		{Args: "-sizes 100", Words: `"100"|at least 256`},
		{Args: "-sizes ,", Words: "no size"},
		{Args: "-tokenizer missing.json", Words: "missing.json"},
	})
}

func TestSweepFlags(t *testing.T) {
	flagstest.Sweep(t, program, map[string]string{"": "-data text.txt -sizes 256 -out out"})
}

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"-nope": 1, "more": 1, "-column -1": 1, "-h": 0, "--help": 0, "help": 0, "version": 0})
}

func TestSizes(t *testing.T) {
	var s sizes
	if err := s.Set("8000, 500,500"); err != nil || !slices.Equal(s, sizes{500, 8000}) {
		t.Errorf("got %v (%v), want 500 and 8000", s, err)
	}
}

func TestRead(t *testing.T) {
	o := defaults()
	o.heldOut, o.column = 0.4, 2
	got, err := o.read(file(t, "a.b.txt", "1\tone\r\n\n2\ttwo\nthree\n4\t \n") + "," + file(t, "b.txt", "four\n"))
	if err != nil || got.name != "a-b" || !slices.Equal(got.learning, []string{"one", "two", "three"}) || !slices.Equal(got.held, []string{"four"}) {
		t.Errorf("got %+v (%v), want a-b with one, two, three to learn from and four held out", got, err)
	}
	var parts []string
	for s := range sentences(" Is it? Yes. 3.5 is!  Good") {
		parts = append(parts, s)
	}
	if want := []string{"Is it?", "Yes.", "3.5 is!", "Good"}; !slices.Equal(parts, want) {
		t.Errorf("got %q, want %q", parts, want)
	}
	for path, want := range map[string]string{
		"x/cl100k_base.tiktoken": "cl100k_base", "gpt2/vocab.json": "gpt2", "t5/spiece.model": "t5", "x/bert-base-uncased": "bert-base-uncased", "x/phi-1.5": "phi-1.5",
	} {
		if got := published(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// TestOmitUnknown: a published tokenizer that lacks a token of the text is an error, or leaves the text out.
func TestOmitUnknown(t *testing.T) {
	tok, err := trainer.Char{}.Train(slices.Values([]string{"The quick brown Fox jumps over"}))
	if err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(t.TempDir(), "letters.json")
	if err := tok.Save(saved); err != nil {
		t.Fatal(err)
	}
	args := []string{"-data", file(t, "text.txt", lines(30)), "-sizes", "300", "-tokenizer", saved, "-out", t.TempDir()}
	var w bytes.Buffer
	if err := program(&w).Run(args, &w); err == nil || !strings.Contains(err.Error(), "OmitUnknown") {
		t.Errorf("got error %v, want one with the remedy", err)
	}
	w.Reset()
	if err := program(&w).Run(append(args, "-omit-unknown"), &w); err != nil || !strings.Contains(w.String(), "\nletters ") {
		t.Errorf("got %q (%v), want a row of letters", w.String(), err)
	}
}
