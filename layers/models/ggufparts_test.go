package models_test

import (
	"bytes"
	"maps"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// TestGGUFParts: matrices that are read in several parts have their values in every layout of the rows, also over parameters that have others.
func TestGGUFParts(t *testing.T) {
	for _, m := range []models.LanguageModel{
		models.GPT{Vocab: 1100, Context: 5, Layers: 1, Heads: 2, Dim: 320},
		models.GPT{Family: "bloom", Vocab: 7, Context: 5, Layers: 1, Heads: 2, Dim: 320},
		models.Llama{Vocab: 7, Context: 5, Layers: 1, Heads: 4, KVHeads: 4, Dim: 544, Hidden: 96, Untied: true},
	} {
		params := graph.NewParams(tensor.Float32, 1)
		build(t, params, graph.Decode, m.Decode(1, 1))
		f := ggufOf(t, m, maps.Collect(params.All()))
		g, err := models.NewGGUF(m)
		if err != nil {
			t.Fatal(err)
		}
		other := graph.NewParams(tensor.Float32, 2)
		build(t, other, graph.Decode, m.Decode(1, 1))
		if err := g.Load(f, other.All()); err != nil {
			t.Fatal(err)
		}
		for path, want := range params.All() {
			if !bytes.Equal(other.Value(path).Raw, want.Raw) {
				t.Errorf("%T: %s differs after loading", m, path)
			}
			x := make([]float32, want.Shape().TotalSize())
			ok, err := g.ReadRows(f, path, false, 0, x)
			if err != nil || ok && !bytes.Equal(tensor.New(tensor.WithBacking(x)).Raw, want.Raw) {
				t.Errorf("%T: rows of %s differ (%v)", m, path, err)
			}
		}
	}
}
