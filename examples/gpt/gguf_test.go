package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// TestGGUF: the Q8_0 file of a published Llama gives the ids of llama.cpp, can be scored, and can be trained.
func TestGGUF(t *testing.T) {
	dir, err := filepath.Abs(published(t, "tinystories-656k"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "model-q8_0.gguf")
	var want struct {
		Model struct{ IDs []int } `json:"model-q8_0.gguf"`
	}
	if err := checkpoints.ReadJSON(filepath.Join(dir, "expected.json"), &want); err != nil {
		t.Fatal(err)
	}
	if got, _ := parseScores(t, answer(t, file, "Once upon a time", "-tokens", "32", "-scores")); len(got) != 32 || !slices.Equal(got, want.Model.IDs) {
		t.Errorf("got %v, want %v", got, want.Model.IDs)
	}
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat("Once upon a time, a little girl named Lily went to the park.\n", 10))
	// The scores in the file are all equal, so llama.cpp, and we, cut a text in another way than its folder does.
	if text, err := said("eval -batch 2 -data text.txt -model " + file); err != nil || !strings.HasPrefix(text, "loss ") || !strings.Contains(text, "tokens 160") {
		t.Errorf("eval: got %q (%v), want the loss of 160 tokens", text, err)
	}
	if err := gpt("train -data text.txt -context 8 -batch 2 -steps 1 -lr 0 -out run -init " + file); err != nil {
		t.Fatal(err)
	}
	if a, b := answer(t, "run", "Once upon a time", "-tokens", "3"), answer(t, file, "Once upon a time", "-tokens", "3"); a != b {
		t.Errorf("after a step at rate 0: got %q, want %q", a, b)
	}
	if _, err := said("eval -model " + file); err == nil || !strings.Contains(err.Error(), "-data is missing") {
		t.Errorf("got error %v, want one that asks for -data", err)
	}
}
