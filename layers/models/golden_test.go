package models_test

import (
	"encoding/json"
	"math"
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
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// shared is a folder beside the project, or a skipped test.
func shared(t testing.TB, path string) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", filepath.FromSlash(path))
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%s is not beside the project: %v", path, err)
	}
	return dir
}

// adamW is the optimizer of the golden cases: learning rate 1e-3, β .9 and .999, ε 1e-8, decay 0.1 of tensors of two or more
// axes, gradients clipped to a norm of 1.
func adamW() func([]G.ValueGrad) error {
	moments := map[string][2][]float32{}
	step := 0
	return func(ws []G.ValueGrad) error {
		step++
		sum := 0.0
		for _, w := range ws {
			g, _ := w.Grad()
			sum += kernel.SumSquares(g.(*tensor.Dense).Float32s())
		}
		scale := min(1, 1/(math.Sqrt(sum)+1e-6))
		for _, w := range ws {
			v, g := w.Value().(*tensor.Dense), w.(*graph.Weight)
			grad, _ := g.Grad()
			if _, ok := moments[g.Name()]; !ok {
				moments[g.Name()] = [2][]float32{make([]float32, v.DataSize()), make([]float32, v.DataSize())}
			}
			m := moments[g.Name()]
			a := kernel.Adam{Rate: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Step: step}
			if v.Dims() >= 2 {
				a.WeightDecay = 0.1
			}
			kernel.AdamW(v.Float32s(), grad.(*tensor.Dense).Float32s(), m[0], m[1], scale, a)
		}
		return nil
	}
}

// golden reads a case of ../shared/golden, computed by PyTorch. The tolerances are those of float32: a sum of some hundred
// products in another order differs in the last digits, and AdamW divides by the root of its own small squares.
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
		Grads: map[string]*tensor.Dense{}, Final: map[string]*tensor.Dense{}, Step: adamW(),
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

// narrow turns int64 ids into int32 ones.
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
	m.Dropout, m.EmbedDropout, m.AttnDropout = 0, 0, 0 // the case has none; config.json leaves Hugging Face's defaults
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
