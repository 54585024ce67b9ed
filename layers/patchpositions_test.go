package layers_test

import (
	"math"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers"
)

// TestPatchPositions interpolates the squares 1 … 16 of a table and compares them with the results of ONNX's operator Resize in mode
// cubic, which has the same kernel (a = −0.75) and coordinates (half_pixel): the examples resize_upsample_sizes_cubic and
// resize_downsample_sizes_cubic of its specification.
func TestPatchPositions(t *testing.T) {
	for _, c := range []struct {
		y, x int
		want map[int]float64 // by position, after the class token
	}{
		{4, 4, map[int]float64{0: 1, 5: 6, 15: 16}},
		{9, 10, map[int]float64{
			0: 0.45507922, 1: 0.64057922, 2: 0.97157922, 4: 1.90732922, 9: 3.67557922, 10: 1.39437963, 19: 4.61487963, 20: 2.95130693, 29: 6.17180693, 30: 5.20525069,
		}},
		{3, 3, map[int]float64{
			0: 1.63078704, 1: 3.00462963, 2: 4.37847222, 3: 7.12615741, 4: 8.5, 5: 9.87384259, 6: 12.62152778, 7: 13.99537037, 8: 15.36921296,
		}},
	} {
		params := graph.NewParams(tensor.Float64, 1)
		p := build(t, params, graph.Eval, func(s *graph.Scope) {
			x := s.Constant(graphtest.Dense(tensor.Float64, make([]float64, c.y*c.x+1), 1, c.y*c.x+1, 1))
			s.Output("y", layers.PatchPositions{Name: "table", Side: 4, Std: 1}.Forward(s, x, c.y, c.x))
		})
		for i := range 17 {
			params.Value("table").Float64s()[i] = float64(i)
		}
		params.Value("table").Float64s()[0] = 99 // of the class token
		got := run(t, p).Float64s()
		if got[0] != 99 {
			t.Errorf("%d×%d: the class token has %g, want 99", c.y, c.x, got[0])
		}
		for i, want := range c.want {
			if math.Abs(got[i+1]-want) > 1e-7 { // the examples have 8 digits
				t.Errorf("%d×%d: position %d has %.8f, want %.8f", c.y, c.x, i, got[i+1], want)
			}
		}
	}
}

// TestFirst: First returns the first vector of Forward, and refuses attention that it does not support.
func TestFirst(t *testing.T) {
	for name, names := range map[string]struct {
		block     layers.BlockNames
		attention layers.AttentionNames
	}{"torch": {layers.PyTorchBlock, layers.PyTorchAttention}, "vit": {layers.ViTBlock, layers.ViTAttention}} {
		l := layers.PreNorm{Attention: layers.SelfAttention{Heads: 2, Names: names.attention}, Names: names.block, Dropout: 0.5}
		params := graph.NewParams(tensor.Float64, 1)
		declare := func(first bool) func(*graph.Scope) {
			return func(s *graph.Scope) {
				x := s.In("x").Param("value", graph.Normal(1), 3, 5, 6)
				forward := l.Forward
				if first {
					forward = l.First
				}
				s.Output("y", forward(s.In("layer"), x, layers.Sequence{}))
			}
		}
		whole, first := run(t, build(t, params, graph.Eval, declare(false))), run(t, build(t, params, graph.Eval, declare(true)))
		if shape := first.Shape(); shape[0] != 3 || shape[1] != 1 || shape[2] != 6 {
			t.Fatalf("%s: got shape %v, want (3, 1, 6)", name, shape)
		}
		for i, got := range first.Float64s() {
			if want := whole.Float64s()[i/6*30+i%6]; math.Abs(got-want) > 1e-12 {
				t.Errorf("%s: element %d is %g, want %g", name, i, got, want)
			}
		}
	}
	for name, l := range map[string]layers.SelfAttention{
		"causal": {Heads: 2, Causal: true}, "window": {Heads: 2, Window: 3}, "norms": {Heads: 2, QKNorm: true}, "shared heads": {Heads: 2, KVHeads: 1},
		"positions": {Heads: 2, Positions: layers.Positions{RoPE: layers.RoPE{Dim: 2}}}, "softcap": {Heads: 2, Softcap: 30},
	} {
		_, err := graph.Build(graph.NewParams(tensor.Float64, 1), graph.Eval, func(s *graph.Scope) {
			x := s.In("x").Param("value", graph.Normal(1), 1, 2, 4)
			s.Output("y", layers.PreNorm{Attention: l}.First(s, x, layers.Sequence{}))
		})
		if err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
