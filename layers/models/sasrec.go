package models

import (
	"cmp"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// SASRec recommends the next item of a sequence of items (Kang and McAuley 2018, arXiv 1808.09781). It has the parameters and the
// formulas of its implementation in PyTorch, github.com/pmixer/SASRec.pytorch. Items are numbered from 1. Id 0 pads a sequence at its
// beginning, so that the last item is the last of the row. As in that implementation, attention sees padding, unless Masked is set. A
// Masked model takes packed sequences, which have no padding: several sequences one after the other in a row.
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
	Masked    bool    // attention does not see padding, as in the authors' implementation: see PackedLoss and PackedScores
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
		atMost(math.MaxInt32, name, field[int]{"Items", m.Items}, field[int]{"Context", m.Context}), // ids and positions are int32
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

// sequences holds the nodes of packed sequences, int32 (1, n); nil means that the rows are padded.
type sequences struct {
	positions *G.Node // of each item: Context for the last of a sequence, and 0 at padding
	starts    *G.Node // place of the first item of the sequence
}

// Loss declares the model for training and evaluation on b sequences of t items. Inputs, int32 (b, t): "items", padded with 0 at the
// beginning; "positives", the next item at each place, 0 where there is none; "negatives", an item that the sequence does not have. The loss is
// the mean of −log σ(positive) − log(1 − σ(negative)), where a score is the product of a place's vector with the item's embedding.
// Output: "pairs" (2, b, t), the scores of positives and negatives. A Masked model has PackedLoss.
func (m SASRec) Loss(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		m.loss(s, b, t, sequences{})
	}
}

// PackedLoss declares a Masked model for training and evaluation on sequences that are packed into n places, one after the other. Inputs,
// int32 (1, n): those of Loss; "positions", the position of each item, which is Context for the last of a sequence, one less for the item
// before it and so on, and 0 at padding; "starts", the place of the first item of the sequence.
func (m SASRec) PackedLoss(n int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		m.loss(s, 1, n, packed(s, n))
	}
}

func packed(s *graph.Scope, n int) sequences {
	return sequences{s.Input("positions", tensor.Int32, 1, n), s.Input("starts", tensor.Int32, 1, n)}
}

func (m SASRec) loss(s *graph.Scope, b, t int, seq sequences) {
	x, table := m.forward(s, s.Input("items", tensor.Int32, b, t), seq) // (B, T, C)
	positives, negatives := s.Input("positives", tensor.Int32, b, t), s.Input("negatives", tensor.Int32, b, t)
	positive, negative := m.scores(s, x, table, positives), m.scores(s, x, table, negatives)
	both := s.Try(ops.Concat(0, positive, negative))
	s.Output("pairs", s.Try(ops.Reshape(both, 2, b, t)))
	s.Minimize(s.Try(ops.NegativeSampling(positive, negative, positives)))
}

// Scores declares the model for recommending. Input: "items", int32 (b, t), padded with 0 at the beginning. Outputs: "scores"
// (b, Items+1), the scores of all items after the last item of each sequence, and 0 for id 0, which is no item; "features" (b, t, Dim).
// A Masked model has PackedScores.
func (m SASRec) Scores(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x, table := m.Forward(s, s.Input("items", tensor.Int32, b, t)) // (B, T, C)
		s.Output("features", x)
		last := s.Try(ops.Reshape(s.Try(ops.Slice(x, 1, t-1, t)), b, m.Dim)) // (B, C)
		s.Output("scores", m.embedding().Head(s, table, last))               // (B, Items+1)
	}
}

// PackedScores declares a Masked model for recommending to b users whose sequences are packed into n places, one after the other. Inputs,
// int32: "items", "positions" and "starts", (1, n), as in PackedLoss; "last" (b), the place of the last item of each sequence. Outputs:
// "scores" (b, Items+1), as in Scores; "features" (1, n, Dim).
func (m SASRec) PackedScores(b, n int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x, table := m.forward(s, s.Input("items", tensor.Int32, 1, n), packed(s, n)) // (1, N, C)
		s.Output("features", x)
		last := s.Try(ops.Embedding(s.Try(ops.Reshape(x, n, m.Dim)), s.Input("last", tensor.Int32, b))) // (B, C)
		s.Output("scores", m.embedding().Head(s, table, last))                                          // (B, Items+1)
	}
}

// Forward declares everything below the scores: int32 (B, T) → (B, T, C), and the table of the items' embeddings, (Items+1, C).
func (m SASRec) Forward(s *graph.Scope, items *G.Node) (x, table *G.Node) {
	return m.forward(s, items, sequences{})
}

func (m SASRec) forward(s *graph.Scope, items *G.Node, seq sequences) (x, table *G.Node) {
	if err := m.Check(); err != nil {
		s.Failf("%v", err)
	}
	if packed := seq.starts != nil; packed != m.Masked {
		s.Failf("a SASRec with Masked %t on packed sequences %t: Masked models take packed sequences, other models padded ones", m.Masked, packed)
	}
	m = m.withDefaults()
	embedding := m.embedding()
	table = embedding.Weight(s.In("item_emb"))
	x = embedding.Lookup(s.In("item_emb"), table, items) // (B, T, C)
	x = s.Add(x, m.positions(s, items, seq.positions))
	x = layers.Dropout{P: m.Dropout}.Forward(s.In("emb_dropout"), x)
	for i := range s.In("attention_layers").Parts(m.Layers) {
		x = m.block(s, i, x, seq.starts)
	}
	return m.norm().Forward(s.In("last_layernorm"), x), table
}
