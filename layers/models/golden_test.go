package models_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
)

// shared returns the path of a file or folder in ../shared, next to the project. If it does not exist, the test is skipped.
func shared(t testing.TB, path string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no go.mod above the working directory")
		}
		dir = up
	}
	found := filepath.Join(dir, "..", "shared", filepath.FromSlash(path))
	if _, err := os.Stat(found); err != nil {
		t.Skipf("no reference data: %v", err)
	}
	return found
}

// adamW returns a clipped step of AdamW at this rate, with weight decay for tensors of two or more axes.
func adamW(rate, decay float64) func([]G.ValueGrad) error {
	return clipped(&train.AdamW{WeightDecay: decay}, rate)
}

// clipped returns a step of an optimizer at this rate, with gradients clipped to a norm of 1.
func clipped(o train.Optimizer, rate float64) func([]G.ValueGrad) error {
	return func(weights []G.ValueGrad) error {
		norm, err := train.GradNorm(weights)
		if err != nil {
			return err
		}
		return o.Update(weights, rate, train.ClipFactor(norm, 1))
	}
}

// golden reads a case of ../shared/golden, computed by PyTorch. The tolerances come from float32: a sum of some hundred products
// in another order differs in the last digits, and AdamW divides by the root of its own small squares.
func golden(t *testing.T, name string, config any, inputs map[string]string) graphtest.Golden {
	t.Helper()
	dir := shared(t, "golden/"+name)
	data, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, config); err != nil {
		t.Fatal(err)
	}
	weights, err := checkpoints.Read(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	io, err := checkpoints.Read(filepath.Join(dir, "io.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	g := graphtest.Golden{
		Weights: weights, Feed: graph.Feed{}, Logits: io["logits"], Loss: float64(io["loss"].Float32s()[0]),
		Grads: map[string]*tensor.Dense{}, Final: map[string]*tensor.Dense{}, Step: adamW(1e-3, 0.1),
		LogitsWithin: 1e-5, LossWithin: 1e-6, GradsWithin: 1e-4, LossesWithin: 1e-5, FinalWithin: 1e-5,
	}
	for k, v := range io {
		if n, ok := strings.CutPrefix(k, "grad."); ok {
			g.Grads[n] = v
		}
		if n, ok := strings.CutPrefix(k, "step3."); ok {
			g.Final[n] = v
		}
	}
	for _, l := range io["losses"].Float32s() {
		g.Losses = append(g.Losses, float64(l))
	}
	for from, to := range inputs {
		g.Feed[to] = narrow(io[from])
	}
	return g
}

// narrow converts int64 ids to int32.
func narrow(t *tensor.Dense) *tensor.Dense {
	ids := make([]int32, 0, t.DataSize())
	for _, v := range t.Int64s() {
		ids = append(ids, int32(v))
	}
	return tensor.New(tensor.WithShape(slices.Clone(t.Shape())...), tensor.WithBacking(ids))
}

func TestGoldenGPT(t *testing.T) {
	var m models.GPT
	g := golden(t, "gpt2-tiny", &m, map[string]string{"input_ids": "tokens", "labels": "targets"})
	m.Dropout, m.EmbedDropout, m.AttnDropout = 0, 0, 0 // the case has no dropout; config.json omits it, which means Hugging Face's defaults
	b, l := g.Feed["tokens"].Shape()[0], g.Feed["tokens"].Shape()[1]
	g.Check(t, m.Loss(b, l))
}

func TestGoldenSeq2Seq(t *testing.T) {
	for _, name := range []string{"transformer-postln", "transformer-preln"} {
		t.Run(name, func(t *testing.T) {
			var m models.Seq2Seq
			g := golden(t, name, &m, map[string]string{
				"src_ids": "source", "src_lengths": "source_lengths", "tgt_ids": "tokens", "tgt_lengths": "lengths", "labels": "targets",
			})
			source, target := g.Feed["source"].Shape(), g.Feed["tokens"].Shape()
			g.Check(t, m.Loss(source[0], source[1], target[1]))
		})
	}
}
