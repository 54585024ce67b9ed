package main

import (
	"encoding/json"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/gguftest"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// TestGGUF: a .gguf file shows the reading of the folder it was written from.
func TestGGUF(t *testing.T) {
	dir := saved(t, func(v int) models.Model {
		return models.GPT{Vocab: v, Context: 16, Layers: 1, Heads: 2, Dim: 16}
	})
	var readings []string
	for _, path := range []string{dir, gguftest.Convert(t, dir)} {
		m, err := inside.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.Read(page.Question{Step: -1, Text: "The cat sat"})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		readings = append(readings, string(text))
	}
	if readings[0] != readings[1] {
		t.Errorf("got %.300s, want %.300s", readings[1], readings[0])
	}
}
