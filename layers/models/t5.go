package models

import (
	"cmp"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// T5 is the encoder-decoder of "Exploring the Limits of Transfer Learning" (Raffel et al. 2020, arXiv 1910.10683). It has one table of
// embeddings, pre-norm blocks with RMSNorm and no biases, scores without the factor 1/√HeadDim, and a bias by distance that the layers
// of a stack share. Its JSON form is Hugging Face's config.json. For published weights, see [T5.Rename] and [T5.Ignore].
//
// Parameters: shared.weight, encoder.block.0.layer.0.SelfAttention.q.weight, …, encoder.final_layer_norm.weight, decoder.block.0.…,
// decoder.final_layer_norm.weight; lm_head.weight if Untied.
type T5 struct {
	Vocab         int
	EncoderLayers int
	DecoderLayers int // 0 means EncoderLayers
	Heads         int
	HeadDim       int // channels of a head; 0 means Dim/Heads
	Dim           int
	Hidden        int    // hidden width of the MLPs; 0 means 4·Dim
	FeedForward   string // activation of the MLPs, or "gated-" and the activation of the gates of gated MLPs; gated-gelu means gated-gelu_new; "" means relu

	Buckets     int // of the bias by distance; 0 means 32
	MaxDistance int // distances from here on share a bucket; 0 means 128

	Untied         bool    // the head has its own weights, and its input is not scaled
	Unscaled       bool    // the input of a tied head is not scaled by 1/√Dim
	Eps            float64 // of the norms; 0 means 1e-6
	Dropout        float64
	LabelSmoothing float64 // of the loss in training
	InitFactor     float64 // factor of the initial weights; 0 means 1

	Source int // largest number of tokens in a source
	Target int // largest number of tokens in a target, its beginning included

	PAD, BOS, EOS []int32 // ids that pad, begin and end a text; T5 begins with its PAD, 0; empty means none
}

func (m T5) withDefaults() T5 {
	m.DecoderLayers, m.HeadDim = cmp.Or(m.DecoderLayers, m.EncoderLayers), cmp.Or(m.HeadDim, m.Dim/max(m.Heads, 1))
	m.Hidden, m.FeedForward = cmp.Or(m.Hidden, 4*m.Dim), cmp.Or(m.FeedForward, "relu")
	m.Buckets, m.MaxDistance = cmp.Or(m.Buckets, 32), cmp.Or(m.MaxDistance, 128)
	m.Eps, m.InitFactor = cmp.Or(m.Eps, 1e-6), cmp.Or(m.InitFactor, 1)
	return m
}

// Check returns an error that names the first field with an invalid value.
func (m T5) Check() error {
	const name = "T5"
	err := cmp.Or(
		atLeast(1, name, field[int]{"Vocab", m.Vocab}, field[int]{"EncoderLayers", m.EncoderLayers}, field[int]{"Heads", m.Heads}, field[int]{"Dim", m.Dim}),
		atLeast(0, name, field[int]{"DecoderLayers", m.DecoderLayers}, field[int]{"HeadDim", m.HeadDim}, field[int]{"Hidden", m.Hidden},
			field[int]{"Buckets", m.Buckets}, field[int]{"MaxDistance", m.MaxDistance}, field[int]{"Source", m.Source}, field[int]{"Target", m.Target}),
		probabilities(name, field[float64]{"Dropout", m.Dropout}, field[float64]{"LabelSmoothing", m.LabelSmoothing}),
		magnitudes(name, field[float64]{"Eps", m.Eps}, field[float64]{"InitFactor", m.InitFactor}),
	)
	if err != nil {
		return err
	}
	if m.HeadDim == 0 {
		if err := heads(name, m.Dim, m.Heads); err != nil {
			return err
		}
	}
	if m.Untied && m.Unscaled {
		return errors.New("models: T5: Unscaled is for a tied head: the input of an untied head is never scaled")
	}
	m = m.withDefaults()
	if exact := m.Buckets / 2; m.Buckets < 4 || m.MaxDistance <= exact {
		return errors.Errorf("models: T5: Buckets is %d and MaxDistance %d, want at least 4 buckets and a distance above %d", m.Buckets, m.MaxDistance, exact)
	}
	_, _, err = m.feedForward()
	return errors.WithMessage(err, "models: T5: FeedForward")
}

// Loss declares the model for training and evaluation on b pairs of up to src and tgt tokens. Its inputs are those of [Seq2Seq.Loss].
// The output, except in training, is "logits" (b, tgt, Vocab). The loss is the mean cross-entropy, label-smoothed in training.
func (m T5) Loss(b, src, tgt int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		memory, table := m.encode(s, b, src)
		tokens := s.Input("tokens", tensor.Int32, b, tgt)
		seq := layers.Sequence{Lengths: s.Input("lengths", tensor.Int32, b)}
		targets := s.Input("targets", tensor.Int32, b, tgt)
		x, head := m.decode(s, table, tokens, seq, memory) // (B, T, C), (V, C)
		if s.Training() {
			s.Minimize(s.Try(ops.LinearCrossEntropy(x, head, targets, m.LabelSmoothing)))
			return
		}
		logits := s.Try(ops.Linear(x, head, nil, ops.LinearOptions{})) // (B, T, V)
		s.Output("logits", logits)
		minimize(s, logits, targets, 0)
	}
}

// Remember declares the encoder for mode Decode: see [Seq2Seq.Remember].
func (m T5) Remember(b int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		m.checkSizes(s)
		memory, _ := m.encode(s, b, m.Source)
		for _, at := range s.In("decoder.block").Parts(m.withDefaults().DecoderLayers) {
			m.withDefaults().decoderBlock().Remember(at, memory)
		}
	}
}

// Decode declares the decoder for mode Decode: see [Seq2Seq.Decode]. The output is "logits" (b, Vocab).
func (m T5) Decode(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		m.checkSizes(s)
		tokens, last := s.Input("tokens", tensor.Int32, b, t), s.Input("last", tensor.Int32, b)
		memory := layers.Memory{S: m.Source, Lengths: s.Input("source_lengths", tensor.Int32, b)}
		seq := layers.DecodeInputs(s, b, t, m.Target)
		x, head := m.decode(s, m.table(s), tokens, seq, memory)
		s.Output("logits", s.Try(ops.Linear(pick(s, x, last), head, nil, ops.LinearOptions{})))
	}
}

// checkSizes fails the scope if Source or Target, the sizes of the caches, is not set.
func (m T5) checkSizes(s *graph.Scope) {
	if err := atLeast(1, "T5", field[int]{"Source", m.Source}, field[int]{"Target", m.Target}); err != nil {
		s.Failf("%v: decoding needs both", err)
	}
}

// Window returns the largest number of tokens in a target, its beginning included.
func (m T5) Window() int { return m.Target }
