package layers_test

import (
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// TestErrors: the error of a layer names the layer's path and both values that disagree.
func TestErrors(t *testing.T) {
	none := layers.Sequence{}
	attention := func(l layers.SelfAttention) func(s *graph.Scope, x *G.Node) *G.Node {
		return func(s *graph.Scope, x *G.Node) *G.Node { return l.Forward(s, x, none) }
	}
	for _, c := range []struct {
		name    string
		mode    graph.Mode
		want    []string
		forward func(s *graph.Scope, x *G.Node) *G.Node // x is (2, 5, 8)
	}{
		{"heads", graph.Train, []string{"8 channels", "3 heads"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.SelfAttention{Heads: 3}.Forward(s, x, none)
		}},
		{"no heads", graph.Train, []string{"8 channels", "0 heads"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.SelfAttention{}.Forward(s, x, none)
		}},
		{"cross heads", graph.Train, []string{"cross-attention", "8 channels", "-2 heads"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.CrossAttention{Heads: -2}.Forward(s, x, layers.Memory{X: x})
		}},
		{"key-value heads", graph.Train, []string{"4 heads", "3 key-value heads"}, attention(layers.SelfAttention{Heads: 4, KVHeads: 3})},
		{"negative key-value heads", graph.Train, []string{"4 heads", "-2 key-value heads"}, attention(layers.SelfAttention{Heads: 4, KVHeads: -2})},
		{"head of no channels", graph.Train, []string{"heads of -1 channels", "8/2"}, attention(layers.SelfAttention{Heads: 2, HeadDim: -1})},
		{"odd rotation", graph.Train, []string{"3 channels", "even"}, attention(layers.SelfAttention{Heads: 2, HeadDim: 3, Positions: rotary})},
		{"wide rotation", graph.Train, []string{"RoPE", "3 frequencies", "4 channels"}, attention(layers.SelfAttention{
			Heads: 2, Positions: layers.Positions{RoPE: layers.RoPE{Dim: 6}},
		})},
		{"slopes", graph.Train, []string{"ALiBi", "-8"}, attention(layers.SelfAttention{Heads: 2, Positions: layers.Positions{ALiBi: layers.ALiBi{Max: -8}}})},
		{"buckets", graph.Train, []string{"3 buckets up to distance 9", "at least 4"}, attention(layers.SelfAttention{
			Heads: 2, Positions: layers.Positions{T5: layers.T5Bias{Buckets: 3, MaxDistance: 9}},
		})},
		{"distance of buckets", graph.Train, []string{"8 buckets up to distance 2", "above 2"}, attention(layers.SelfAttention{
			Heads: 2, Positions: layers.Positions{T5: layers.T5Bias{Buckets: 8, MaxDistance: 2}},
		})},
		{"Shaw's distance", graph.Train, []string{"Shaw", "-1"}, attention(layers.SelfAttention{Heads: 2, Positions: layers.Positions{Shaw: layers.Shaw{Max: -1}}})},
		{"Shaw's window", graph.Train, []string{"window -1"}, attention(layers.SelfAttention{Heads: 2, Window: -1, Positions: shaw})},
		{"Shaw's softcap", graph.Train, []string{"Shaw", "Softcap"}, attention(layers.SelfAttention{Heads: 2, Softcap: 3, Positions: shaw})},
		{"Shaw's lengths", graph.Train, []string{"(3)", "want (2)"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.SelfAttention{Heads: 2, Positions: shaw}.Forward(s, x, layers.Sequence{Lengths: s.Input("lengths", tensor.Int32, 3)})
		}},
		{"grouped rows by head", graph.Train, []string{"PerHead", "1 and 2"}, attention(layers.SelfAttention{Heads: 2, KVHeads: 1, Names: layers.BLOOMAttention})},
		{"cross rows by head", graph.Train, []string{"cross-attention", "PerHead"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.CrossAttention{Heads: 2, Names: layers.BLOOMAttention}.Forward(s, x, layers.Memory{X: x})
		}},
		{"nil to GatedMLP", graph.Train, []string{"gated MLP: input is nil"}, func(s *graph.Scope, _ *G.Node) *G.Node { return layers.GatedMLP{}.Forward(s, nil) }},
		{"axes", graph.Train, []string{"(10, 8)", "2 axes, want 3"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.SelfAttention{Heads: 2}.Forward(s, s.Try(ops.Reshape(x, 10, 8)), none)
		}},
		{"window", graph.Train, []string{"window -1"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.SelfAttention{Heads: 2, Window: -1}.Forward(s, x, none)
		}},
		{"attention dropout", graph.Train, []string{"dropout 1.5"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.SelfAttention{Heads: 2, Dropout: 1.5}.Forward(s, x, none)
		}},
		{"dropout", graph.Train, []string{"-0.5"}, func(s *graph.Scope, x *G.Node) *G.Node { return layers.Dropout{P: -0.5}.Forward(s, x) }},
		{"positions", graph.Eval, []string{"5 tokens", "4 positions"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.LearnedPositions{Max: 4}.Forward(s, x, none)
		}},
		{"memory", graph.Train, []string{"Memory.X is nil"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.CrossAttention{Heads: 2}.Forward(s, x, layers.Memory{S: 5})
		}},
		{"causal memory", graph.Decode, []string{"cross-attention", "Causal", "SelfAttention"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.CrossAttention{Heads: 2, Causal: true}.Forward(s, x, layers.Memory{X: x})
		}},
		{"dot", graph.Train, []string{"dot", "(2, 5, 8)", "(1, 5, 8)"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.Dot{}.Forward(s, x, s.Try(ops.Slice(x, 0, 0, 1)))
		}},
		{"nil to Dot", graph.Train, []string{"dot", "nil"}, func(s *graph.Scope, x *G.Node) *G.Node { return layers.Dot{}.Forward(s, x, nil) }},
		{"no names of a memory", graph.Train, []string{"Names.Cross", "T5DecoderBlock"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.CrossPreNorm{}.Forward(s, x, none, layers.Memory{X: x})
		}},
		{"memory's batch", graph.Train, []string{"(1, 5, 16)", "(2, 5, 8)"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.CrossAttention{Heads: 2}.Forward(s, x, layers.Memory{X: s.Try(ops.Slice(x, 0, 0, 1))})
		}},
		{"memory's channels", graph.Train, []string{"(2, 5, 4)", "(16, 8)"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.CrossAttention{Heads: 2}.Forward(s, x, layers.Memory{X: s.Try(ops.Slice(x, 2, 0, 4))})
		}},
		{"recurrent sizes", graph.Train, []string{"GRU", "-1 layers", "3 channels"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.GRU{Layers: -1, Hidden: 3}.Forward(s, x, none)
		}},
		{"recurrent decoding", graph.Decode, []string{"LSTM", "Past and Context"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.LSTM{}.Forward(s, x, none)
		}},
		{"recurrent lengths", graph.Train, []string{"GRU", "lengths (3)", "(2)"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.GRU{}.Forward(s, x, layers.Sequence{Lengths: lengths(s, 3, 5)})
		}},
		{"mean of a matrix", graph.Train, []string{"(10, 8)", "2 axes, want 3"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.MeanPool{}.Forward(s, s.Try(ops.Reshape(x, 10, 8)), none)
		}},
		{"last of a matrix", graph.Train, []string{"(10, 8)", "2 axes, want 3"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.LastPool{}.Forward(s, s.Try(ops.Reshape(x, 10, 8)), none)
		}},
		{"first of a matrix", graph.Train, []string{"(10, 8)", "2 axes, want 3"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.CLSPool{}.Forward(s, s.Try(ops.Reshape(x, 10, 8)), none)
		}},
		{"lengths", graph.Train, []string{"(3)", "(2, 5, 8)"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.MeanPool{}.Forward(s, x, layers.Sequence{Lengths: s.Input("lengths", tensor.Int32, 3)})
		}},
		{"classes", graph.Train, []string{"classification head", "0 classes"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.ClassificationHead{}.Forward(s, x)
		}},
		{"no sequence", graph.Decode, []string{"Past and Context", "DecodeInputs"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.SelfAttention{Heads: 2, Causal: true}.Forward(s, x, none)
		}},
		{"remember nothing", graph.Decode, []string{"nil"}, func(s *graph.Scope, _ *G.Node) *G.Node {
			layers.CrossAttention{Heads: 2}.Remember(s, layers.Memory{S: 5})
			return s.In("never").Param("reached", graph.Zeros(), 1)
		}},
		{"memory of no size", graph.Decode, []string{"S of at least 1"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.CrossAttention{Heads: 2}.Forward(s, x, layers.Memory{})
		}},
		{"scalar to Linear", graph.Train, []string{"linear", "scalar"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.Linear{Out: 2}.Forward(s, scalar(s, x))
		}},
		{"scalar to LayerNorm", graph.Train, []string{"layer norm", "scalar"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.LayerNorm{}.Forward(s, scalar(s, x))
		}},
		{"scalar to RMSNorm", graph.Train, []string{"RMS norm", "scalar"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.RMSNorm{}.Forward(s, scalar(s, x))
		}},
		{"scalar to MLP", graph.Train, []string{"MLP", "scalar"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.MLP{}.Forward(s, scalar(s, x))
		}},
		{"scalar to positions", graph.Train, []string{"0 axes, want 3"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.SinusoidalPositions{}.Forward(s, scalar(s, x), none)
		}},
		{"nil to Linear", graph.Train, []string{"linear: input is nil"}, func(s *graph.Scope, _ *G.Node) *G.Node { return layers.Linear{Out: 2}.Forward(s, nil) }},
		{"nil to LayerNorm", graph.Train, []string{"layer norm: input is nil"}, func(s *graph.Scope, _ *G.Node) *G.Node { return layers.LayerNorm{}.Forward(s, nil) }},
		{"nil to RMSNorm", graph.Train, []string{"RMS norm: input is nil"}, func(s *graph.Scope, _ *G.Node) *G.Node { return layers.RMSNorm{}.Forward(s, nil) }},
		{"nil to MLP", graph.Train, []string{"MLP: input is nil"}, func(s *graph.Scope, _ *G.Node) *G.Node { return layers.MLP{}.Forward(s, nil) }},
		{"nil to attention", graph.Train, []string{"nil, want 3 axes"}, func(s *graph.Scope, _ *G.Node) *G.Node {
			return layers.SelfAttention{Heads: 2}.Forward(s, nil, none)
		}},
		{"nil to embedding", graph.Train, []string{"Embedding", "nil"}, func(s *graph.Scope, _ *G.Node) *G.Node {
			return layers.Embedding{Vocab: 3, Dim: 2}.Forward(s, nil)
		}},
		{"nil to positions", graph.Train, []string{"nil, want 3 axes"}, func(s *graph.Scope, _ *G.Node) *G.Node {
			return layers.LearnedPositions{Max: 3}.Forward(s, nil, none)
		}},
		{"no outputs", graph.Train, []string{"(0, 8)"}, func(s *graph.Scope, x *G.Node) *G.Node { return layers.Linear{}.Forward(s, x) }},
		{"twice", graph.Train, []string{"twice"}, func(s *graph.Scope, x *G.Node) *G.Node {
			return layers.LayerNorm{}.Forward(s, layers.LayerNorm{}.Forward(s, x))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			params := graph.NewParams(tensor.Float32, 1)
			_, err := graph.Build(params, c.mode, func(s *graph.Scope) {
				s.Output("y", c.forward(s.In("h").At(3), s.Input("x", tensor.Float32, 2, 5, 8)))
			})
			wantError(t, err, append(c.want, "graph: build: h.3")...)
			if params.Len() != 0 {
				t.Errorf("got %d parameters after the error, want none", params.Len())
			}
		})
	}
}

// scalar returns a node without axes.
func scalar(s *graph.Scope, x *G.Node) *G.Node {
	one := s.Try(ops.Slice(s.Try(ops.Reshape(x, 80)), 0, 0, 1))
	return s.Try(ops.Reshape(one))
}

func TestIDOutOfRange(t *testing.T) {
	p := build(t, graph.NewParams(tensor.Float32, 1), graph.Eval, func(s *graph.Scope) {
		s.Output("y", layers.Embedding{Vocab: 7, Dim: 2}.Forward(s.In("wte"), s.Input("ids", tensor.Int32, 1, 3)))
	})
	for _, id := range []int32{7, -1} {
		feed := graph.Feed{"ids": tensor.New(tensor.WithShape(1, 3), tensor.WithBacking([]int32{6, 0, id}))}
		wantError(t, p.Run(feed), "wte", "7", "2")
	}
}

// wantError fails the test unless err contains all words.
func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got error %q, want one with %q", err, w)
		}
	}
}
