package models

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// causal is the outer part of every model that predicts the next token.
type causal struct {
	context int
	softcap float64 // c: logits z become c·tanh(z/c); 0 means none

	// forward declares everything below the logits: int32 (B, T) → (B, T, C), and the weight of the head, (V, C).
	forward func(s *graph.Scope, tokens *G.Node, seq layers.Sequence) (x, head *G.Node)

	dim int // C
	// last declares the final norm of the blocks' result and the weight of the head, which forward declares in its own way.
	last func(s *graph.Scope, x *G.Node) (_, head *G.Node)
}

// loss declares the model for training and evaluation: see [GPT.Loss].
func (m causal) loss(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) { m.lossOf(s, b, t, layers.Sequence{}) }
}

// packedLoss declares the model for training and evaluation on packed documents: see [GPT.PackedLoss].
func (m causal) packedLoss(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		m.lossOf(s, b, t, layers.Sequence{Positions: s.Input("positions", tensor.Int32, b, t), Starts: s.Input("starts", tensor.Int32, b, t)})
	}
}

func (m causal) lossOf(s *graph.Scope, b, t int, seq layers.Sequence) {
	tokens, targets := s.Input("tokens", tensor.Int32, b, t), s.Input("targets", tensor.Int32, b, t)
	x, head := m.forward(s, tokens, seq) // (B, T, C), (V, C)
	if s.Training() && m.softcap == 0 {
		s.Minimize(s.Try(ops.LinearCrossEntropy(x, head, targets, 0)))
		return
	}
	logits := m.scores(s, x, head) // (B, T, V)
	if !s.Training() {
		s.Output("logits", logits)
	}
	s.Minimize(s.Try(ops.CrossEntropy(logits, targets, 0)))
}

// logits declares the model for scoring whole windows: see [GPT.Logits].
func (m causal) logits(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x, head := m.forward(s, s.Input("tokens", tensor.Int32, b, t), layers.Sequence{})
		s.Output("logits", m.scores(s, x, head))
	}
}

// decode declares the model for mode Decode: see [GPT.Decode].
func (m causal) decode(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, last := s.Input("tokens", tensor.Int32, b, t), s.Input("last", tensor.Int32, b)
		x, head := m.forward(s, tokens, layers.DecodeInputs(s, b, t, m.context))
		s.Output("logits", m.scores(s, pick(s, x, last), head))
	}
}

// verify declares the model for mode Decode with the logits after every token: see [GPT.Verify].
func (m causal) verify(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x, head := m.forward(s, s.Input("tokens", tensor.Int32, b, t), layers.DecodeInputs(s, b, t, m.context))
		s.Output("logits", m.scores(s, flat(s, x), head))
	}
}

// head declares the end of the model alone: see [GPT.Head].
func (m causal) head(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x, head := m.last(s, s.Input("stream", s.Dtype(), b, t, m.dim))
		s.Output("logits", m.scores(s, x, head))
	}
}

// scores returns the product of every vector with every row of the head: (…, C) and (V, C) → (…, V).
func (m causal) scores(s *graph.Scope, x, head *G.Node) *G.Node {
	z := s.Try(ops.Linear(x, head, nil, ops.LinearOptions{}))
	if m.softcap == 0 {
		return z
	}
	z = s.Try(ops.Activate(s.Try(ops.Scale(z, 1/m.softcap)), kernel.Tanh))
	return s.Try(ops.Scale(z, m.softcap))
}

// flat returns the rows of x: (B, T, C) → (B·T, C).
func flat(s *graph.Scope, x *G.Node) *G.Node {
	dims := s.Dims(x, 3)
	return s.Try(ops.Reshape(x, dims[0]*dims[1], dims[2]))
}

// pick returns the rows of x, (B·T, C), with the given numbers: int32 (N) → (N, C).
func pick(s *graph.Scope, x, numbers *G.Node) *G.Node {
	return s.Try(ops.Embedding(flat(s, x), numbers))
}
