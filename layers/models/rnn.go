package models

import (
	"cmp"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// RNN is the recurrent language model that Transformers replaced: a token embedding, layers of GRU or LSTM with the same number of
// channels, and a head with a bias that is tied to the embedding (Mikolov et al. 2010; Press and Wolf 2017). The names are those of
// PyTorch's word_language_model. Its JSON form is a config.json of model_type gru or lstm.
//
// Parameters: encoder.weight, rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0, rnn.bias_hh_l0, …, decoder.bias;
// decoder.weight if Untied.
type RNN struct {
	LSTM    bool // the cells are LSTM, otherwise GRU
	Vocab   int
	Context int // length of the window in decoding, in tokens: the states after as many tokens are kept. Training has no limit.
	Layers  int
	Dim     int // channels of the embedding and of the states

	Untied  bool    // the head has its own weights
	Dropout float64 // after the embedding, between the layers and before the head
	InitStd float64 // standard deviation of the initial embedding; 0 means 0.1

	BOS, EOS []int32 // ids that begin and end a text; empty means none
}

func (m RNN) withDefaults() RNN {
	m.InitStd = cmp.Or(m.InitStd, 0.1)
	return m
}

// Check returns an error that names the first field with an invalid value.
func (m RNN) Check() error {
	return cmp.Or(
		atLeast(1, "RNN", field[int]{"Vocab", m.Vocab}, field[int]{"Context", m.Context}, field[int]{"Layers", m.Layers}, field[int]{"Dim", m.Dim}),
		probabilities("RNN", field[float64]{"Dropout", m.Dropout}),
		magnitudes("RNN", field[float64]{"InitStd", m.InitStd}),
	)
}

// Loss declares the model for training and evaluation on batches of b windows of t tokens, each from an initial state of zeros.
// Inputs: "tokens" and "targets", int32 (b, t). The loss is the mean cross-entropy over the targets that are not -100. Output,
// except in training: "logits" (b, t, Vocab). In training the logits never exist all at once: see ops.LinearCrossEntropy.
func (m RNN) Loss(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, targets := s.Input("tokens", tensor.Int32, b, t), s.Input("targets", tensor.Int32, b, t)
		x, head, bias := m.Forward(s, tokens, layers.Sequence{}) // (B, T, C)
		if s.Training() {
			s.Minimize(biasedLoss(s, x, head, bias, targets))
			return
		}
		logits := biasedScores(s, x, head, bias) // (B, T, V)
		s.Output("logits", logits)
		s.Minimize(s.Try(ops.CrossEntropy(logits, targets, 0)))
	}
}

// Logits declares the model for scoring whole windows. Input: "tokens", int32 (b, t). Output: "logits" (b, t, Vocab).
func (m RNN) Logits(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x, head, bias := m.Forward(s, s.Input("tokens", tensor.Int32, b, t), layers.Sequence{})
		s.Output("logits", biasedScores(s, x, head, bias))
	}
}

// Decode declares the model for mode Decode: each run reads t tokens of each of b sequences, whose earlier states are cached.
// Inputs, int32: "tokens" and "positions" (b, t); "past" (b); "last" (b), the row b·t+i of the token whose successor is
// predicted. Output: "logits" (b, Vocab).
func (m RNN) Decode(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, last := s.Input("tokens", tensor.Int32, b, t), s.Input("last", tensor.Int32, b)
		x, head, bias := m.Forward(s, tokens, layers.DecodeInputs(s, b, t, m.Context))
		s.Output("logits", biasedScores(s, pick(s, x, last), head, bias))
	}
}

// Verify declares Decode with the logits after every token: see [GPT.Verify].
func (m RNN) Verify(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x, head, bias := m.Forward(s, s.Input("tokens", tensor.Int32, b, t), layers.DecodeInputs(s, b, t, m.Context))
		s.Output("logits", biasedScores(s, flat(s, x), head, bias))
	}
}

// Window returns the largest number of tokens in a sequence.
func (m RNN) Window() int { return m.Context }

// Forward declares everything below the logits: int32 (B, T) → (B, T, C), and the weight (Vocab, C) and the bias (Vocab) of
// the head.
func (m RNN) Forward(s *graph.Scope, tokens *G.Node, seq layers.Sequence) (x, head, bias *G.Node) {
	if err := m.Check(); err != nil {
		s.Failf("%v", err)
	}
	m = m.withDefaults()
	embedding := layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: m.InitStd}
	head = embedding.Weight(s.In("encoder"))
	x = embedding.Lookup(s.In("encoder"), head, tokens) // (B, T, C)
	x = layers.Dropout{P: m.Dropout}.Forward(s.In("drop"), x)
	if m.LSTM {
		x = layers.LSTM{Layers: m.Layers, Dropout: m.Dropout}.Forward(s.In("rnn"), x, seq)
	} else {
		x = layers.GRU{Layers: m.Layers, Dropout: m.Dropout}.Forward(s.In("rnn"), x, seq)
	}
	x = layers.Dropout{P: m.Dropout}.Forward(s.In("drop_head"), x)
	decoder := s.In("decoder")
	if m.Untied {
		head = embedding.Weight(decoder)
	}
	bias = decoder.Param("bias", graph.Zeros(), m.Vocab)
	return x, head, bias
}

// biasedScores is scores plus a bias (V).
func biasedScores(s *graph.Scope, x, head, bias *G.Node) *G.Node {
	return s.Try(ops.Linear(x, head, bias, ops.LinearOptions{}))
}

// biasedLoss is the mean cross-entropy of biasedScores, for x (B, T, C). ops.LinearCrossEntropy has no bias, so the bias becomes a
// channel of the head whose input is 1.
func biasedLoss(s *graph.Scope, x, head, bias, targets *G.Node) *G.Node {
	dims := s.Dims(x, 3)
	one := s.ConstantFunc(s.Dtype(), ones, dims[0], dims[1], 1)
	x = s.Try(ops.Concat(2, x, one))                                                         // (B, T, C+1)
	head = s.Try(ops.Concat(1, head, s.Try(ops.Reshape(bias, bias.Shape().TotalSize(), 1)))) // (V, C+1)
	return s.Try(ops.LinearCrossEntropy(x, head, targets, 0))
}

// ones fills a tensor with 1.
func ones(t *tensor.Dense) {
	if t.Dtype() == tensor.Float64 {
		for i := range t.Float64s() {
			t.Float64s()[i] = 1
		}
		return
	}
	for i := range t.Float32s() {
		t.Float32s()[i] = 1
	}
}
