package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// TestTokenizers: a model can be trained with every kind of tokenizer, and its folder holds the tokenizer's files.
func TestTokenizers(t *testing.T) {
	data := pairsFile(t, 100)
	saved := filepath.Join(t.TempDir(), "marked.json")
	saveBPE(t, saved, "[PAD]", "[CLS]", "[SEP]")
	for _, c := range []struct{ name, tokenizer, file string }{
		{"char", "char", "tokenizer.json"},
		{"word", "word", "tokenizer.json"},
		{"bpe", "bpe", "tokenizer.json"},
		{"unigram", "unigram", "tokenizer.json"},
		{"wordpiece", "wordpiece", "tokenizer.json"},
		{"a tokenizer.json with marks of its own", saved, "tokenizer.json"},
		{"BERT", shared("tokenizers", "bert-base-uncased"), "tokenizer.json"},
		{"RoBERTa", shared("tokenizers", "roberta-base", "tokenizer.json"), "tokenizer.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			switch {
			case c.tokenizer == "":
				t.Skip("no reference data")
			case !sweep.All() && (c.name == "BERT" || c.name == "RoBERTa"):
				t.Skip("large: needs SWEEPS=all")
			}
			out := filepath.Join(t.TempDir(), "model")
			o := small(out)
			o.file, o.vocabulary.Name, o.vocabulary.Size, o.Steps, o.EvalEvery = data, c.tokenizer, 300, 2, 2
			if _, err := learn(o); err != nil {
				t.Fatal(err)
			}
			for _, dir := range []string{out, filepath.Join(out, "checkpoints", "step-00000002")} {
				if _, err := os.Stat(filepath.Join(dir, c.file)); err != nil {
					t.Error(err)
				}
			}
			var text bytes.Buffer
			g := generation{model: out, prompt: "919 plus", beam: 2}
			if err := g.run(&text); err != nil {
				t.Errorf("generate: %v", err)
			}
			o.Resume, o.Steps = true, 3
			if _, err := learn(o); err != nil {
				t.Errorf("resume: %v", err)
			}
		})
	}
}

// TestMissingMarks: a tokenizer without tokens for padding, beginning or end is an error that names every missing role.
func TestMissingMarks(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "plain.json")
	saveBPE(t, saved, "<s>")
	o := small(filepath.Join(t.TempDir(), "model"))
	o.file, o.vocabulary.Name = pairsFile(t, 20), saved
	_, err := learn(o)
	for _, want := range []string{saved, "padding (pad_token) and the end (eos_token)"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
	if err != nil && strings.Contains(err.Error(), "bos_token") {
		t.Errorf("got error %v, which names the beginning, but the tokenizer has that token", err)
	}
	if _, err := os.Stat(o.Out); err == nil {
		t.Error("got a folder of the model, want none")
	}
}

// TestSentencePieceWithoutPadding: the .model of Llama has tokens for beginning and end only.
func TestSentencePieceWithoutPadding(t *testing.T) {
	o := small(filepath.Join(t.TempDir(), "model"))
	o.file, o.vocabulary.Name = pairsFile(t, 20), shared("tokenizers", "llama2", "tokenizer.model")
	if o.vocabulary.Name == "" {
		t.Skip("no reference data")
	}
	if _, err := learn(o); err == nil || !strings.Contains(err.Error(), "has no token for padding (pad_token): its") {
		t.Errorf("got error %v, want one that names the padding alone", err)
	}
}

// saveBPE saves a byte-level BPE with special tokens.
func saveBPE(t *testing.T, path string, special ...string) {
	t.Helper()
	tok, err := trainer.BPE{VocabSize: 270, Special: special}.Train(func(yield func(string) bool) { yield("12 plus plus") })
	if err != nil {
		t.Fatal(err)
	}
	if err := tok.Save(path); err != nil {
		t.Fatal(err)
	}
}

// shared returns the path of reference data, or "" if it is missing.
func shared(parts ...string) string {
	path := filepath.Join(append([]string{"..", "..", "..", "shared"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}
