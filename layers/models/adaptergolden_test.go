package models_test

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// adapt adds the adapter of the case to g, if it has one, and compares the base without the adapter and the merged weights.
func (c goldenCase) adapt(t *testing.T, m models.Model, declare func(*graph.Scope), g *graphtest.Golden) {
	var a models.Adapter
	if err := checkpoints.ReadAdapterConfig(c.dir, &a); errors.Is(err, fs.ErrNotExist) {
		return
	} else if err != nil {
		t.Fatal(err)
	}
	file, err := checkpoints.Read(filepath.Join(c.dir, "adapter_model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	c.checkMerged(t, m, a, file)
	for name, w := range file {
		g.Weights[a.Path(m, name)] = w
	}
	for _, list := range []map[string]*tensor.Dense{g.Grads, g.Final} {
		for name, w := range maps.Clone(list) {
			delete(list, name)
			list[a.Path(m, strings.TrimPrefix(name, "transformer."))] = w
		}
	}
	g.Adapt = func(params *graph.Params) (*graph.Params, error) { return a.Adapt(params, declare) }
}

// checkMerged compares merged weights with the case, and the logits of the base alone.
func (c goldenCase) checkMerged(t *testing.T, m models.Model, a models.Adapter, file map[string]*tensor.Dense) {
	layersOf, err := a.Layers(models.Declaration(m))
	if err != nil {
		t.Fatal(err)
	}
	weights, err := checkpoints.Read(filepath.Join(c.dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range file {
		weights[a.Path(m, name)] = w
	}
	if err := layers.Merge(maps.All(weights), layersOf); err != nil {
		t.Fatal(err)
	}
	merged := 0
	for name, want := range c.tensors {
		if name, ok := strings.CutPrefix(name, "merged."); ok {
			merged++
			if d := graphtest.MaxDifference(weights[m.Rename(name)], want); !(d <= 1e-6) { // a sum of r products
				t.Errorf("merged %s differs by %.3g", name, d)
			}
		}
	}
	if merged != len(layersOf) {
		t.Errorf("merged %d weights, the case has %d", len(layersOf), merged)
	}
}
