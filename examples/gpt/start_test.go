package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// gpt runs the program with a command line.
func gpt(args string) error { return program(io.Discard).Run(strings.Fields(args), io.Discard) }

// trainSmall runs gpt train with a small model.
func trainSmall(t *testing.T, args string) error {
	t.Helper()
	return gpt("train -data text.txt -tokenizer char -layers 2 -heads 2 -dim 16 -context 16 -batch 4 -steps 4 -eval-every 2 " + args)
}

func writeText(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile("text.txt", []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

const fox = "the quick brown fox jumps over the lazy dog.\n"

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Fatalf("got error %v, want one line with %q", err, words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got error %q, want %q in it", err, w)
		}
	}
}

// TestInit starts runs from the weights of another model.
func TestInit(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 50))
	if err := trainSmall(t, "-out first"); err != nil {
		t.Fatal(err)
	}
	begin := func(args string) error {
		return gpt("train -data text.txt -batch 4 -eval-every 2 -init first " + args)
	}
	if err := begin("-out second -steps 2 -lr 0 -seed 7"); err != nil { // learns nothing: the weights stay
		t.Fatal(err)
	}
	for _, name := range []string{"model.safetensors", "config.json", "tokenizer.json"} {
		first, _ := os.ReadFile(filepath.Join("first", name))
		second, _ := os.ReadFile(filepath.Join("second", name))
		if !bytes.Equal(first, second) {
			t.Errorf("%s differs from the file of -init", name)
		}
	}
	if err := begin("-out third -steps 4 -context 8 -dropout 0.1"); err != nil {
		t.Fatal(err)
	}
	if err := gpt("train -resume -out third -steps 6"); err != nil {
		t.Error(err)
	}
	wantError(t, begin("-out fourth -layers 3"), "-layers is 3, the model of -init first has 2")
	wantError(t, begin("-out fourth -context 17"), "-context is 17, the model of -init first has 16")
	wantError(t, begin("-out fourth -tokenizer char"), "-tokenizer is char", "has its own")
	wantError(t, begin("-out fourth -init missing"), "missing")
	os.Rename("first/model.safetensors", "first/lost")
	wantError(t, begin("-out fourth"), "first", "model.safetensors")
	if _, err := os.Stat("fourth/run.json"); err == nil {
		t.Error("a run without weights has started")
	}
}

// TestFreeze trains with some weights frozen: only the others change.
func TestFreeze(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 50))
	if err := trainSmall(t, "-out all -lr 0"); err != nil {
		t.Fatal(err)
	}
	if err := trainSmall(t, "-out some -freeze wte.**,h.0.**"); err != nil {
		t.Fatal(err)
	}
	if err := gpt("train -resume -out some -steps 6"); err != nil {
		t.Fatal(err)
	}
	start, err := checkpoints.Read("all/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	end, err := checkpoints.Read("some/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for name := range start {
		frozen := strings.HasPrefix(name, "wte.") || strings.HasPrefix(name, "h.0.")
		if same := start[name].Eq(end[name]); same != frozen {
			t.Errorf("%s: is the same %v, frozen %v", name, same, frozen)
		}
	}
	for pattern, word := range map[string]string{"h.9.**": `"h.9.**"`, "wte.**,nope": `"nope"`, "[": `"["`, "wte.**,": `""`, "**": ""} {
		err := trainSmall(t, "-out none -freeze "+pattern)
		wantError(t, err, word)
		if _, err := os.Stat("none"); err == nil {
			t.Errorf("-freeze %s leaves a folder", pattern)
		}
	}
}

// TestOtherText resumes with another text of equal length.
func TestOtherText(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 50))
	if err := trainSmall(t, "-out run"); err != nil {
		t.Fatal(err)
	}
	text := []byte(strings.Repeat(fox, 50))
	text[1000], text[1001] = text[1001], text[1000]
	os.WriteFile("other.txt", text, 0o666)
	resume := func(args string) error { return gpt("train -resume -out run -steps 5 " + args) }
	wantError(t, resume("-data other.txt"), "the data have key", "text.txt in the run and other.txt here")
	writeText(t, string(text))
	wantError(t, resume(""), "the data have key", "the files have changed")
	writeText(t, strings.Repeat(fox, 50))
	wantError(t, resume("-tokenizer bpe"), "-tokenizer is char in the run and bpe here", "cannot change")
	wantError(t, resume("-context 8 -beta2 0.9"), "-context is 16 in the run and 8 here")
	if err := os.Rename("text.txt", "moved.txt"); err != nil {
		t.Fatal(err)
	}
	if err := resume("-data moved.txt"); err != nil {
		t.Errorf("the same text under another name: %v", err)
	}
}
