package models

import (
	"strconv"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

func (m SASRec) embedding() layers.Embedding {
	return layers.Embedding{Vocab: m.Items + 1, Dim: m.Dim, Pad: true, Scale: true, Std: m.InitStd}
}

func (m SASRec) norm() layers.Norm { return layers.Norm{Eps: m.Eps} }

// positions returns the vectors of the given positions or, if given is nil, of 1 … T, and zeros at padding: int32 (B, T) → (B, T, C).
func (m SASRec) positions(s *graph.Scope, items, given *G.Node) *G.Node {
	table := layers.Embedding{Vocab: m.Context + 1, Dim: m.Dim, Pad: true, Std: m.InitStd}
	if given != nil {
		return table.Forward(s.In("pos_emb"), given)
	}
	t := s.Dims(items, 2)[1]
	if t > m.Context {
		return s.Failf("pos_emb: %d items exceed the %d positions: shorten the sequence or train with more positions", t, m.Context)
	}
	return s.Try(ops.Mul(s.Try(ops.Slice(table.Weight(s.In("pos_emb")), 0, 1, t+1)), m.embedding().Mask(s, items)))
}

// names returns the names of the parts of a block.
func (m SASRec) names(block int) layers.BlockNames {
	n := "." + strconv.Itoa(block)
	return layers.BlockNames{
		Attention: "attention_layers" + n, MLP: "forward_layers" + n, Norm1: "attention_layernorms" + n, Norm2: "forward_layernorms" + n,
	}
}

func (m SASRec) mlp() layers.MLP {
	return layers.MLP{Hidden: m.Dim, Act: kernel.ReLU, Dropout: m.Dropout, Names: layers.SASRecMLP}
}

// block declares a block: (B, T, C) → (B, T, C). starts is nil if attention sees all earlier places.
func (m SASRec) block(s *graph.Scope, block int, x, starts *G.Node) *G.Node {
	n := m.names(block)
	q := m.norm().Forward(s.In(n.Norm1), x)
	memory, sum := x, q
	if m.NormFirst {
		memory, sum = q, x
	}
	attention := layers.CrossAttention{Heads: m.Heads, Causal: true, Dropout: m.Dropout}
	x = s.Add(sum, attention.Forward(s.In(n.Attention), q, layers.Memory{X: memory, Starts: starts}))
	y := m.norm().Forward(s.In(n.Norm2), x)
	if !m.NormFirst {
		x = y
	}
	y = m.mlp().Forward(s.In(n.MLP), y)
	return s.Add(x, layers.Dropout{P: m.Dropout}.Forward(s.In(n.MLP).In("resid_dropout"), y))
}

// scores returns the products of the vectors with the embeddings of items, and 0 for id 0: (B, T, C) and int32 (B, T) → (B, T).
func (m SASRec) scores(s *graph.Scope, x, table, items *G.Node) *G.Node {
	embedding := m.embedding()
	embedding.Scale = false
	return layers.Dot{}.Forward(s, x, embedding.Lookup(s, table, items))
}
