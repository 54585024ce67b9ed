package layers_test

import (
	"fmt"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers"
)

// declared returns the parameters of a layer with their shapes; x is (2, 3, 8), and the memory is (2, 5, 8).
func declared(t *testing.T, forward func(s *graph.Scope, x *G.Node, m layers.Memory) *G.Node) []string {
	t.Helper()
	params := graph.NewParams(tensor.Float32, 1)
	build(t, params, graph.Train, func(s *graph.Scope) {
		x := s.Input("x", tensor.Float32, 2, 3, 8)
		m := layers.Memory{X: s.Input("memory", tensor.Float32, 2, 5, 8)}
		s.Minimize(graphtest.Loss(s, forward(s, x, m)))
	})
	var names []string
	for name, v := range params.All() {
		names = append(names, fmt.Sprint(name, v.Shape()))
	}
	return names
}

// attentionNames and the others return the list of Python's named_parameters() for the modules of the same names, with d_model 8
// and dim_feedforward 16, in torch.nn 2.x and in GPT2Block of Hugging Face's transformers 4.x.
func attentionNames(prefix string) []string {
	return []string{
		prefix + "in_proj_weight(24, 8)", prefix + "in_proj_bias(24)",
		prefix + "out_proj.weight(8, 8)", prefix + "out_proj.bias(8)",
	}
}

func normNames(prefix string) []string { return []string{prefix + "weight(8)", prefix + "bias(8)"} }

var feedForwardNames = []string{"linear1.weight(16, 8)", "linear1.bias(16)", "linear2.weight(8, 16)", "linear2.bias(8)"}

var encoderLayerNames = slices.Concat(attentionNames("self_attn."), feedForwardNames, normNames("norm1."), normNames("norm2."))

var decoderLayerNames = slices.Concat(attentionNames("self_attn."), attentionNames("multihead_attn."), feedForwardNames,
	normNames("norm1."), normNames("norm2."), normNames("norm3."))

var blockNames = slices.Concat(normNames("ln_1."),
	[]string{"attn.c_attn.weight(8, 24)", "attn.c_attn.bias(24)", "attn.c_proj.weight(8, 8)", "attn.c_proj.bias(8)"}, normNames("ln_2."),
	[]string{"mlp.c_fc.weight(8, 16)", "mlp.c_fc.bias(16)", "mlp.c_proj.weight(16, 8)", "mlp.c_proj.bias(8)"})

// recurrentNames are the names of torch.nn.GRU and LSTM with input_size 8, hidden_size 5, num_layers 2 and this number of gates.
func recurrentNames(gates int) []string {
	var names []string
	for i, in := range []int{8, 5} {
		names = append(names, fmt.Sprintf("weight_ih_l%d(%d, %d)", i, 5*gates, in), fmt.Sprintf("weight_hh_l%d(%d, 5)", i, 5*gates),
			fmt.Sprintf("bias_ih_l%d(%d)", i, 5*gates), fmt.Sprintf("bias_hh_l%d(%d)", i, 5*gates))
	}
	return names
}

// stack returns the names of a module with two layers and a norm.
func stack(layer []string) []string {
	var names []string
	for i := range 2 {
		for _, n := range layer {
			names = append(names, fmt.Sprintf("layers.%d.%s", i, n))
		}
	}
	return append(names, normNames("norm.")...)
}

func attend(l layers.SelfAttention) func(s *graph.Scope, x *G.Node, m layers.Memory) *G.Node {
	return func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node { return l.Forward(s, x, layers.Sequence{}) }
}

func TestNamesAndShapes(t *testing.T) {
	none := layers.Sequence{}
	encoderLayer, decoderLayer := layers.EncoderLayer{Heads: 2, Hidden: 16}, layers.DecoderLayer{Heads: 2, Hidden: 16}
	for _, c := range []struct {
		name    string
		want    []string
		forward func(s *graph.Scope, x *G.Node, m layers.Memory) *G.Node
	}{
		{"Linear", []string{"weight(16, 8)", "bias(16)"}, func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node {
			return layers.Linear{Out: 16}.Forward(s, x)
		}},
		{"Conv1D", []string{"weight(8, 16)"}, func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node {
			return layers.Linear{Out: 16, InOut: true, NoBias: true}.Forward(s, x)
		}},
		{"LayerNorm", normNames(""), func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node { return layers.LayerNorm{}.Forward(s, x) }},
		{"RMSNorm", []string{"weight(8)"}, func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node { return layers.RMSNorm{}.Forward(s, x) }},
		{"LearnedPositions", []string{"weight(9, 8)"}, func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node {
			return layers.LearnedPositions{Max: 9}.Forward(s, x, none)
		}},
		{"MultiheadAttention", attentionNames(""), func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node {
			return layers.SelfAttention{Heads: 2}.Forward(s, x, none)
		}},
		{"EncoderLayer", encoderLayerNames, func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node { return encoderLayer.Forward(s, x, none) }},
		{"DecoderLayer", decoderLayerNames, func(s *graph.Scope, x *G.Node, m layers.Memory) *G.Node { return decoderLayer.Forward(s, x, none, m) }},
		{"Encoder", stack(encoderLayerNames), func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node {
			return layers.Encoder{Layers: 2, Layer: encoderLayer}.Forward(s, x, none)
		}},
		{"Decoder", stack(decoderLayerNames), func(s *graph.Scope, x *G.Node, m layers.Memory) *G.Node {
			return layers.Decoder{Layers: 2, Layer: decoderLayer}.Forward(s, x, none, m)
		}},
		{"Llama attention", []string{
			"q_proj.weight(16, 8)", "k_proj.weight(8, 8)", "v_proj.weight(8, 8)", "o_proj.weight(8, 16)", "q_norm.weight(4)", "k_norm.weight(4)",
		}, attend(layers.SelfAttention{Heads: 4, KVHeads: 2, HeadDim: 4, Names: layers.LlamaAttention, NoBias: true, NoOutBias: true, QKNorm: true})},
		{"Qwen2 attention", []string{
			"q_proj.weight(8, 8)", "q_proj.bias(8)", "k_proj.weight(4, 8)", "k_proj.bias(4)", "v_proj.weight(4, 8)", "v_proj.bias(4)", "o_proj.weight(8, 8)",
		}, attend(layers.SelfAttention{Heads: 2, KVHeads: 1, Names: layers.LlamaAttention, NoOutBias: true})},
		{"BERT attention", []string{
			"self.query.weight(8, 8)", "self.query.bias(8)", "self.key.weight(8, 8)", "self.key.bias(8)", "self.value.weight(8, 8)", "self.value.bias(8)",
			"output.dense.weight(8, 8)", "output.dense.bias(8)",
		}, attend(layers.SelfAttention{Heads: 2, Names: layers.BERTAttention})},
		{"ViT attention", []string{
			"attention.query.weight(8, 8)", "attention.key.weight(8, 8)", "attention.value.weight(8, 8)", "output.dense.weight(8, 8)", "output.dense.bias(8)",
		}, attend(layers.SelfAttention{Heads: 2, Names: layers.ViTAttention, NoBias: true})},
		{"T5 attention", []string{"q.weight(6, 8)", "k.weight(6, 8)", "v.weight(6, 8)", "o.weight(8, 6)", "relative_attention_bias.weight(32, 2)"},
			attend(layers.SelfAttention{Heads: 2, HeadDim: 3, Names: layers.T5Attention, NoBias: true, NoOutBias: true,
				Positions: layers.Positions{T5: layers.T5Bias{Buckets: 32, MaxDistance: 128}}})},
		{"T5 cross-attention", []string{"q.weight(6, 8)", "k.weight(6, 8)", "v.weight(6, 8)", "o.weight(8, 6)"},
			func(s *graph.Scope, x *G.Node, m layers.Memory) *G.Node {
				return layers.CrossAttention{Heads: 2, HeadDim: 3, Names: layers.T5Attention, NoBias: true, NoOutBias: true}.Forward(s, x, m)
			}},
		{"ModernBERT attention", []string{"Wqkv.weight(24, 8)", "Wo.weight(8, 8)"},
			attend(layers.SelfAttention{Heads: 2, Names: layers.ModernBERTAttention, NoBias: true, NoOutBias: true})},
		{"MPT attention", []string{"Wqkv.weight(24, 8)", "out_proj.weight(8, 8)"},
			attend(layers.SelfAttention{Heads: 2, Names: layers.MPTAttention, NoBias: true, NoOutBias: true, Positions: alibi})},
		{"BLOOM attention", []string{"query_key_value.weight(24, 8)", "query_key_value.bias(24)", "dense.weight(8, 8)", "dense.bias(8)"},
			attend(layers.SelfAttention{Heads: 2, Names: layers.BLOOMAttention, Positions: alibi})},
		{"Shaw's attention", append(attentionNames(""), "relative_keys.weight(5, 4)", "relative_values.weight(5, 4)"),
			attend(layers.SelfAttention{Heads: 2, Positions: shaw})},
		{"Llama MLP", []string{"gate_proj.weight(21, 8)", "up_proj.weight(21, 8)", "down_proj.weight(8, 21)"},
			func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node {
				return layers.GatedMLP{NoBias: true}.Forward(s, x)
			}},
		{"T5 gated MLP", []string{"wi_0.weight(16, 8)", "wi_1.weight(16, 8)", "wo.weight(8, 16)"},
			func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node {
				return layers.GatedMLP{Hidden: 16, NoBias: true, Names: layers.T5GatedMLP}.Forward(s, x)
			}},
		{"ModernBERT MLP", []string{"Wi.weight(32, 8)", "Wo.weight(8, 16)"}, func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node {
			return layers.GatedMLP{Hidden: 16, NoBias: true, Names: layers.ModernBERTMLP}.Forward(s, x)
		}},
		{"BERT MLP", []string{"intermediate.dense.weight(32, 8)", "intermediate.dense.bias(32)", "output.dense.weight(8, 32)", "output.dense.bias(8)"},
			func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node {
				return layers.MLP{Names: layers.BERTMLP}.Forward(s, x)
			}},
		{"T5 MLP", []string{"wi.weight(32, 8)", "wo.weight(8, 32)"}, func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node {
			return layers.MLP{NoBias: true, Names: layers.T5MLP}.Forward(s, x)
		}},
		{"GRU", recurrentNames(3), func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node {
			return layers.GRU{Layers: 2, Hidden: 5}.Forward(s, x, none)
		}},
		{"LSTM", recurrentNames(4), func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node {
			return layers.LSTM{Layers: 2, Hidden: 5}.Forward(s, x, none)
		}},
		{"GPT2Block", blockNames, func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node {
			return Block{Heads: 2, Hidden: 16}.Forward(s, x, none)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, want := declared(t, c.forward), slices.Clone(c.want)
			slices.Sort(got) // ours follow the computation, PyTorch's its constructors
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got  %v,\nwant %v", got, want)
			}
		})
	}
}

// TestDefaultHidden: the default Hidden of an MLP is four times the channels.
func TestDefaultHidden(t *testing.T) {
	got := declared(t, func(s *graph.Scope, x *G.Node, _ layers.Memory) *G.Node { return layers.MLP{}.Forward(s, x) })
	want := []string{"linear1.weight(32, 8)", "linear1.bias(32)", "linear2.weight(8, 32)", "linear2.bias(8)"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestTiedTableIsOneParameter: an embedding and a head over the same table declare it once.
func TestTiedTableIsOneParameter(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	z := size{b: 2, t: 3, c: 8}
	build(t, params, graph.Train, part{"tied", tied}.declare(z))
	if v := params.Value("layer.weight"); v == nil || params.Len() != 2 {
		t.Errorf("got %d parameters and the table %v, want x and the table", params.Len(), v)
	}
}
