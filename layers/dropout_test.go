package layers_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers"
)

// masks applies dropout to ones at two paths and returns both results.
func masks(t *testing.T, seed uint64, p float64) (a, b []float32) {
	t.Helper()
	program := build(t, graph.NewParams(tensor.Float32, seed), graph.Train, func(s *graph.Scope) {
		x := s.Param("x", graph.Ones(), 100, 100)
		s.Output("a", layers.Dropout{P: p}.Forward(s.In("a"), x))
		s.Output("b", layers.Dropout{P: p}.Forward(s.In("b"), x))
	})
	if err := program.Run(nil); err != nil {
		t.Fatal(err)
	}
	return program.Output("a").Float32s(), program.Output("b").Float32s()
}

func TestDropoutRate(t *testing.T) {
	for _, p := range []float64{0.1, 0.5, 0.9} {
		a, _ := masks(t, 1, p)
		dropped := 0
		for i, v := range a {
			switch v {
			case 0:
				dropped++
			case float32(1 / (1 - p)):
			default:
				t.Fatalf("p=%g: element %d: got %g, want 0 or %g", p, i, v, 1/(1-p))
			}
		}
		// Five standard deviations of a binomial count: less than one seed in a million is outside.
		n := float64(len(a))
		if d := math.Abs(float64(dropped) - n*p); d > 5*math.Sqrt(n*p*(1-p)) {
			t.Errorf("p=%g: got %d of %d dropped, want about %g", p, dropped, len(a), n*p)
		}
	}
}

func TestDropoutPlaces(t *testing.T) {
	a, b := masks(t, 1, 0.5)
	other, _ := masks(t, 2, 0.5)
	again, _ := masks(t, 1, 0.5)
	if slices.Equal(a, b) {
		t.Error("two places drop the same elements")
	}
	if slices.Equal(a, other) {
		t.Error("two seeds drop the same elements")
	}
	if !slices.Equal(a, again) {
		t.Error("the same seed drops other elements")
	}
	both := 0
	for i := range a {
		if a[i] == 0 && b[i] == 0 {
			both++
		}
	}
	// Independent masks share a quarter of the elements, within five standard deviations.
	if n := float64(len(a)); math.Abs(float64(both)-n/4) > 5*math.Sqrt(n*3/16) {
		t.Errorf("got %d of %d elements dropped at both paths, want about a quarter", both, len(a))
	}
}

// TestNoDropoutNode: a Dropout that drops nothing declares nothing.
func TestNoDropoutNode(t *testing.T) {
	for mode, p := range map[graph.Mode]float64{graph.Train: 0, graph.Eval: 0.5, graph.Decode: 0.5} {
		build(t, graph.NewParams(tensor.Float32, 1), mode, func(s *graph.Scope) {
			x := s.Param("x", graph.Ones(), 2)
			y := layers.Dropout{P: p}.Forward(s, x)
			if y != x {
				t.Errorf("%v, p=%g: got the node %v, want x itself", mode, p, y)
			}
			s.Output("y", s.Try(G.Tanh(y)))
		})
	}
}

// TestDropoutOfBlocks: every sum in a stack of layers has its own mask. Each of the n parts adds ones, half of them dropped and half
// doubled, so that independent masks sum to twice a binomial number.
func TestDropoutOfBlocks(t *testing.T) {
	none := layers.Sequence{}
	for _, c := range []struct {
		name    string
		n       int
		forward func(s *graph.Scope, x *G.Node) *G.Node
	}{
		{"Block", 4, func(s *graph.Scope, x *G.Node) *G.Node {
			l := Block{Heads: 2, Dropout: 0.5}
			return l.Forward(s.In("h.1"), l.Forward(s.In("h.0"), x, none), none)
		}},
		{"Encoder", 4, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.Encoder{Layers: 2, NoNorm: true, Layer: layers.EncoderLayer{Heads: 2, Dropout: 0.5, NormFirst: true}}.Forward(s, x, none)
		}},
		{"Decoder", 6, func(s *graph.Scope, x *G.Node) *G.Node {
			l := layers.DecoderLayer{Heads: 2, Dropout: 0.5, NormFirst: true}
			return layers.Decoder{Layers: 2, NoNorm: true, Layer: l}.Forward(s, x, none, layers.Memory{X: x})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			params := graph.NewParams(tensor.Float32, 1)
			p := build(t, params, graph.Train, func(s *graph.Scope) {
				s.Output("y", c.forward(s, s.Param("x", graph.Zeros(), 2, 50, 40)))
			})
			for name, v := range params.All() {
				v.Zero()
				if strings.HasSuffix(name, "proj.bias") || strings.HasSuffix(name, "linear2.bias") {
					for i := range v.Float32s() {
						v.Float32s()[i] = 1
					}
				}
			}
			counts := make([]float64, 2*c.n+1)
			for _, v := range run(t, p).Float32s() {
				counts[int(v)]++
			}
			for k, got := range counts {
				q := 0.0
				if k%2 == 0 {
					q = float64(choose(c.n, k/2)) / math.Exp2(float64(c.n))
				}
				// Five standard deviations of a count out of 4000; shared masks differ by far more.
				if math.Abs(got-4000*q) > 5*math.Sqrt(4000*q*(1-q)) {
					t.Errorf("got %g elements of value %d, want about %g", got, k, 4000*q)
				}
			}
		})
	}
}

// choose returns the binomial coefficient.
func choose(n, k int) int {
	c := 1
	for i := range k {
		c = c * (n - i) / (i + 1)
	}
	return c
}

// TestAttentionOutDropout: OutDropout drops elements of the attention's results, and only in training.
func TestAttentionOutDropout(t *testing.T) {
	for _, mode := range []graph.Mode{graph.Train, graph.Eval} {
		program := build(t, graph.NewParams(tensor.Float32, 1), mode, func(s *graph.Scope) {
			x := s.Param("x", graph.Normal(1), 10, 10, 20)
			s.Output("y", layers.SelfAttention{Heads: 2, OutDropout: 0.5}.Forward(s.In("attention"), x, layers.Sequence{}))
		})
		if err := program.Run(nil); err != nil {
			t.Fatal(err)
		}
		dropped := 0
		for _, v := range program.Output("y").Float32s() {
			if v == 0 {
				dropped++
			}
		}
		if trains := mode == graph.Train; trains && math.Abs(float64(dropped)-1000) > 5*math.Sqrt(500) || !trains && dropped > 0 {
			t.Errorf("mode %v: got %d of 2000 dropped", mode, dropped)
		}
	}
}
