package models

import (
	"cmp"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// SASRec recommends the next item of a sequence of items (Kang and McAuley 2018, arXiv 1808.09781). It has the parameters and the
// formulas of its implementation in PyTorch, github.com/pmixer/SASRec.pytorch. Items are numbered from 1. Id 0 pads a sequence at its
// beginning, so that the last item is the last of the row. As in that implementation, attention sees padding.
//
// Parameters: item_emb.weight (Items+1, Dim), pos_emb.weight (Context+1, Dim), attention_layernorms.0, attention_layers.0,
// forward_layernorms.0, forward_layers.0.conv1, forward_layers.0.conv2, …, last_layernorm. Row 0 of both tables is zero.
type SASRec struct {
	Items     int // largest id of an item
	Context   int // largest number of items in a sequence
	Layers    int
	Heads     int
	Dim       int
	NormFirst bool    // x + attention(norm(x)), then x + MLP(norm(x)); false means that the sums are of norm(x), and that keys and values have no norm
	Eps       float64 // of the norms; 0 means 1e-8
	Dropout   float64
	InitStd   float64 // standard deviation of the initial embeddings; 0 means 0.02
}

func (m SASRec) withDefaults() SASRec {
	m.Eps, m.InitStd = cmp.Or(m.Eps, 1e-8), cmp.Or(m.InitStd, 0.02)
	return m
}

// Check returns an error that names the first field with an invalid value.
func (m SASRec) Check() error {
	const name = "SASRec"
	err := cmp.Or(
		atLeast(1, name, field[int]{"Items", m.Items}, field[int]{"Context", m.Context}, field[int]{"Layers", m.Layers}, field[int]{"Heads", m.Heads}, field[int]{"Dim", m.Dim}),
		probabilities(name, field[float64]{"Dropout", m.Dropout}),
		magnitudes(name, field[float64]{"Eps", m.Eps}, field[float64]{"InitStd", m.InitStd}),
	)
	if err != nil {
		return err
	}
	return heads(name, m.Dim, m.Heads)
}

// Window returns the largest number of items in a sequence.
func (m SASRec) Window() int { return m.Context }

// Loss declares the model for training and evaluation on b sequences of t items. Inputs, int32 (b, t): "items", padded with 0 at the
// beginning; "positives", the next item at each place, 0 where there is none; "negatives", an item that the sequence does not have. The loss is
// the mean of −log σ(positive) − log(1 − σ(negative)), where a score is the product of a place's vector with the item's embedding.
// Output: "logits" (2, b, t), the scores of positives and negatives.
func (m SASRec) Loss(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x, table := m.Forward(s, s.Input("items", tensor.Int32, b, t)) // (B, T, C)
		positives, negatives := s.Input("positives", tensor.Int32, b, t), s.Input("negatives", tensor.Int32, b, t)
		positive, negative := m.scores(s, x, table, positives), m.scores(s, x, table, negatives)
		both := s.Try(ops.Concat(0, positive, negative))
		s.Output("logits", s.Try(ops.Reshape(both, 2, b, t)))
		s.Minimize(s.Try(ops.NegativeSampling(positive, negative, positives)))
	}
}

// Scores declares the model for recommending. Input: "items", int32 (b, t), padded with 0 at the beginning. Outputs: "scores"
// (b, Items+1), the scores of all items after the last item of each sequence, and 0 for id 0, which is no item; "features" (b, t, Dim).
func (m SASRec) Scores(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x, table := m.Forward(s, s.Input("items", tensor.Int32, b, t)) // (B, T, C)
		s.Output("features", x)
		last := s.Try(ops.Reshape(s.Try(ops.Slice(x, 1, t-1, t)), b, m.Dim)) // (B, C)
		s.Output("scores", m.embedding().Head(s, table, last))               // (B, Items+1)
	}
}

// Forward declares everything below the scores: int32 (B, T) → (B, T, C), and the table of the items' embeddings, (Items+1, C).
func (m SASRec) Forward(s *graph.Scope, items *G.Node) (x, table *G.Node) {
	if err := m.Check(); err != nil {
		s.Failf("%v", err)
	}
	m = m.withDefaults()
	embedding := m.embedding()
	table = embedding.Weight(s.In("item_emb"))
	x = embedding.Lookup(s.In("item_emb"), table, items) // (B, T, C)
	x = s.Add(x, m.positions(s, items))
	x = layers.Dropout{P: m.Dropout}.Forward(s.In("emb_dropout"), x)
	for i := range s.In("attention_layers").Parts(m.Layers) {
		x = m.block(s, i, x)
	}
	return m.norm().Forward(s.In("last_layernorm"), x), table
}
