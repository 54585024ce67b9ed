package models_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// configured is a model that reads a config.json.
type configured interface {
	generate.Model
	json.Unmarshaler
	Loss() func(*graph.Scope)
}

type gptFile struct{ models.GPT }

func (m *gptFile) Loss() func(*graph.Scope) { return m.GPT.Loss(12, m.Context) }

type seq2seqFile struct{ models.Seq2Seq }

func (m *seq2seqFile) Loss() func(*graph.Scope) { return m.Seq2Seq.Loss(12, m.Source, m.Target) }

type t5File struct{ models.T5 }

func (m *t5File) Loss() func(*graph.Scope) { return m.T5.Loss(12, m.Source, m.Target) }

type rnnFile struct{ models.RNN }

func (m *rnnFile) Loss() func(*graph.Scope) { return m.RNN.Loss(12, 9) }

// TestSizesWithWeights sets every number of a small model's config.json to sizes of slips and attacks. Reading the configuration
// and building the model over the shapes of the file either succeeds or fails with one line, and makes no weights.
func TestSizesWithWeights(t *testing.T) {
	for _, family := range []struct {
		config any
		open   func() configured
		works  string // keys that determine no parameter's shape
	}{
		{smallGPT, func() configured { return new(gptFile) }, "bos_token_id eos_token_id embd_pdrop resid_pdrop attn_pdrop layer_norm_epsilon initializer_range n_head"},
		{smallSeq2Seq, func() configured { return new(seq2seqFile) }, "pad_token_id bos_token_id eos_token_id dropout label_smoothing layer_norm_eps heads"},
		{smallT5, func() configured { return new(t5File) }, "pad_token_id decoder_start_token_id eos_token_id dropout_rate layer_norm_epsilon initializer_factor max_source_length max_target_length relative_attention_max_distance"},
		{smallRNN, func() configured { return new(rnnFile) }, "bos_token_id eos_token_id dropout initializer_range context_length"},
	} {
		data, err := json.Marshal(family.config)
		if err != nil {
			t.Fatal(err)
		}
		var keys map[string]any
		if err := json.Unmarshal(data, &keys); err != nil {
			t.Fatal(err)
		}
		shapes := savedShapes(t, family.open(), data)
		for key, old := range keys {
			if _, number := old.(float64); !number && old != nil {
				continue
			}
			for _, v := range []string{"0", "-1", "100000000", "2000000000", "1099511627776", "9223372036854775807", "1e300"} {
				if v == "100000000" && strings.HasSuffix(key, "_length") {
					continue // works, but takes gigabytes
				}
				changed := maps.Clone(keys)
				changed[key] = json.Number(v)
				file, err := json.Marshal(changed)
				if err != nil {
					t.Fatal(err)
				}
				err = opens(family.open(), file, shapes)
				if err != nil && (strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "panic")) || err == nil && !mayWork(family.works, key, v) {
					t.Errorf("%s: %s: got error %v, want one line", key, v, err)
				}
			}
		}
	}
}

// mayWork reports whether a model may have this value of a key.
func mayWork(works, key, v string) bool {
	return strings.Contains(works, key) || v == "0" && key == "n_inner" || key == "source_length" || key == "target_length"
}

// savedShapes saves a model and returns the shapes read from the file.
func savedShapes(t *testing.T, m configured, config []byte) map[string][]int {
	t.Helper()
	if err := json.Unmarshal(config, m); err != nil {
		t.Fatal(err)
	}
	params := graph.NewParams(tensor.Float32, 1)
	build(t, params, graph.Eval, m.Loss())
	dir := filepath.Join(t.TempDir(), "model")
	if err := checkpoints.SaveModel(dir, checkpoints.Model{Weights: params.All()}); err != nil {
		t.Fatal(err)
	}
	shapes, err := checkpoints.Shapes(dir, checkpoints.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	return shapes
}

// opens reads a configuration and builds its model for evaluation and for decoding.
func opens(m configured, config []byte, shapes map[string][]int) error {
	if err := json.Unmarshal(config, m); err != nil {
		return err
	}
	for _, build := range []func(*graph.Params) error{
		func(p *graph.Params) error { _, err := graph.Build(p, graph.Eval, m.Loss()); return err },
		func(p *graph.Params) error { _, err := generate.NewDecoder(p, m, 1); return err },
	} {
		params := graph.NewParams(tensor.Float32, 1)
		params.Expect("the folder", shapes)
		if err := build(params); err != nil {
			return err
		}
		if params.Len() > len(shapes) {
			return fmt.Errorf("%d parameters,\nthe file has %d", params.Len(), len(shapes))
		}
	}
	return nil
}

// TestSizesAlone plans models with sizes of slips, without a file to compare with. The result is an error of one line, or needs more
// memory than machines have, so that Build refuses it.
func TestSizesAlone(t *testing.T) {
	for _, n := range []int{1e8, 2e9, 1 << 40, math.MaxInt} {
		for name, change := range map[string]func(*models.GPT, *models.Seq2Seq){
			"vocabulary": func(g *models.GPT, s *models.Seq2Seq) { g.Vocab, s.SourceVocab = n, n },
			"layers":     func(g *models.GPT, s *models.Seq2Seq) { g.Layers, s.DecoderLayers = n, n },
			"channels":   func(g *models.GPT, s *models.Seq2Seq) { g.Dim, g.Heads, s.Dim, s.Heads = n, 1, n, 1 },
			"hidden":     func(g *models.GPT, s *models.Seq2Seq) { g.Hidden, s.Hidden = n, n },
			"window":     func(g *models.GPT, s *models.Seq2Seq) { g.Context, s.Source, s.Target = n, n, n },
		} {
			g, s := smallGPT, smallSeq2Seq
			change(&g, &s)
			for _, m := range []configured{&gptFile{g}, &seq2seqFile{s}} {
				for _, mode := range []graph.Mode{graph.Train, graph.Eval} {
					need, err := graph.Estimate(graph.NewParams(tensor.Float32, 1), mode, m.Loss())
					if err == nil && need.Memory.Total() < 4*n || err != nil && strings.ContainsAny(err.Error(), "\n") {
						t.Errorf("%T: %s of %d: got error %v and %d bytes", m, name, n, err, need.Memory.Total())
					}
				}
			}
		}
	}
}
