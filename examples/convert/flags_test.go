package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

// TestBad: wrong flags are one-line errors that name the flag, its value and the remedy.
func TestBad(t *testing.T) {
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "", Words: "-out is missing|.gguf file or a folder"},
		{Args: "-out x.gguf -type q9", Words: `-type is "q9", want one of f32, f16`},
		{Args: "-model x.gguf -out x.gguf", Words: `-out is "x.gguf", which is also -model`},
		{Args: "-model x -out y -type q8_0", Words: "-type is q8_0, but -out y is a folder"},
		{Args: "-model x -out y.gguf -shard 5", Words: "-shard is 5, but -out y.gguf is one file"},
		{Args: "-model x -out y -shard -1", Words: "-shard is -1, want at least 0"},
		{Args: "-model x -out y -batch 0", Words: "-batch is 0, want at least 1"},
		{Args: "-model x -out y", Words: `-model is "x", which does not exist`},
		{Args: "-model x -out y -data z", Words: `-data is "z"`},
		{Args: "nope", Words: "unexpected argument"},
	})
}

// TestExit: errors are one line and exit with 1.
// TestKept: no folder of a run is written over, and no adapter is taken for a model.
func TestKept(t *testing.T) {
	dir := shared(t, "golden/llama-tiny")
	t.Chdir(t.TempDir())
	check(t, os.MkdirAll("run", 0o777))
	check(t, os.MkdirAll("tuned", 0o777))
	check(t, os.WriteFile("tuned/adapter_config.json", []byte("{}"), 0o666))
	check(t, os.WriteFile("tuned/config.json", []byte("{}"), 0o666))
	for _, text := range []string{`{"program":"gpt","flags":{},"data":"","tokenizer":"","sum":""}`, "{"} {
		check(t, os.WriteFile("run/run.json", []byte(text), 0o666))
		if _, err := convert("-model", dir, "-out", "run"); err == nil || !strings.Contains(err.Error(), `-out is "run", which exists`) {
			t.Errorf("got error %v, want one on the run", err)
		}
	}
	if found, _ := filepath.Glob("run/*"); len(found) != 1 {
		t.Errorf("the run has the files %v, want its one", found)
	}
	if _, err := convert("-model", "tuned", "-out", "y"); err == nil || !strings.Contains(err.Error(), "write the whole model with") {
		t.Errorf("got error %v, want one on the adapter", err)
	}
}

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"": 1, "-nope": 1, "-h": 0, "help": 0, "version": 0})
}

// TestBadFiles: the error of a file that is damaged or of another kind names the file and the place.
func TestBadFiles(t *testing.T) {
	dir, rnn := shared(t, "golden/llama-tiny"), shared(t, "golden/gru-tiny")
	t.Chdir(t.TempDir())
	_, err := convert("-model", dir, "-out", "good.gguf")
	check(t, err)
	good, err := os.ReadFile("good.gguf")
	check(t, err)
	check(t, os.Mkdir("empty", 0o777))
	if _, err = convert("-model", dir, "-out", "good.gguf"); err == nil || !strings.Contains(err.Error(), `-out is "good.gguf", which exists`) {
		t.Errorf("got error %v, want one that the file exists", err)
	}
	for want, b := range map[string][]byte{
		`bad.gguf: the file begins with "PK\x03\x04", a GGUF file with "GGUF"`: []byte("PK\x03\x04 and more"),
		"bad.gguf: the file ends at byte 1200 within":                          good[:1200],
		"exceed the": good[:len(good)-100],
		`general.architecture is "llamb", want one of bert, bloom`:               bytes.Replace(good, []byte("\x05\x00\x00\x00\x00\x00\x00\x00llama"), []byte("\x05\x00\x00\x00\x00\x00\x00\x00llamb"), 1),
		"the weights do not fit the configuration: 1 missing: model.norm.weight": bytes.Replace(good, []byte("output_norm.weight"), []byte("output_nurm.weight"), 1),
		"llama.embedding_length is missing":                                      bytes.Replace(good, []byte("llama.embedding_length"), []byte("llama.embedding_longth"), 1),
	} {
		check(t, os.WriteFile("bad.gguf", b, 0o666))
		_, err := convert("-model", "bad.gguf", "-out", "out")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got error %v, want %q in one line", err, want)
		}
		if _, err := os.Stat("out"); err == nil {
			t.Fatalf("%q: a folder is left", want)
		}
	}
	if _, err := convert("-model", rnn, "-out", "x.gguf"); err == nil || !strings.Contains(err.Error(), "GGUF has no architecture for models.RNN") {
		t.Errorf("got error %v, want one that names the model", err)
	}
	if _, err := convert("-model", "empty", "-out", "x.gguf"); err == nil || !strings.Contains(err.Error(), "no config.json") {
		t.Errorf("got error %v, want one that names config.json", err)
	}
}
