package models_test

import (
	"path/filepath"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// opened reads a model folder with its weights, and returns a decoder.
func opened(t *testing.T, dir string) *generate.Decoder {
	t.Helper()
	m, err := models.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	params := graph.NewParams(tensor.Float32, 1)
	d, err := generate.NewDecoder(params, m.(models.LanguageModel), 1)
	if err != nil {
		t.Fatal(err)
	}
	f, err := checkpoints.Open(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rules := checkpoints.Rules{Rename: models.Rename(m, f.Names()), Ignore: m.Ignore}
	if err := checkpoints.LoadWeights(dir, params.All(), rules); err != nil {
		t.Fatal(err)
	}
	return d
}

// continued returns the likeliest continuation of a prompt.
func continued(t *testing.T, d *generate.Decoder, prompt []int32, n int) (ids []int32) {
	t.Helper()
	for id, err := range generate.Tokens(d, prompt, generate.Options{Tokens: n}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// TestStories260K: greedy text equals the text of llama2.c.
func TestStories260K(t *testing.T) {
	dir := shared(t, "models/stories260K")
	var want struct {
		IDs []int32 `json:"token_ids_greedy_checked_here"`
	}
	if err := checkpoints.ReadJSON(filepath.Join(dir, "expected.json"), &want); err != nil {
		t.Fatal(err)
	}
	if len(want.IDs) < 200 {
		t.Fatalf("got %d expected ids, want at least 200", len(want.IDs))
	}
	if got := continued(t, opened(t, dir), want.IDs[:1], len(want.IDs)-1); !slices.Equal(got, want.IDs[1:]) {
		t.Errorf("got %v, want %v", got, want.IDs[1:])
	}
}

// TestTinyStories656K: greedy text equals the text of NumPy and llama.cpp. The file has the embedding under the head's name only.
func TestTinyStories656K(t *testing.T) {
	dir := shared(t, "models/tinystories-656k")
	var want struct {
		Prompt []int32
		Model  struct{ IDs []int32 } `json:"model.safetensors"`
	}
	if err := checkpoints.ReadJSON(filepath.Join(dir, "expected.json"), &want); err != nil {
		t.Fatal(err)
	}
	if len(want.Model.IDs) != 32 || len(want.Prompt) == 0 {
		t.Fatalf("got %d expected ids after %d, want 32", len(want.Model.IDs), len(want.Prompt))
	}
	if got := continued(t, opened(t, dir), want.Prompt, len(want.Model.IDs)); !slices.Equal(got, want.Model.IDs) {
		t.Errorf("got %v, want %v", got, want.Model.IDs)
	}
}
