package layers_test

import (
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers"
)

// spread returns the standard deviation of a tensor about 0 and its largest magnitude.
func spread(v *tensor.Dense) (std, most float64) {
	sum := 0.0
	for _, x := range v.Float64s() {
		sum += x * x
		most = max(most, math.Abs(x))
	}
	return math.Sqrt(sum / float64(v.DataSize())), most
}

// TestInitialWeights: initial weights have the documented distributions, for 64 channels.
func TestInitialWeights(t *testing.T) {
	const c = 64
	torch := 1 / math.Sqrt(c)                                           // bound of torch.nn.Linear
	xavier := math.Sqrt(6 / float64(3*c+c))                             // bound of torch.nn.MultiheadAttention's in_proj_weight
	even := func(bound float64) float64 { return bound / math.Sqrt(3) } // standard deviation of ±bound
	none := layers.Sequence{}
	for _, w := range []struct {
		layer, name string
		forward     func(s *graph.Scope, x *G.Node) *G.Node
		std, bound  float64 // bound is 0 for the normal distribution
	}{
		{"Linear", "weight", layers.Linear{Out: c}.Forward, even(torch), torch},
		{"Linear", "bias", layers.Linear{Out: 4096}.Forward, even(torch), torch},
		{"Linear with Std", "weight", layers.Linear{Out: c, Std: 0.1}.Forward, 0.1, 0},
		{"MLP with Std", "linear2.weight", layers.MLP{Std: 0.1}.Forward, 0.1, 0},
		{"MLP with OutStd", "linear2.weight", layers.MLP{Std: 0.1, OutStd: 0.3}.Forward, 0.3, 0},
		{"SelfAttention", "in_proj_weight", at(layers.SelfAttention{Heads: 4}, none), even(xavier), xavier},
		{"SelfAttention", "out_proj.weight", at(layers.SelfAttention{Heads: 4}, none), even(torch), torch},
		{"SelfAttention with Std", "in_proj_weight", at(layers.SelfAttention{Heads: 4, Std: 0.1}, none), 0.1, 0},
		{"SelfAttention with Std", "out_proj.weight", at(layers.SelfAttention{Heads: 4, Std: 0.1}, none), 0.1, 0},
		{"GPT2 with OutStd", "c_proj.weight", at(layers.SelfAttention{Heads: 4, Names: layers.GPT2Attention, Std: 0.1, OutStd: 0.3}, none), 0.3, 0},
		{"LearnedPositions", "weight", at(layers.LearnedPositions{Max: c}, none), 0.02, 0},
		{"Embedding", "weight", func(s *graph.Scope, x *G.Node) *G.Node { return layers.Embedding{Vocab: c, Dim: c}.Weight(s) }, 1, 0},
	} {
		params := graph.NewParams(tensor.Float64, 1)
		build(t, params, graph.Eval, func(s *graph.Scope) { s.Output("y", w.forward(s, s.Input("x", tensor.Float64, 1, 2, c))) })
		v := params.Value(w.name)
		std, most := spread(v)
		// Five standard deviations of an estimate from n numbers, √(1/2n) for the normal distribution, less for the uniform.
		if math.Abs(std/w.std-1) > 5/math.Sqrt(2*float64(v.DataSize())) {
			t.Errorf("%s: %s: got a standard deviation of %g, want %g", w.layer, w.name, std, w.std)
		}
		if w.bound > 0 && (most > w.bound || most < 0.99*w.bound) {
			t.Errorf("%s: %s: got magnitudes up to %g, want up to %g", w.layer, w.name, most, w.bound)
		}
	}
}

// at binds the Sequence argument of Forward.
func at(l interface {
	Forward(*graph.Scope, *G.Node, layers.Sequence) *G.Node
}, seq layers.Sequence) func(*graph.Scope, *G.Node) *G.Node {
	return func(s *graph.Scope, x *G.Node) *G.Node { return l.Forward(s, x, seq) }
}

// TestInitialBiases: biases begin at zero except where PyTorch's do not, and weights of norms begin at one.
func TestInitialBiases(t *testing.T) {
	params := graph.NewParams(tensor.Float64, 1)
	build(t, params, graph.Eval, func(s *graph.Scope) {
		x := s.Input("x", tensor.Float64, 1, 2, 8)
		x = layers.LayerNorm{}.Forward(s.In("norm"), x)
		x = layers.RMSNorm{}.Forward(s.In("rms"), x)
		x = layers.Linear{Out: 8, Std: 0.1}.Forward(s.In("linear"), x)
		s.Output("y", layers.SelfAttention{Heads: 2}.Forward(s.In("attn"), x, layers.Sequence{}))
	})
	for name, want := range map[string]float64{
		"norm.weight": 1, "norm.bias": 0, "rms.weight": 1, "linear.bias": 0, "attn.in_proj_bias": 0,
	} {
		for i, got := range params.Value(name).Float64s() {
			if got != want {
				t.Errorf("%s: element %d: got %g, want %g", name, i, got, want)
			}
		}
	}
}
