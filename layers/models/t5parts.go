package models

import (
	"math"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// encode declares the encoder and its inputs. It returns the memory, (B, S, C), and the table of embeddings.
func (m T5) encode(s *graph.Scope, b, src int) (layers.Memory, *G.Node) {
	if err := m.Check(); err != nil {
		s.Failf("%v", err)
	}
	m = m.withDefaults()
	source, lengths := s.Input("source", tensor.Int32, b, src), s.Input("source_lengths", tensor.Int32, b)
	block, seq, table := m.encoderBlock(), layers.Sequence{Lengths: lengths}, m.table(s)
	x := m.embed(s, "encoder", table, source) // (B, S, C)
	seq.Distance = block.Attention.Distance(s.In("encoder.block").At(0).In(block.Names.Attention), src, seq)
	for _, at := range s.In("encoder.block").Parts(m.EncoderLayers) {
		x = block.Forward(at, x, seq)
	}
	return layers.Memory{X: m.normed(s, "encoder", x), Lengths: lengths}, table
}

// decode declares everything below the logits: int32 (B, T) and a memory → (B, T, C), and the weight of the head, (V, C).
func (m T5) decode(s *graph.Scope, table, tokens *G.Node, seq layers.Sequence, memory layers.Memory) (x, head *G.Node) {
	if err := m.Check(); err != nil {
		s.Failf("%v", err)
	}
	m = m.withDefaults()
	block := m.decoderBlock()
	x = m.embed(s, "decoder", table, tokens) // (B, T, C)
	seq.Distance = block.Attention.Distance(s.In("decoder.block").At(0).In(block.Names.Attention), s.Dims(tokens, 2)[1], seq)
	for _, at := range s.In("decoder.block").Parts(m.DecoderLayers) {
		x = block.Forward(at, x, seq, memory)
	}
	x = m.normed(s, "decoder", x)
	switch {
	case m.Untied:
		table = layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: m.std(m.Dim)}.Weight(s.In("lm_head"))
	case !m.Unscaled:
		x = s.Try(ops.Scale(x, 1/math.Sqrt(float64(m.Dim))))
	}
	return x, table
}

func (m T5) embedding() layers.Embedding {
	return layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: m.withDefaults().InitFactor}
}

// table declares the table of embeddings of both stacks.
func (m T5) table(s *graph.Scope) *G.Node { return m.embedding().Weight(s.In("shared")) }

// embed returns the embeddings at the beginning of a stack: int32 (B, T) → (B, T, C).
func (m T5) embed(s *graph.Scope, stack string, table, ids *G.Node) *G.Node {
	x := m.embedding().Lookup(s.In(stack), table, ids)
	return layers.Dropout{P: m.Dropout}.Forward(s.In(stack+".embed_tokens.dropout"), x)
}

// normed returns the norm at the end of a stack.
func (m T5) normed(s *graph.Scope, stack string, x *G.Node) *G.Node {
	x = m.norm().Forward(s.In(stack+".final_layer_norm"), x)
	return layers.Dropout{P: m.Dropout}.Forward(s.In(stack+".final_layer_norm.dropout"), x)
}

func (m T5) norm() layers.Norm { return layers.Norm{RMS: true, Eps: m.Eps} }

// std returns the standard deviation of the initial weights of a linear layer that sums n products.
func (m T5) std(n int) float64 { return m.InitFactor / math.Sqrt(float64(max(n, 1))) }

// encoderBlock returns a block of the encoder of a model with defaults.
func (m T5) encoderBlock() layers.PreNorm {
	act, isGated, _ := m.feedForward() // Check has validated it
	in, out := m.std(m.Dim), m.std(m.Hidden)
	block := layers.PreNorm{
		Attention: layers.SelfAttention{
			Heads: m.Heads, HeadDim: m.HeadDim, Positions: layers.Positions{T5: layers.T5Bias{Buckets: m.Buckets, MaxDistance: m.MaxDistance}},
			Scale: 1, Dropout: m.Dropout, NoBias: true, NoOutBias: true, Names: layers.T5Attention,
			Std: in, QueryStd: m.std(m.Dim * m.HeadDim), OutStd: m.std(m.Heads * m.HeadDim),
		},
		MLP:  layers.MLP{Hidden: m.Hidden, Act: act, Dropout: m.Dropout, NoBias: true, Names: layers.T5MLP, Std: in, OutStd: out},
		Norm: m.norm(), Dropout: m.Dropout, Names: layers.T5EncoderBlock,
	}
	if isGated {
		block.Gated = layers.GatedMLP{Hidden: m.Hidden, Act: act, Dropout: m.Dropout, NoBias: true, Names: layers.T5GatedMLP, Std: in, OutStd: out}
	}
	return block
}

// decoderBlock returns a block of the decoder of a model with defaults.
func (m T5) decoderBlock() layers.CrossPreNorm {
	block := layers.CrossPreNorm{PreNorm: m.encoderBlock()}
	block.Attention.Causal, block.Names = true, layers.T5DecoderBlock
	a := block.Attention
	block.Cross = layers.CrossAttention{
		Heads: a.Heads, HeadDim: a.HeadDim, Scale: a.Scale, Dropout: a.Dropout, NoBias: true, NoOutBias: true, Names: a.Names,
		Std: a.Std, QueryStd: a.QueryStd, OutStd: a.OutStd,
	}
	return block
}

// feedForward returns the activation of the MLPs of a model with defaults, and reports whether it is of a gate.
func (m T5) feedForward() (act kernel.Activation, isGated bool, err error) {
	name, isGated := strings.CutPrefix(m.FeedForward, "gated-")
	if isGated && name == "gelu" {
		name = "gelu_new" // as in transformers
	}
	act, err = activation(name)
	return act, isGated, err
}
