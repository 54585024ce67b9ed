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

// Seq2Seq is the encoder-decoder of "Attention Is All You Need" (Vaswani et al. 2017), with sinusoidal positions and embeddings
// scaled by √Dim. It is post-norm as in the paper, or pre-norm with NormFirst.
//
// Parameters, with the names of torch.nn.Transformer: src_embed.weight, tgt_embed.weight, transformer.encoder.layers.0.…,
// transformer.encoder.norm.…, transformer.decoder.…, generator.weight, generator.bias.
type Seq2Seq struct {
	EncoderLayers  int
	DecoderLayers  int
	Heads          int
	Dim            int
	Hidden         int // hidden width of the MLPs; 0 means 4·Dim
	SourceVocab    int
	TargetVocab    int
	NormFirst      bool
	Activation     string  // "" means relu
	LabelSmoothing float64 // of the loss in training
	Eps            float64 // 0 means 1e-5
	Dropout        float64

	Source int // largest number of tokens in a source
	Target int // largest number of tokens in a target, BOS included

	PAD, BOS, EOS []int32 // ids that pad, begin and end a text; empty means none
}

func (m Seq2Seq) withDefaults() Seq2Seq {
	m.Activation, m.Eps, m.Hidden = cmp.Or(m.Activation, "relu"), cmp.Or(m.Eps, layers.DefaultEps), cmp.Or(m.Hidden, 4*m.Dim)
	return m
}

// Check returns an error that names the first field with an invalid value.
func (m Seq2Seq) Check() error {
	err := cmp.Or(
		atLeast(1, "Seq2Seq", field[int]{"EncoderLayers", m.EncoderLayers}, field[int]{"DecoderLayers", m.DecoderLayers}, field[int]{"Heads", m.Heads},
			field[int]{"Dim", m.Dim}, field[int]{"SourceVocab", m.SourceVocab}, field[int]{"TargetVocab", m.TargetVocab}),
		atLeast(0, "Seq2Seq", field[int]{"Hidden", m.Hidden}, field[int]{"Source", m.Source}, field[int]{"Target", m.Target}),
		probabilities("Seq2Seq", field[float64]{"Dropout", m.Dropout}, field[float64]{"LabelSmoothing", m.LabelSmoothing}),
		magnitudes("Seq2Seq", field[float64]{"Eps", m.Eps}),
	)
	if err != nil {
		return err
	}
	if err := heads("Seq2Seq", m.Dim, m.Heads); err != nil {
		return err
	}
	_, err = activation(m.withDefaults().Activation)
	return err
}

// Loss declares the model for training and evaluation on b pairs of up to src and tgt tokens. Inputs, int32: "source" (b, src);
// "source_lengths" (b); "tokens" (b, tgt), the target after BOS; "lengths" (b); "targets" (b, tgt), the target before EOS, padded
// with -100. Output: "logits" (b, tgt, TargetVocab). The loss is the mean cross-entropy, label-smoothed in training.
func (m Seq2Seq) Loss(b, src, tgt int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		memory := m.Encode(s, b, src)
		tokens := s.Input("tokens", tensor.Int32, b, tgt)
		seq := layers.Sequence{Lengths: s.Input("lengths", tensor.Int32, b)}
		logits := m.head(s, m.decode(s, tokens, seq, memory)) // (B, T, V)
		s.Output("logits", logits)
		minimize(s, logits, s.Input("targets", tensor.Int32, b, tgt), m.LabelSmoothing)
	}
}

// minimize declares the mean cross-entropy as the loss, with label smoothing in training.
func minimize(s *graph.Scope, logits, targets *G.Node, smoothing float64) {
	if !s.Training() {
		smoothing = 0
	}
	s.Minimize(s.Try(ops.CrossEntropy(logits, targets, smoothing)))
}

// Remember declares the encoder for mode Decode, and caches the decoder's keys and values of its result. Inputs, int32: "source"
// (b, Source) and "source_lengths" (b).
func (m Seq2Seq) Remember(b int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		m.checkSizes(s)
		m.decoder().Remember(s.In("transformer.decoder"), m.Encode(s, b, m.Source))
	}
}

// Decode declares the decoder for mode Decode: each run reads t tokens of each of b targets. Inputs: as [GPT.Decode], and
// "source_lengths", int32 (b). Output: "logits" (b, TargetVocab).
func (m Seq2Seq) Decode(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		m.checkSizes(s)
		tokens, last := s.Input("tokens", tensor.Int32, b, t), s.Input("last", tensor.Int32, b)
		memory := layers.Memory{S: m.Source, Lengths: s.Input("source_lengths", tensor.Int32, b)}
		x := m.decode(s, tokens, layers.DecodeInputs(s, b, t, m.Target), memory)
		s.Output("logits", m.head(s, pick(s, x, last)))
	}
}

// checkSizes fails the scope if Source or Target, the sizes of the caches, is not set.
func (m Seq2Seq) checkSizes(s *graph.Scope) {
	if err := atLeast(1, "Seq2Seq", field[int]{"Source", m.Source}, field[int]{"Target", m.Target}); err != nil {
		s.Failf("%v: decoding needs both", err)
	}
}

// Window returns the largest number of tokens in a target, BOS included.
func (m Seq2Seq) Window() int { return m.Target }

// Encode declares the encoder and its inputs, int32: "source" (b, src) and "source_lengths" (b). It returns a memory of (b, src, C).
func (m Seq2Seq) Encode(s *graph.Scope, b, src int) layers.Memory {
	if err := m.Check(); err != nil {
		s.Failf("%v", err)
	}
	m = m.withDefaults()
	source, lengths := s.Input("source", tensor.Int32, b, src), s.Input("source_lengths", tensor.Int32, b)
	x := m.embed(s, "src_embed", m.SourceVocab, source, layers.Sequence{}) // (B, S, C)
	act, _ := activation(m.Activation)                                     // Check has validated it
	x = layers.Encoder{Layers: m.EncoderLayers, Layer: layers.EncoderLayer{
		Heads: m.Heads, Hidden: m.Hidden, Act: act, Dropout: m.Dropout, NormFirst: m.NormFirst, Eps: m.Eps,
	}}.Forward(s.In("transformer.encoder"), x, layers.Sequence{Lengths: lengths})
	return layers.Memory{X: x, Lengths: lengths}
}

// embed returns embeddings with positions: int32 (B, T) → (B, T, C).
func (m Seq2Seq) embed(s *graph.Scope, name string, vocab int, ids *G.Node, seq layers.Sequence) *G.Node {
	std := 1 / math.Sqrt(float64(max(m.Dim, 1))) // 1 after scaling
	x := layers.Embedding{Vocab: vocab, Dim: m.Dim, Scale: true, Std: std}.Forward(s.In(name), ids)
	x = layers.SinusoidalPositions{}.Forward(s.In(name), x, seq)
	return layers.Dropout{P: m.Dropout}.Forward(s.In(name+".dropout"), x)
}

func (m Seq2Seq) decoder() layers.Decoder {
	m = m.withDefaults()
	act, _ := activation(m.Activation) // Check has validated it
	return layers.Decoder{Layers: m.DecoderLayers, Layer: layers.DecoderLayer{
		Heads: m.Heads, Hidden: m.Hidden, Act: act, Dropout: m.Dropout, NormFirst: m.NormFirst, Eps: m.Eps,
	}}
}

// decode declares everything below the logits: int32 (B, T) and a memory → (B, T, C).
func (m Seq2Seq) decode(s *graph.Scope, tokens *G.Node, seq layers.Sequence, memory layers.Memory) *G.Node {
	if err := m.Check(); err != nil {
		s.Failf("%v", err)
	}
	x := m.embed(s, "tgt_embed", m.TargetVocab, tokens, seq)
	return m.decoder().Forward(s.In("transformer.decoder"), x, seq, memory)
}

// head declares the output layer: (…, C) → (…, TargetVocab).
func (m Seq2Seq) head(s *graph.Scope, x *G.Node) *G.Node {
	return layers.Linear{Out: m.TargetVocab}.Forward(s.In("generator"), x)
}
