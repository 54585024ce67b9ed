package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// TestTokenizers: a model can be trained with every kind of tokenizer, and its folder holds the tokenizer's files.
func TestTokenizers(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "small.json")
	tok, err := trainer.BPE{VocabSize: 280}.Train(func(yield func(string) bool) { yield("the quick brown fox") })
	if err != nil {
		t.Fatal(err)
	}
	if err := tok.Save(saved); err != nil {
		t.Fatal(err)
	}
	gpt2 := t.TempDir()
	if err := tok.SaveGPT2(gpt2); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, tokenizer, file string }{
		{"char", "char", "tokenizer.json"},
		{"word", "word", "tokenizer.json"},
		{"bpe", "bpe", "tokenizer.json"},
		{"unigram", "unigram", "tokenizer.json"},
		{"wordpiece", "wordpiece", "tokenizer.json"},
		{"a tokenizer.json", saved, "tokenizer.json"},
		{"a folder with GPT-2's files", gpt2, "tokenizer.json"},
		{"GPT-2's vocab.json", filepath.Join(gpt2, "vocab.json"), "tokenizer.json"},
		{"BERT", shared("tokenizers", "bert-base-uncased"), "tokenizer.json"},
		{"a .tiktoken", shared("tokenizers", "parity", "gpt2.tiktoken"), "tokenizer.json"},
		{"a .model", shared("tokenizers", "parity", "bpe8k.model"), "tokenizer.model"},
	} {
		t.Run(c.name, func(t *testing.T) {
			switch {
			case c.tokenizer == "":
				t.Skip("no reference data")
			case !sweep.All() && (c.name == "BERT" || c.name == "a .tiktoken"):
				t.Skip("large: needs SWEEPS=all")
			}
			out := filepath.Join(t.TempDir(), "model")
			o := small(t, out)
			o.vocabulary.Name, o.vocabulary.Size, o.Steps, o.EvalEvery, o.MicroBatches = c.tokenizer, 300, 2, 2, 1
			if _, err := learn(o); err != nil {
				t.Fatal(err)
			}
			for _, dir := range []string{out, filepath.Join(out, "checkpoints", "step-00000002")} {
				if _, err := os.Stat(filepath.Join(dir, c.file)); err != nil {
					t.Error(err)
				}
			}
			var text bytes.Buffer
			g := generation{model: out, prompt: "the quick", options: sampling(3)}
			if err := g.run(&text); err != nil || text.Len() == 0 {
				t.Errorf("generate: got %q (%v), want some text", text.String(), err)
			}
			o.Resume, o.Steps = true, 3
			if _, err := learn(o); err != nil {
				t.Errorf("resume: %v", err)
			}
		})
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
