package models_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

func std(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(x)))
}

// TestInitialWeights: weights are normal with GPT-2's 0.02, divided by √(2·Layers) in projections onto the residual sum.
func TestInitialWeights(t *testing.T) {
	m := models.GPT{Vocab: 65, Context: 64, Layers: 8, Heads: 4, Dim: 64, Untied: true}
	params := graph.NewParams(tensor.Float32, 1)
	build(t, params, graph.Eval, m.Logits(1, 2))
	for name, v := range params.All() {
		want := 0.02
		switch {
		case strings.HasSuffix(name, "bias"):
			want = 0
		case strings.Contains(name, "ln_"):
			want = 1
		case strings.HasSuffix(name, "c_proj.weight"):
			want = 0.02 / 4
		}
		// Five standard deviations of an estimate from n normal numbers.
		within := 5 / math.Sqrt(2*float64(v.DataSize())) * want
		if got := std(v.Float32s()); math.Abs(got-want) > within {
			t.Errorf("%s: got a standard deviation of %g, want %g", name, got, want)
		}
	}
	if at := std(params.Value("wte.weight").Float32s()); at < 0.019 || at > 0.021 {
		t.Errorf("wte.weight: got a standard deviation of %g, want 0.02", at)
	}
}

// TestInitialLoss: the predictions of an untrained model are nearly uniform.
func TestInitialLoss(t *testing.T) {
	m := models.GPT{Vocab: 65, Context: 64, Layers: 4, Heads: 4, Dim: 64}
	p := build(t, graph.NewParams(tensor.Float32, 1), graph.Eval, m.Loss(4, 64))
	run(t, p, windows(m, 4, 64))
	// Logits have a standard deviation of 0.02·√64 = 0.16 and raise the mean loss by half their variance.
	if want := math.Log(65); math.Abs(p.Loss()-want) > 0.05 {
		t.Errorf("got a loss of %g, want about log(65) = %g", p.Loss(), want)
	}
}

// TestSeedDeterminesWeights: weights depend on the seed and the path, and not on the order of declaration.
func TestSeedDeterminesWeights(t *testing.T) {
	weights := func(seed uint64, first graph.Mode, declare func(*graph.Scope)) map[string][]float32 {
		params := graph.NewParams(tensor.Float32, seed)
		build(t, params, first, declare)
		all := map[string][]float32{}
		for name, v := range params.All() {
			all[name] = v.Float32s()
		}
		return all
	}
	deeper := smallGPT
	deeper.Layers++
	train, decode := weights(1, graph.Train, smallGPT.Loss(2, 3)), weights(1, graph.Decode, smallGPT.Decode(1, 1))
	other, deep := weights(2, graph.Train, smallGPT.Loss(2, 3)), weights(1, graph.Train, deeper.Loss(2, 3))
	for name, v := range train {
		if !slices.Equal(v, decode[name]) {
			t.Errorf("%s depends on the program that declares it", name)
		}
		if strings.HasSuffix(name, "c_proj.weight") || strings.HasSuffix(name, "bias") || strings.Contains(name, "ln_") {
			continue // scaled by the depth, or constant
		}
		if slices.Equal(v, other[name]) {
			t.Errorf("%s is the same for two seeds", name)
		}
		if !slices.Equal(v, deep[name]) {
			t.Errorf("%s depends on the other parameters", name)
		}
	}
	if slices.Equal(train["h.0.attn.c_attn.weight"], train["h.1.attn.c_attn.weight"]) {
		t.Error("two layers begin with the same weights")
	}
}

// parameters returns the number of a GPT's parameters from the sizes of its matrices and vectors.
func parameters(m models.GPT) int {
	c, hidden := m.Dim, m.Hidden
	if hidden == 0 {
		hidden = 4 * c
	}
	norm := 2 * c
	attention := c*3*c + 3*c + c*c + c
	mlp := c*hidden + hidden + hidden*c + c
	n := m.Vocab*c + m.Context*c + m.Layers*(2*norm+attention+mlp) + norm
	if m.Untied {
		n += m.Vocab * c
	}
	return n
}

// TestParameterCounts: the formula agrees with the parameters of small models, and gives the published sizes of GPT-2.
func TestParameterCounts(t *testing.T) {
	for _, change := range []func(*models.GPT){
		func(*models.GPT) {}, func(m *models.GPT) { m.Untied = true }, func(m *models.GPT) { m.Hidden, m.Layers = 7, 1 },
	} {
		m := smallGPT
		change(&m)
		params := graph.NewParams(tensor.Float32, 1)
		build(t, params, graph.Eval, m.Logits(1, 1))
		if got, want := params.Size(), parameters(m); got != want {
			t.Errorf("%+v: got %d parameters, want %d", m, got, want)
		}
		head := params.Value("lm_head.weight")
		if m.Untied != (head != nil) || params.Value("lm_head.bias") != nil {
			t.Errorf("Untied %v: got the head %v", m.Untied, head)
		}
	}
	for _, c := range []struct{ layers, heads, dim, want int }{
		{12, 12, 768, 124439808}, {24, 16, 1024, 354823168}, {36, 20, 1280, 774030080}, {48, 25, 1600, 1557611200},
	} {
		m := models.GPT{Vocab: 50257, Context: 1024, Layers: c.layers, Heads: c.heads, Dim: c.dim}
		if err := m.Check(); err != nil {
			t.Error(err)
		}
		if got := parameters(m); got != c.want {
			t.Errorf("%d layers: got %d parameters, want %d", c.layers, got, c.want)
		}
	}
}
