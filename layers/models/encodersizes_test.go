package models_test

import (
	"encoding/json"
	"maps"
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// small declares a model of few tokens or one picture.
func small(m models.Model) func(*graph.Scope) {
	if v, ok := m.(models.ViT); ok {
		return v.Loss(1, v.Size)
	}
	return m.(models.TextEncoder).Loss(2, 3)
}

// TestSizesOfEncoders sets every number of a config.json to sizes of slips and attacks. Reading the configuration and building the model
// over the shapes of its file either succeeds or fails with one line, and makes no other weights.
func TestSizesOfEncoders(t *testing.T) {
	all := map[string]models.Model{"ViT": smallViT}
	for name, m := range textEncoders() {
		all[name] = m
	}
	for name, m := range all {
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var keys map[string]any
		if err := json.Unmarshal(data, &keys); err != nil {
			t.Fatal(err)
		}
		params := graph.NewParams(tensor.Float32, 1)
		build(t, params, graph.Eval, small(m))
		dir := t.TempDir() + "/model"
		if err := checkpoints.SaveModel(dir, checkpoints.Model{Weights: params.All()}); err != nil {
			t.Fatal(err)
		}
		shapes, err := checkpoints.Shapes(dir, checkpoints.Rules{})
		if err != nil {
			t.Fatal(err)
		}
		for key, old := range keys {
			if _, number := old.(float64); !number {
				continue
			}
			for _, v := range []string{"0", "-1", "100000000", "2000000000", "1099511627776", "9223372036854775807", "1e300"} {
				changed := maps.Clone(keys)
				changed[key] = json.Number(v)
				file, err := json.Marshal(changed)
				if err != nil {
					t.Fatal(err)
				}
				if err := builds(file, shapes); err != nil && strings.ContainsAny(err.Error(), "\n") {
					t.Errorf("%s: %s: %s: got error %v, want one line", name, key, v, err)
				}
			}
		}
	}
}

// builds reads a configuration and builds its model over the shapes of a file.
func builds(config []byte, shapes map[string][]int) error {
	m, err := models.Parse(config)
	if err != nil {
		return err
	}
	params := graph.NewParams(tensor.Float32, 1)
	params.Expect("the folder", shapes)
	_, err = graph.Build(params, graph.Eval, small(m))
	return err
}

// TestSizesOfEncodersAlone plans models with sizes of slips, without a file to compare with: an error of one line, or more memory than
// machines have, so that Build refuses it.
func TestSizesOfEncodersAlone(t *testing.T) {
	for _, n := range []int{1e8, 2e9, 1 << 40, math.MaxInt} {
		roberta := smallBERT
		roberta.Family, roberta.Types = "roberta", 1
		for name, change := range map[string]func(*models.BERT, *models.ModernBERT, *models.ViT){
			"vocabulary, pictures": func(b *models.BERT, m *models.ModernBERT, v *models.ViT) { b.Vocab, m.Vocab, v.Size = n, n, n&^1 },
			"layers":               func(b *models.BERT, m *models.ModernBERT, v *models.ViT) { b.Layers, m.Layers, v.Layers = n, n, n },
			"channels": func(b *models.BERT, m *models.ModernBERT, v *models.ViT) {
				b.Dim, b.Heads, m.Dim, m.Heads, v.Dim, v.Heads = n, 1, n, 1, n, 1
			},
			"hidden":         func(b *models.BERT, m *models.ModernBERT, v *models.ViT) { b.Hidden, m.Hidden, v.Hidden = n, n, n },
			"types, colours": func(b *models.BERT, m *models.ModernBERT, v *models.ViT) { b.Types, m.Vocab, v.Channels = n, n, n },
			"window, patch": func(b *models.BERT, m *models.ModernBERT, v *models.ViT) {
				b.Context, m.Vocab, v.Size, v.Patch = n, n, n, n
			},
		} {
			b, r, m, v := smallBERT, roberta, smallModernBERT, smallViT
			change(&b, &m, &v)
			change(&r, &m, &v)
			for _, m := range []models.Model{b, r, m, v} {
				need, err := graph.Estimate(graph.NewParams(tensor.Float32, 1), graph.Train, small(m))
				if err == nil && need.Memory.Total() < 4*n || err != nil && strings.ContainsAny(err.Error(), "\n") {
					t.Errorf("%T: %s of %d: got error %v and %d bytes", m, name, n, err, need.Memory.Total())
				}
			}
		}
	}
}
