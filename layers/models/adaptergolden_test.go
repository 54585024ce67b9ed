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
	c.checkBase(t, m)
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

// checkBase compares the logits of the base without the adapter.
func (c goldenCase) checkBase(t *testing.T, m models.Model) {
	l, ok := m.(models.LanguageModel)
	want := c.tensors["base_logits"]
	if !ok || want == nil {
		t.Fatalf("the case has a %T and base_logits %t, want a language model and its logits", m, want != nil)
	}
	params := graph.NewParams(tensor.Float32, 1)
	p := build(t, params, graph.Eval, l.Logits(want.Shape()[0], want.Shape()[1]))
	if err := checkpoints.LoadWeights(c.dir, params.All(), checkpoints.Rules{Rename: m.Rename, Ignore: m.Ignore}); err != nil {
		t.Fatal(err)
	}
	run(t, p, graph.Feed{"tokens": narrow(c.tensors["input_ids"])})
	if d := graphtest.MaxDifference(p.Output("logits"), want); !(d <= 1e-4) {
		t.Errorf("logits of the base differ by %.3g", d)
	}
}
