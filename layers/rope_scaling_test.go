package layers_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/layers"
)

// TestRoPEFrequencies: values worked out by hand. With Theta 10000 and 4 channels the plain frequencies are 1 and 0.01.
func TestRoPEFrequencies(t *testing.T) {
	ln := math.Log
	for _, c := range []struct {
		name   string
		rope   layers.RoPE
		length int
		want   []float64
		factor float64
	}{
		{"plain", layers.RoPE{Dim: 8, Theta: 16}, 1, []float64{1, 0.5, 0.25, 0.125}, 1},
		{"usual theta", layers.RoPE{Dim: 4}, 1, []float64{1, 0.01}, 1},
		{"linear", layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPELinear, Factor: 4}}, 1, []float64{0.25, 0.0025}, 1},
		// 4/(4−2) = 2: theta·3² = 90000, whose root is 300
		{"ntk", layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPENTK, Factor: 3}}, 1, []float64{1, 1 / 300.}, 1},
		{"dynamic, short", layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPEDynamic, Factor: 4, Original: 16}}, 9, []float64{1, 0.01}, 1},
		// 4·24/16 − 3 = 3
		{"dynamic, long", layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPEDynamic, Factor: 4, Original: 16}}, 24, []float64{1, 1 / 300.}, 1},
		// Wavelengths 2π, 4π, 8π, 16π; 64/λ is 10.2, 5.1, 2.5, 1.3 turns. The share of the second half is (64/λ − 1)/3.
		{"llama3", layers.RoPE{Dim: 8, Theta: 16, Scaling: layers.RoPEScaling{Kind: layers.RoPELlama3, Factor: 8, Original: 64}}, 1,
			[]float64{1, 0.5, 0.25 * (1./8 + 7./8*(8/math.Pi-1)/3), 0.125 * (1./8 + 7./8*(4/math.Pi-1)/3)}, 1},
		{"llama3, long waves", layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPELlama3, Factor: 8, Original: 64, LowFactor: 2, HighFactor: 3}}, 1, []float64{1, 0.01 / 8}, 1},
		// corr(32) = 8·ln(64/64π)/(2·ln 16) < 0, so 0. corr(1) = 8·ln(64/2π)/(2·ln 16) = 3.35, rounded up to 4.
		{"yarn", layers.RoPE{Dim: 8, Theta: 16, Scaling: layers.RoPEScaling{Kind: layers.RoPEYaRN, Factor: 4, Original: 64}}, 1,
			[]float64{1, 0.5 * (0.25*0.25 + 0.75), 0.25 * (0.5*0.25 + 0.5), 0.125 * (0.75*0.25 + 0.25)}, 0.1*ln(4) + 1},
		{"yarn, not rounded", layers.RoPE{Dim: 4, Theta: 16, Scaling: layers.RoPEScaling{Kind: layers.RoPEYaRN, Factor: 2, Original: 64, NoTruncate: true, MScale: 0.7, MScaleAllDim: 0.5}}, 1,
			[]float64{1, 0.25 * (1 - 0.5/(2*ln(32/math.Pi)/ln(16)))}, (0.07*ln(2) + 1) / (0.05*ln(2) + 1)},
		{"yarn, one MScale", layers.RoPE{Dim: 2, Scaling: layers.RoPEScaling{Kind: layers.RoPEYaRN, Factor: 2, Original: 64, MScale: 0.7}}, 1, []float64{1}, 0.1*ln(2) + 1},
		// corr(32/π) = 4·ln(1)/(2·ln 4) = 0 and corr(16/π) = 4·ln(2)/(2·ln 4) = 1, so pair 1 is scaled in full.
		{"yarn, betas", layers.RoPE{Dim: 4, Theta: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPEYaRN, Factor: 0.5, Original: 64, BetaFast: 32 / math.Pi, BetaSlow: 16 / math.Pi, AttentionFactor: 1.3, NoTruncate: true}}, 1, []float64{1, 1}, 1.3},
		{"longrope, short", layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPELongRoPE, Original: 16, Short: layers.NewFactors(1, 2), Long: layers.NewFactors(4, 5)}}, 16, []float64{1, 0.005}, 1},
		{"longrope, long", layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPELongRoPE, Factor: 16, Original: 16, Short: layers.NewFactors(1, 2), Long: layers.NewFactors(4, 5)}}, 17, []float64{0.25, 0.002}, math.Sqrt2},
		{"longrope, factor", layers.RoPE{Dim: 2, Scaling: layers.RoPEScaling{Kind: layers.RoPELongRoPE, Factor: 16, Original: 16, AttentionFactor: 1.5, Short: layers.NewFactors(1)}}, 1, []float64{1}, 1.5},
	} {
		got, factor, err := c.rope.Frequencies(c.length)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		compareFrequencies(t, c.name, append(got, factor), append(c.want, c.factor), 1e-14)
	}
}

func compareFrequencies(t *testing.T, name string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %v, want %v", name, got, want)
		return
	}
	for i, w := range want {
		if !(math.Abs(got[i]-w) <= tolerance*w) {
			t.Errorf("%s: element %d: got %.17g, want %.17g", name, i, got[i], w)
		}
	}
}

func TestRoPEErrors(t *testing.T) {
	for _, c := range []struct {
		rope layers.RoPE
		want string
	}{
		{layers.RoPE{}, "rope: plain: 0 channels"},
		{layers.RoPE{Dim: 3}, "3 channels: want a positive even"},
		{layers.RoPE{Dim: 1 << 40}, "1099511627776 channels: want at most 65536"},
		{layers.RoPE{Dim: 2, Theta: -1}, "theta -1"},
		{layers.RoPE{Dim: 2, Theta: math.NaN()}, "theta NaN"},
		{layers.RoPE{Dim: 2, Scaling: layers.RoPEScaling{Kind: 99}}, "kind 99|longrope"},
		{layers.RoPE{Dim: 2, Scaling: layers.RoPEScaling{Kind: layers.RoPELinear}}, "rope: linear: factor 0"},
		{layers.RoPE{Dim: 2, Scaling: layers.RoPEScaling{Kind: layers.RoPENTK, Factor: 2}}, "ntk: 2 channels: want at least 4"},
		{layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPEYaRN, Factor: 2}}, "rope: yarn: original length 0"},
		{layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPEYaRN, Factor: 2, Original: 9, BetaFast: -1}}, "beta fast -1|positive"},
		{layers.RoPE{Dim: 4, Theta: 1, Scaling: layers.RoPEScaling{Kind: layers.RoPEYaRN, Factor: 2, Original: 9}}, "theta 1|above 1"},
		{layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPELlama3, Factor: 2, Original: 9, LowFactor: 5}}, "low factor 5|high factor 4"},
		{layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPELongRoPE, Original: 9, Short: layers.NewFactors(1)}}, "1 short factors for 4 channels: want 2"},
		{layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPELongRoPE, Original: 9, Short: layers.NewFactors(1, 0)}}, "short factor 1 is 0"},
		{layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPELongRoPE, Original: 9, Short: layers.NewFactors(1, math.NaN())}}, "short list|finite"},
		{layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPELongRoPE, Original: 9, Short: "1, 2"}}, "short list|1, 2"},
	} {
		_, _, err := c.rope.Frequencies(5)
		if err == nil {
			t.Errorf("%+v: got no error, want %q", c.rope, c.want)
			continue
		}
		for w := range strings.SplitSeq(c.want, "|") {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%+v: got error %q, want %q in it", c.rope, err, w)
			}
		}
	}
}

// TestRoPEIsData: scalings can be compared, and JSON restores them.
func TestRoPEIsData(t *testing.T) {
	r := layers.RoPE{Dim: 4, Scaling: layers.RoPEScaling{Kind: layers.RoPELongRoPE, Short: layers.NewFactors(1, 2.5)}}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), `"Short":[1,2.5],"Long":null`) {
		t.Errorf("got %s, want the factors as an array", data)
	}
	var back layers.RoPE
	if err := json.Unmarshal(data, &back); err != nil || back != r {
		t.Errorf("got %+v and error %v, want %+v", back, err, r)
	}
	if err := json.Unmarshal([]byte(`{"Scaling":{"Short":["a"]}}`), &back); err == nil {
		t.Error("got no error for a text among the factors")
	}
}

// TestRoPEGolden compares with the inverse frequencies that Hugging Face's rules give for the configurations of the golden cases,
// evaluated in Python with float64.
func TestRoPEGolden(t *testing.T) {
	dir := filepath.Join("..", "..", "shared", "golden")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no golden cases: %v", err)
	}
	for _, c := range goldenRoPE {
		compareGolden(t, filepath.Join(dir, c.name, "config.json"), c)
	}
}

// ropeGolden holds the frequencies and the factor of a golden case, whose input has length tokens.
type ropeGolden struct {
	name   string
	length int
	want   []float64
	factor float64
}

var goldenRoPE = []ropeGolden{
	{"llama-rope-dynamic", 24, []float64{1, 0.06933612743506347, 0.004807498567691361, 0.0003333333333333334}, 1},
	{"llama-rope-linear", 24, []float64{0.25, 0.025, 0.0025, 0.00025}, 1},
	{"llama-rope-llama3", 24, []float64{1, 0.09583998588296266, 0.0125, 0.003952847075210474}, 1},
	{"llama-rope-longrope", 24, []float64{0.6693440428380187, 0.04403346543372963, 0.0031836994587710918, 0.0002397506593143131}, 1.224744871391589},
	{"llama-rope-longrope-short", 20, []float64{0.9803921568627451, 0.09132420091324202, 0.008143322475570033, 0.0007662835249042146}, 1.1832159566199232},
	{"llama-rope-yarn", 24, []float64{1, 0.35465310337619094, 0.11180339887498948, 0.026434281586014102}, 1.138629436111989},
}

func compareGolden(t *testing.T, path string, c ropeGolden) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Theta    float64 `json:"rope_theta"`
		Max      int     `json:"max_position_embeddings"`
		Original int     `json:"original_max_position_embeddings"`
		Scaling  struct {
			Kind     string         `json:"rope_type"`
			Factor   float64        `json:"factor"`
			Original int            `json:"original_max_position_embeddings"`
			Low      float64        `json:"low_freq_factor"`
			High     float64        `json:"high_freq_factor"`
			Short    layers.Factors `json:"short_factor"`
			Long     layers.Factors `json:"long_factor"`
		} `json:"rope_scaling"`
	}
	if err := json.Unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	in := config.Scaling
	r := layers.RoPE{Dim: 8, Theta: config.Theta, Scaling: layers.RoPEScaling{
		Factor: in.Factor, Original: max(in.Original, config.Original), LowFactor: in.Low, HighFactor: in.High, Short: in.Short, Long: in.Long,
	}}
	for r.Scaling.Kind = layers.RoPEPlain; r.Scaling.Kind.String() != in.Kind; r.Scaling.Kind++ {
		if r.Scaling.Kind > layers.RoPELongRoPE {
			t.Fatalf("%s: no rule is called %q", c.name, in.Kind)
		}
	}
	switch r.Scaling.Kind {
	case layers.RoPEDynamic:
		r.Scaling.Original = config.Max
	case layers.RoPELongRoPE:
		r.Scaling.Factor = float64(config.Max) / float64(config.Original)
	}
	got, factor, err := r.Frequencies(c.length)
	if err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	compareFrequencies(t, c.name, append(got, factor), append(c.want, c.factor), 1e-14)
}
