package models

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// TextEncoder is a model that reads whole texts, in which every token sees all others: [BERT] or [ModernBERT].
type TextEncoder interface {
	Model
	Loss(b, t int) func(*graph.Scope)
	PlacesLoss(b, t, n int) func(*graph.Scope)
	Logits(b, t int) func(*graph.Scope)
	Embeddings(b, t int) func(*graph.Scope)
	Window() int
	Body() TextEncoder                      // the model without its head, which reads files with any head
	Masked() TextEncoder                    // the model with a head that predicts masked tokens
	Classifier(labels []string) TextEncoder // the model with a head that assigns one of labels to a text
}

// The heads of a TextEncoder.
const (
	headMLM        = "mlm"        // predicts masked tokens
	headClassifier = "classifier" // assigns a label to a text
	headNone       = "none"
)

// textEncoder is the outer part of every TextEncoder.
type textEncoder struct {
	head      string
	types     bool    // the input types gives the segments
	smoothing float64 // label smoothing of the loss in training

	// forward declares the body, int32 (B, T), twice → (B, T, C), and the table of token embeddings, (V, C).
	forward func(s *graph.Scope, tokens, types *G.Node, seq layers.Sequence) (x, table *G.Node)

	// predict declares the head: (B, T, C) → (B, T, V) or (B, classes).
	predict func(s *graph.Scope, x, table *G.Node, seq layers.Sequence) *G.Node

	// pool reduces texts to vectors: (B, T, C) → (B, C).
	pool func(s *graph.Scope, x *G.Node, seq layers.Sequence) *G.Node
}

// loss declares the model for training and evaluation: see [BERT.Loss].
func (m textEncoder) loss(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		logits := m.scores(s, b, t, nil)
		shape := []int{b, t}
		if m.head == headClassifier {
			shape = shape[:1]
		}
		if m.head == headClassifier || !s.Training() {
			s.Output("logits", logits)
		}
		minimize(s, logits, s.Input("targets", tensor.Int32, shape...), m.smoothing)
	}
}

// placesLoss declares the model for training and evaluation at some places: see [BERT.PlacesLoss].
func (m textEncoder) placesLoss(b, t, n int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		if m.head != headMLM {
			s.Failf("text encoder: a loss at places needs Head %s, the model has %s", headMLM, m.head)
			return
		}
		logits := m.scores(s, b, t, s.Input("places", tensor.Int32, b, n)) // (B, N, V)
		if !s.Training() {
			s.Output("logits", logits)
		}
		minimize(s, logits, s.Input("targets", tensor.Int32, b, n), m.smoothing)
	}
}

// logits declares the model without targets: see [BERT.Logits].
func (m textEncoder) logits(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) { s.Output("logits", m.scores(s, b, t, nil)) }
}

// scores returns the logits. places, int32 (B, N), are the positions in the batch of the tokens to predict; nil means all.
func (m textEncoder) scores(s *graph.Scope, b, t int, places *G.Node) *G.Node {
	if m.head == headNone {
		return s.Failf("text encoder: the model has no head: set Head to %s or %s, or use Embeddings", headMLM, headClassifier)
	}
	tokens, seq := s.Input("tokens", tensor.Int32, b, t), layers.Sequence{Lengths: s.Input("lengths", tensor.Int32, b)}
	var types *G.Node
	if m.types {
		types = s.Input("types", tensor.Int32, b, t)
	}
	x, table := m.forward(s, tokens, types, seq) // (B, T, C), (V, C)
	if places != nil {
		c := s.Dims(x, 3)[2]
		x = s.Try(ops.Embedding(s.Try(ops.Reshape(x, b*t, c)), places)) // (B, N, C)
	}
	return m.predict(s, x, table, seq)
}

// embeddings declares the model for vectors of texts: see [BERT.Embeddings].
func (m textEncoder) embeddings(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, seq := s.Input("tokens", tensor.Int32, b, t), layers.Sequence{Lengths: s.Input("lengths", tensor.Int32, b)}
		x, _ := m.forward(s, tokens, nil, seq) // (B, T, C)
		s.Output("embeddings", m.pool(s, x, seq))
	}
}

// checkHead reports an unknown head, and labels that do not fit it.
func checkHead(model, head string, labels []string) error {
	switch head {
	case headClassifier:
		return checkLabels(model, labels)
	case headMLM, headNone:
		if len(labels) > 0 {
			return errors.Errorf("models: %s: Head %s has %d Labels, want none: use Head %s", model, head, len(labels), headClassifier)
		}
		return nil
	}
	return errors.Errorf("models: %s: unknown Head %q, want %s, %s or %s", model, head, headMLM, headClassifier, headNone)
}

// checkWindow reports whether texts fit the model. If they are too long, it fails the scope.
func checkWindow(s *graph.Scope, tokens *G.Node, context int) bool {
	t := s.Dims(tokens, 2)[1]
	if t > context {
		s.Failf("text encoder: %d tokens exceed the Context of %d: shorten the texts", t, context)
	}
	return t <= context
}
