package models

import (
	"cmp"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// Classifier is a small encoder that assigns one of several labels to a sequence of tokens. It consists of embeddings, positions, an
// encoder of torch.nn that ignores padding, a pooling to one vector per sequence, and a head. It belongs to no published family and
// is trained from scratch.
//
// Parameters: embed.weight, positions.weight (for learned positions), encoder.layers.0.…, encoder.norm.… (with NormFirst),
// head.out_proj.…
type Classifier struct {
	Vocab     int
	Context   int // largest number of tokens in a sequence
	Layers    int // 0 means no encoder: the embeddings are pooled
	Heads     int
	Dim       int
	Hidden    int      // hidden width of the MLPs; 0 means 4·Dim
	Labels    []string // names of the classes
	NormFirst bool

	Positions  string // "learned", "sinusoidal" or "none"; "" means learned
	Pooling    string // "mean", "cls" or "last"; "" means mean
	Activation string // "" means gelu

	Eps            float64 // 0 means 1e-5
	Std            float64 // standard deviation of the initial embeddings; 0 means 0.02
	TokenDropout   float64 // of whole tokens: their vectors become zero
	Dropout        float64 // within the encoder and before the head
	LabelSmoothing float64 // of the loss in training
}

func (m Classifier) withDefaults() Classifier {
	m.Positions, m.Pooling = cmp.Or(m.Positions, "learned"), cmp.Or(m.Pooling, "mean")
	m.Activation = cmp.Or(m.Activation, "gelu")
	m.Eps, m.Std = cmp.Or(m.Eps, layers.DefaultEps), cmp.Or(m.Std, 0.02)
	m.Hidden = cmp.Or(m.Hidden, 4*m.Dim)
	return m
}

// Check returns an error that names the first field with an invalid value.
func (m Classifier) Check() error {
	const name = "Classifier"
	err := cmp.Or(
		atLeast(1, name, field[int]{"Vocab", m.Vocab}, field[int]{"Context", m.Context}, field[int]{"Heads", m.Heads}, field[int]{"Dim", m.Dim}),
		atLeast(0, name, field[int]{"Layers", m.Layers}, field[int]{"Hidden", m.Hidden}),
		probabilities(name, field[float64]{"TokenDropout", m.TokenDropout}, field[float64]{"Dropout", m.Dropout},
			field[float64]{"LabelSmoothing", m.LabelSmoothing}),
		magnitudes(name, field[float64]{"Eps", m.Eps}, field[float64]{"Std", m.Std}),
	)
	if err != nil {
		return err
	}
	if err := checkLabels(name, m.Labels); err != nil {
		return err
	}
	if err := heads(name, m.Dim, m.Heads); err != nil {
		return err
	}
	m = m.withDefaults()
	if _, ok := poolings[m.Pooling]; !ok {
		return errors.Errorf("models: %s: Pooling is %q, want mean, cls or last", name, m.Pooling)
	}
	if p := m.Positions; p != "learned" && p != "sinusoidal" && p != "none" {
		return errors.Errorf("models: %s: Positions is %q, want learned, sinusoidal or none", name, p)
	}
	_, err = activation(m.Activation)
	return err
}

// pooling reduces each sequence to one vector: (B, T, C) → (B, C).
type pooling interface {
	Forward(s *graph.Scope, x *G.Node, seq layers.Sequence) *G.Node
}

var poolings = map[string]pooling{"mean": layers.MeanPool{}, "cls": layers.CLSPool{}, "last": layers.LastPool{}}

// Loss declares the model for training and evaluation on b sequences of up to t tokens. Inputs, int32: "tokens" (b, t); "lengths"
// (b); "targets" (b), the classes. Output: "logits" (b, classes). The loss is the mean cross-entropy over the targets that are not
// -100, label-smoothed in training.
func (m Classifier) Loss(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		logits := m.logits(s, b, t)
		s.Output("logits", logits)
		minimize(s, logits, s.Input("targets", tensor.Int32, b), m.LabelSmoothing)
	}
}

// Logits declares the model for b sequences of up to t tokens without known classes. Inputs, int32: "tokens" (b, t) and "lengths"
// (b). Output: "logits" (b, classes).
func (m Classifier) Logits(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) { s.Output("logits", m.logits(s, b, t)) }
}

func (m Classifier) logits(s *graph.Scope, b, t int) *G.Node {
	tokens := s.Input("tokens", tensor.Int32, b, t)
	return m.Forward(s, tokens, layers.Sequence{Lengths: s.Input("lengths", tensor.Int32, b)})
}

// Forward declares the whole model: int32 (B, T) → (B, classes).
func (m Classifier) Forward(s *graph.Scope, tokens *G.Node, seq layers.Sequence) *G.Node {
	if err := m.Check(); err != nil {
		return s.Failf("%v", err)
	}
	m = m.withDefaults()
	if t := s.Dims(tokens, 2)[1]; t > m.Context {
		return s.Failf("classifier: %d tokens exceed the Context of %d: shorten the sequences or train with a larger Context", t, m.Context)
	}
	act, _ := activation(m.Activation) // Check has validated it
	x := m.embed(s, tokens, seq)       // (B, T, C)
	x = layers.Encoder{Layers: m.Layers, NoNorm: !m.NormFirst, Layer: layers.EncoderLayer{
		Heads: m.Heads, Hidden: m.Hidden, Act: act, Dropout: m.Dropout, NormFirst: m.NormFirst, Eps: m.Eps,
	}}.Forward(s.In("encoder"), x, seq)
	x = poolings[m.Pooling].Forward(s.In("pooling"), x, seq)                                              // (B, C)
	return layers.ClassificationHead{Classes: len(m.Labels), Dropout: m.Dropout}.Forward(s.In("head"), x) // (B, classes)
}

// embed returns embeddings with positions: int32 (B, T) → (B, T, C).
func (m Classifier) embed(s *graph.Scope, tokens *G.Node, seq layers.Sequence) *G.Node {
	x := layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: m.Std}.Forward(s.In("embed"), tokens)
	x = dropTokens(s.In("embed.token_dropout"), x, m.TokenDropout)
	switch m.Positions {
	case "learned":
		x = layers.LearnedPositions{Max: m.Context, Std: m.Std}.Forward(s.In("positions"), x, seq)
	case "sinusoidal":
		x = layers.SinusoidalPositions{}.Forward(s.In("positions"), x, seq)
	}
	return layers.Dropout{P: m.Dropout}.Forward(s.In("embed.dropout"), x)
}

// dropTokens sets whole vectors of x, (B, T, C), to zero with probability p and divides the rest by 1−p in mode Train.
func dropTokens(s *graph.Scope, x *G.Node, p float64) *G.Node {
	if p == 0 || !s.Training() {
		return x
	}
	dims := s.Dims(x, 3)
	mask := s.ConstantFunc(s.Dtype(), ones, dims[0], dims[1], 1)    // (B, T, 1)
	return s.Try(ops.Mul(x, layers.Dropout{P: p}.Forward(s, mask))) // (B, T, C)
}
