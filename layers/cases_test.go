package layers_test

import (
	"fmt"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers"
)

// size holds the sizes of a case: batch, time, channels, heads, and time of the memory.
type size struct{ b, t, c, h, s int }

func (z size) String() string { return fmt.Sprintf("B%dT%dC%dH%dS%d", z.b, z.t, z.c, z.h, z.s) }

// sizes include length 1 for every axis, one head, one channel per head, and odd sizes throughout.
var sizes = []size{{1, 1, 1, 1, 1}, {1, 1, 6, 2, 5}, {2, 5, 4, 4, 1}, {1, 7, 5, 1, 3}, {3, 5, 9, 3, 7}}

// part is a layer under test; its input x is (B, T, C).
type part struct {
	name    string
	forward func(s *graph.Scope, x *G.Node, z size) *G.Node
}

// declare returns a program whose input is a parameter, so that the input's gradient is checked too.
func (p part) declare(z size) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x := s.In("x").Param("value", graph.Normal(1), z.b, z.t, z.c)
		y := p.forward(s.In("layer"), x, z)
		s.Output("y", y)
		s.Minimize(graphtest.Loss(s, y))
	}
}

// lengths returns int32 (B) between 0 and most: the first sequence is full, and the last of several is empty.
func lengths(s *graph.Scope, b, most int) *G.Node {
	n := make([]int32, b)
	for i := range n {
		n[i] = int32(most * (b - 1 - i) / max(b-1, 1))
	}
	n[0] = int32(most)
	return s.Constant(graphtest.Ints(n, b))
}

// ids returns int32 (B, T) below most, with repetitions.
func ids(s *graph.Scope, z size, most int) *G.Node {
	n := make([]int32, z.b*z.t)
	for i := range n {
		n[i] = int32(kernel.Seed{Key: 5}.Uint32(uint64(i)) % uint32(most))
	}
	return s.Constant(graphtest.Ints(n, z.b, z.t))
}

// memory returns a Memory of (B, S, C) that is a parameter, like x.
func memory(s *graph.Scope, z size, masked bool) layers.Memory {
	m := layers.Memory{X: s.In("memory").Param("value", graph.Normal(1), z.b, z.s, z.c)}
	if masked {
		m.Lengths = lengths(s, z.b, z.s)
	}
	return m
}

func linear(name string, l layers.Linear) part {
	return part{name, func(s *graph.Scope, x *G.Node, _ size) *G.Node { return l.Forward(s, x) }}
}

func embedding(name string, l layers.Embedding) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		l.Dim = z.c
		return s.Add(x, l.Forward(s, ids(s, z, l.Vocab)))
	}}
}

func mlp(name string, l layers.MLP) part {
	return part{name, func(s *graph.Scope, x *G.Node, _ size) *G.Node { return l.Forward(s, x) }}
}

func gated(name string, l layers.GatedMLP) part {
	return part{name, func(s *graph.Scope, x *G.Node, _ size) *G.Node { return l.Forward(s, x) }}
}

func attention(name string, l layers.SelfAttention, masked bool) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		l.Heads = z.h
		var seq layers.Sequence
		if masked {
			seq.Lengths = lengths(s, z.b, z.t)
		}
		return l.Forward(s, x, seq)
	}}
}

func cross(name string, l layers.CrossAttention, masked bool) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		l.Heads = z.h
		return l.Forward(s, x, memory(s, z, masked))
	}}
}

func crossPreNorm(name string, l layers.CrossPreNorm) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		l.Attention.Heads, l.Cross.Heads = z.h, z.h
		return l.Forward(s, x, layers.Sequence{}, memory(s, z, true))
	}}
}

func block(name string, l Block) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		l.Heads = z.h
		return l.Forward(s, x, layers.Sequence{})
	}}
}

func encoder(name string, l layers.Encoder) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		l.Layer.Heads = z.h
		return l.Forward(s, x, layers.Sequence{Lengths: lengths(s, z.b, z.t)})
	}}
}

func decoder(name string, l layers.Decoder) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		l.Layer.Heads = z.h
		return l.Forward(s, x, layers.Sequence{Lengths: lengths(s, z.b, z.t)}, memory(s, z, true))
	}}
}

// pooled is a pooling and a head over sequences of every length from T down to 0, or without lengths.
func pooled(name string, l pooling, masked bool) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		var seq layers.Sequence
		if masked {
			seq.Lengths = lengths(s, z.b, z.t)
		}
		return layers.ClassificationHead{Classes: 3}.Forward(s, l.Forward(s, x, seq))
	}}
}

type pooling interface {
	Forward(s *graph.Scope, x *G.Node, seq layers.Sequence) *G.Node
}

func head(name string, l layers.ClassificationHead) part {
	return part{name, func(s *graph.Scope, x *G.Node, _ size) *G.Node { return l.Forward(s, x) }}
}

func gru(name string, l layers.GRU, masked bool) part { return sequential(name, l.Forward, masked) }

func lstm(name string, l layers.LSTM, masked bool) part { return sequential(name, l.Forward, masked) }

// sequential is a layer over sequences of every length from T down to 0, or without lengths.
func sequential(name string, forward func(*graph.Scope, *G.Node, layers.Sequence) *G.Node, masked bool) part {
	return part{name, func(s *graph.Scope, x *G.Node, z size) *G.Node {
		var seq layers.Sequence
		if masked {
			seq.Lengths = lengths(s, z.b, z.t)
		}
		return forward(s, x, seq)
	}}
}

// tied uses one table as embedding and head.
func tied(s *graph.Scope, x *G.Node, z size) *G.Node {
	l := layers.Embedding{Vocab: 7, Dim: z.c, Scale: true}
	table := l.Weight(s)
	return l.Head(s, table, s.Add(x, l.Lookup(s, table, ids(s, z, 7))))
}

// parts lists all layers with all options except dropout.
var parts = slices.Concat(families, positional, []part{
	linear("Linear", layers.Linear{Out: 3}),
	linear("Linear/one", layers.Linear{Out: 1}),
	linear("Linear/NoBias", layers.Linear{Out: 3, NoBias: true}),
	linear("Linear/InOut", layers.Linear{Out: 3, InOut: true}),
	linear("Linear/Conv", layers.Linear{Out: 3, Conv: true, Act: kernel.SiLU}),
	linear("Linear/Std", layers.Linear{Out: 3, Std: 0.5}),
	linear("Linear/ReLU", layers.Linear{Out: 3, Act: kernel.ReLU}),
	linear("Linear/GELU", layers.Linear{Out: 3, Act: kernel.GELU}),
	linear("Linear/GELUTanh", layers.Linear{Out: 3, InOut: true, NoBias: true, Act: kernel.GELUTanh}),
	linear("Linear/SiLU", layers.Linear{Out: 3, Act: kernel.SiLU}),
	linear("Linear/Tanh", layers.Linear{Out: 3, Act: kernel.Tanh}),
	linear("Linear/Sigmoid", layers.Linear{Out: 3, Act: kernel.Sigmoid}),
	embedding("Embedding", layers.Embedding{Vocab: 4}),
	embedding("Embedding/Scale", layers.Embedding{Vocab: 1, Scale: true, Std: 0.3}),
	embedding("Embedding/Pad", layers.Embedding{Vocab: 3, Pad: true, Scale: true}),
	{"Embedding/tied", tied},
	{"Dot", func(s *graph.Scope, x *G.Node, z size) *G.Node {
		return layers.Dot{}.Forward(s, x, s.Param("y", graph.Normal(1), z.b, z.t, z.c))
	}},
	{"LayerNorm", func(s *graph.Scope, x *G.Node, _ size) *G.Node { return layers.LayerNorm{}.Forward(s, x) }},
	{"LayerNorm/NoBias", func(s *graph.Scope, x *G.Node, _ size) *G.Node {
		return layers.LayerNorm{Eps: 0.1, NoBias: true}.Forward(s, x)
	}},
	{"Norm/RMS", func(s *graph.Scope, x *G.Node, _ size) *G.Node { return layers.Norm{RMS: true, Eps: 0.1}.Forward(s, x) }},
	{"Norm/NoBias", func(s *graph.Scope, x *G.Node, _ size) *G.Node { return layers.Norm{NoBias: true}.Forward(s, x) }},
	{"RMSNorm", func(s *graph.Scope, x *G.Node, _ size) *G.Node { return layers.RMSNorm{}.Forward(s, x) }},
	{"RMSNorm/Eps", func(s *graph.Scope, x *G.Node, _ size) *G.Node { return layers.RMSNorm{Eps: 0.1}.Forward(s, x) }},
	{"RMSNorm/PlusOne", func(s *graph.Scope, x *G.Node, _ size) *G.Node { return layers.RMSNorm{PlusOne: true}.Forward(s, x) }},
	{"LearnedPositions", func(s *graph.Scope, x *G.Node, z size) *G.Node {
		return layers.LearnedPositions{Max: max(8, z.t)}.Forward(s, x, layers.Sequence{})
	}},
	{"LearnedPositions/Positions", func(s *graph.Scope, x *G.Node, z size) *G.Node {
		return layers.LearnedPositions{Max: max(8, z.t), Std: 1}.Forward(s, x, layers.Sequence{Positions: ids(s, z, 8)})
	}},
	{"SinusoidalPositions", func(s *graph.Scope, x *G.Node, _ size) *G.Node {
		return layers.SinusoidalPositions{}.Forward(s, x, layers.Sequence{})
	}},
	mlp("MLP", layers.MLP{}),
	mlp("MLP/Hidden", layers.MLP{Hidden: 3, Act: kernel.SiLU, Std: 0.5, OutStd: 0.1}),
	mlp("MLP/T5", layers.MLP{Names: layers.T5MLP, NoBias: true}),
	gated("GatedMLP", layers.GatedMLP{}),
	gated("GatedMLP/GELU", layers.GatedMLP{Hidden: 3, Act: kernel.GELU, Names: layers.T5GatedMLP, NoBias: true, Std: 0.5, OutStd: 0.1}),
	gated("GatedMLP/packed", layers.GatedMLP{Hidden: 5, Act: kernel.GELUTanh, Names: layers.ModernBERTMLP}),
	mlp("MLP/SASRec", layers.MLP{Hidden: 3, Act: kernel.SiLU, Names: layers.SASRecMLP}),
	mlp("MLP/GPT2", layers.MLP{Act: kernel.GELUTanh, Names: layers.GPT2MLP}),
	attention("SelfAttention", layers.SelfAttention{}, false),
	attention("SelfAttention/Lengths", layers.SelfAttention{}, true),
	attention("SelfAttention/Causal", layers.SelfAttention{Causal: true}, false),
	attention("SelfAttention/Window", layers.SelfAttention{Window: 2, Std: 0.5}, false),
	attention("SelfAttention/CausalWindowLengths", layers.SelfAttention{Causal: true, Window: 3}, true),
	attention("SelfAttention/GPT2", layers.SelfAttention{Causal: true, Names: layers.GPT2Attention, Std: 0.5, OutStd: 0.1}, false),
	cross("CrossAttention", layers.CrossAttention{}, false),
	cross("CrossAttention/T5", layers.CrossAttention{Names: layers.T5Attention, HeadDim: 3, NoBias: true, NoOutBias: true, Scale: 1}, true),
	cross("CrossAttention/InOut", layers.CrossAttention{Names: layers.GPT2Attention, NoBias: true}, false),
	{"CrossAttention/Causal", func(s *graph.Scope, x *G.Node, z size) *G.Node {
		z.s = z.t
		return layers.CrossAttention{Heads: z.h, Causal: true}.Forward(s, x, memory(s, z, false))
	}},
	crossPreNorm("CrossPreNorm/T5", layers.CrossPreNorm{
		PreNorm: layers.PreNorm{
			Attention: layers.SelfAttention{Causal: true, Names: layers.T5Attention, Positions: t5, Scale: 1, NoBias: true, NoOutBias: true, Std: 0.5},
			Gated:     layers.GatedMLP{Hidden: 3, Act: kernel.GELUTanh, NoBias: true, Names: layers.T5GatedMLP}, Norm: layers.Norm{RMS: true, Eps: 0.1},
			Names: layers.T5DecoderBlock,
		},
		Cross: layers.CrossAttention{Names: layers.T5Attention, Scale: 1, NoBias: true, NoOutBias: true, Std: 0.5, QueryStd: 0.2, OutStd: 0.4},
	}),
	cross("CrossAttention/Lengths", layers.CrossAttention{Std: 0.5}, true),
	block("Block", Block{}),
	block("Block/options", Block{Hidden: 3, Act: kernel.GELU, Eps: 1e-3, Window: 2, Std: 0.5, OutStd: 0.1}),
	encoder("Encoder", layers.Encoder{Layers: 1, Layer: layers.EncoderLayer{Hidden: 3}}),
	encoder("Encoder/NormFirst", layers.Encoder{Layers: 2, Layer: layers.EncoderLayer{NormFirst: true, Act: kernel.GELU, Eps: 1e-3}}),
	encoder("Encoder/NoNorm", layers.Encoder{Layers: 1, NoNorm: true}),
	{"EncoderLayer", func(s *graph.Scope, x *G.Node, z size) *G.Node {
		return layers.EncoderLayer{Heads: z.h, Hidden: 3}.Forward(s, x, layers.Sequence{Lengths: lengths(s, z.b, z.t)})
	}},
	{"DecoderLayer", func(s *graph.Scope, x *G.Node, z size) *G.Node {
		return layers.DecoderLayer{Heads: z.h, Hidden: 3}.Forward(s, x, layers.Sequence{}, memory(s, z, true))
	}},
	decoder("Decoder", layers.Decoder{Layers: 1, Layer: layers.DecoderLayer{Hidden: 3}}),
	decoder("Decoder/NormFirst", layers.Decoder{Layers: 2, Layer: layers.DecoderLayer{NormFirst: true, Act: kernel.GELU, Eps: 1e-3}}),
	decoder("Decoder/NoNorm", layers.Decoder{Layers: 1, NoNorm: true}),
	pooled("MeanPool", layers.MeanPool{}, false),
	pooled("MeanPool/Lengths", layers.MeanPool{}, true),
	pooled("LastPool", layers.LastPool{}, false),
	pooled("LastPool/Lengths", layers.LastPool{}, true),
	pooled("CLSPool/Lengths", layers.CLSPool{}, true),
	head("ClassificationHead", layers.ClassificationHead{Classes: 4}),
	head("ClassificationHead/Hidden", layers.ClassificationHead{Classes: 1, Hidden: 5}),
	gru("GRU", layers.GRU{}, false),
	gru("GRU/Lengths", layers.GRU{Layers: 2, Hidden: 3}, true),
	gru("GRU/NoBias", layers.GRU{NoBias: true}, true),
	lstm("LSTM", layers.LSTM{}, false),
	lstm("LSTM/Lengths", layers.LSTM{Layers: 2, Hidden: 3}, true),
	lstm("LSTM/NoBias", layers.LSTM{NoBias: true}, true),
})

// droppedOut lists the layers with dropout.
var droppedOut = []part{
	{"Dropout", func(s *graph.Scope, x *G.Node, _ size) *G.Node { return layers.Dropout{P: 0.4}.Forward(s, x) }},
	mlp("MLP", layers.MLP{Dropout: 0.3}),
	gated("GatedMLP", layers.GatedMLP{Dropout: 0.3}),
	attention("Shaw", layers.SelfAttention{Causal: true, Dropout: 0.3, Positions: layers.Positions{Shaw: layers.Shaw{Max: 2}}}, true),
	attention("SelfAttention", layers.SelfAttention{Causal: true, Dropout: 0.3}, true),
	attention("ALiBi", layers.SelfAttention{Causal: true, Dropout: 0.3, Positions: alibi, Softcap: 2}, true),
	attention("T5", layers.SelfAttention{Dropout: 0.3, Positions: t5, Std: 0.5}, false),
	packed("packed texts", layers.SelfAttention{Causal: true, Dropout: 0.3, Positions: rotary}),
	cross("CrossAttention", layers.CrossAttention{Dropout: 0.3}, true),
	block("Block", Block{Dropout: 0.2, AttnDropout: 0.3}),
	preNorm("PreNorm", layers.PreNorm{Dropout: 0.2, Names: layers.Gemma2Block}),
	postNorm("PostNorm", layers.PostNorm{Dropout: 0.2}),
	crossPreNorm("CrossPreNorm", layers.CrossPreNorm{PreNorm: layers.PreNorm{Dropout: 0.2, Names: layers.T5DecoderBlock}}),
	encoder("Encoder", layers.Encoder{Layers: 1, Layer: layers.EncoderLayer{Dropout: 0.2}}),
	decoder("Decoder", layers.Decoder{Layers: 1, Layer: layers.DecoderLayer{Dropout: 0.2, NormFirst: true}}),
	head("ClassificationHead", layers.ClassificationHead{Classes: 4, Hidden: 5, Dropout: 0.2}),
	gru("GRU", layers.GRU{Layers: 3, Hidden: 5, Dropout: 0.2}, false),
	lstm("LSTM", layers.LSTM{Layers: 2, Hidden: 5, Dropout: 0.2}, true),
}

// build fails the test on an error.
func build(t testing.TB, params *graph.Params, mode graph.Mode, declare func(*graph.Scope)) *graph.Program {
	t.Helper()
	p, err := graph.Build(params, mode, declare)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// run runs a Program without inputs and returns a copy of its output y.
func run(t testing.TB, p *graph.Program) *tensor.Dense {
	t.Helper()
	if err := p.Run(nil); err != nil {
		t.Fatal(err)
	}
	return p.Output("y").Clone().(*tensor.Dense)
}
