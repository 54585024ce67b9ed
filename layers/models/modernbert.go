package models

import (
	"cmp"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// ModernBERT is an encoder of texts with RoPE, gated MLPs and pre-norm blocks without biases. Most layers see only the tokens nearby
// (Warner et al. 2024, arXiv 2412.13663). Head selects a masked language model, a classifier of texts, or none. Its JSON form is Hugging
// Face's config.json of model_type modernbert. For published weights, see [ModernBERT.Rename] and [ModernBERT.Ignore].
//
// Parameters: model.embeddings.tok_embeddings.weight, model.embeddings.norm.weight, model.layers.0.attn.Wqkv.weight, …,
// model.final_norm.weight; head.… and decoder.… with Head mlm, head.… and classifier.… with Head classifier.
type ModernBERT struct {
	Head    string   // "mlm", "classifier" or "none"; "" means mlm
	Labels  []string // names of the classes of a classifier
	Pooling string   // of a classifier and of Embeddings: "mean" or "cls"; "" means cls

	Vocab   int
	Context int // largest number of tokens in a text
	Layers  int
	Heads   int
	Dim     int
	Hidden  int // hidden width of the gated MLPs; 0 means 3/2·Dim

	GlobalEvery int     // every how many layers one sees all tokens, from the first on; 0 means 3
	Local       int     // number of tokens that the other layers see, half of them on each side; 0 means 128
	Theta       float64 // base of RoPE in layers that see all tokens; 0 means 160000
	LocalTheta  float64 // base of RoPE in the other layers; 0 means 10000

	Activation     string // of the gates; "" means gelu
	HeadActivation string // "" means gelu
	Eps            float64
	AttnBias       bool // biases of the projections of attention
	MLPBias        bool
	NormBias       bool
	HeadBias       bool // bias of the head's hidden layer
	NoDecoderBias  bool // no bias of the predictions of tokens
	Untied         bool // the predictions of tokens have their own weights
	InitStd        float64

	EmbedDropout float64 // after the embeddings
	AttnDropout  float64 // of the attention's probabilities and of its results
	MLPDropout   float64 // within the MLPs
	HeadDropout  float64 // of a classifier's inputs

	LabelSmoothing float64 // of the loss in training

	PAD, BOS, EOS []int32 // ids that pad, begin and end a text; empty means none
}

func (m ModernBERT) withDefaults() ModernBERT {
	m.Head, m.Pooling = cmp.Or(m.Head, headMLM), cmp.Or(m.Pooling, "cls")
	m.Hidden = cmp.Or(m.Hidden, max(3*m.Dim/2, 1))
	m.GlobalEvery, m.Local = cmp.Or(m.GlobalEvery, 3), cmp.Or(m.Local, 128)
	m.Theta, m.LocalTheta = cmp.Or(m.Theta, 160000), cmp.Or(m.LocalTheta, 10000)
	m.Activation, m.HeadActivation = cmp.Or(m.Activation, "gelu"), cmp.Or(m.HeadActivation, "gelu")
	m.Eps, m.InitStd = cmp.Or(m.Eps, layers.DefaultEps), cmp.Or(m.InitStd, 0.02)
	return m
}

// Check returns an error that names the first field with an invalid value.
func (m ModernBERT) Check() error {
	const name = "ModernBERT"
	err := cmp.Or(
		atLeast(1, name, field[int]{"Vocab", m.Vocab}, field[int]{"Context", m.Context}, field[int]{"Layers", m.Layers}, field[int]{"Heads", m.Heads}, field[int]{"Dim", m.Dim}),
		atLeast(0, name, field[int]{"Hidden", m.Hidden}, field[int]{"GlobalEvery", m.GlobalEvery}, field[int]{"Local", m.Local}),
		probabilities(name, field[float64]{"EmbedDropout", m.EmbedDropout}, field[float64]{"AttnDropout", m.AttnDropout},
			field[float64]{"MLPDropout", m.MLPDropout}, field[float64]{"HeadDropout", m.HeadDropout}, field[float64]{"LabelSmoothing", m.LabelSmoothing}),
		magnitudes(name, field[float64]{"Eps", m.Eps}, field[float64]{"InitStd", m.InitStd}, field[float64]{"Theta", m.Theta}, field[float64]{"LocalTheta", m.LocalTheta}),
	)
	if err != nil {
		return err
	}
	if err := heads(name, m.Dim, m.Heads); err != nil {
		return err
	}
	m = m.withDefaults()
	if err := checkHead(name, m.Head, m.Labels); err != nil {
		return err
	}
	if m.Pooling != "mean" && m.Pooling != "cls" {
		return errors.Errorf("models: ModernBERT: unknown Pooling %q, want mean or cls", m.Pooling)
	}
	for _, theta := range []float64{m.Theta, m.LocalTheta} {
		if err := checkRoPE(layers.RoPE{Theta: theta}, m.Dim/m.Heads, m.Context); err != nil {
			return errors.WithMessage(err, "models: ModernBERT")
		}
	}
	if _, err := activation(m.HeadActivation); err != nil {
		return err
	}
	_, err = activation(m.Activation)
	return err
}

// Loss declares the model for training and evaluation on b texts of up to t tokens: see [BERT.Loss]. There are no types.
func (m ModernBERT) Loss(b, t int) func(*graph.Scope) { return m.outer().loss(b, t) }

// PlacesLoss declares a masked language model with logits only at some places: see [BERT.PlacesLoss].
func (m ModernBERT) PlacesLoss(b, t, n int) func(*graph.Scope) { return m.outer().placesLoss(b, t, n) }

// Logits declares the model without targets: see [BERT.Logits].
func (m ModernBERT) Logits(b, t int) func(*graph.Scope) { return m.outer().logits(b, t) }

// Embeddings declares the model for vectors of texts: see [BERT.Embeddings].
func (m ModernBERT) Embeddings(b, t int) func(*graph.Scope) { return m.outer().embeddings(b, t) }

// Window returns the largest number of tokens in a text.
func (m ModernBERT) Window() int { return m.Context }

// Body returns the model without its head. With its rules, files with any head load.
func (m ModernBERT) Body() TextEncoder {
	m.Head, m.Labels = headNone, nil
	return m
}

// Masked returns the model with a head that predicts masked tokens.
func (m ModernBERT) Masked() TextEncoder {
	m.Head, m.Labels = headMLM, nil
	return m
}

// Classifier returns the model with a head that assigns one of labels to a text.
func (m ModernBERT) Classifier(labels []string) TextEncoder {
	m.Head, m.Labels = headClassifier, labels
	return m
}

func (m ModernBERT) outer() textEncoder {
	d := m.withDefaults()
	head := d.predict
	if d.Head == headClassifier {
		head = d.classify
	}
	forward := func(s *graph.Scope, tokens, _ *G.Node, seq layers.Sequence) (x, table *G.Node) {
		return m.Forward(s, tokens, seq)
	}
	return textEncoder{head: d.Head, smoothing: d.LabelSmoothing, forward: forward, predict: head, pool: d.pool}
}

// Forward declares the model without its head: int32 (B, T) → (B, T, C), and the table of token embeddings, (Vocab, C).
func (m ModernBERT) Forward(s *graph.Scope, tokens *G.Node, seq layers.Sequence) (x, table *G.Node) {
	if err := m.Check(); err != nil {
		s.Failf("%v", err)
		return tokens, tokens
	}
	if !checkWindow(s, tokens, m.Context) {
		return tokens, tokens
	}
	m = m.withDefaults()
	body := s.In("model")
	words, at := layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: m.InitStd}, body.In("embeddings")
	table = words.Weight(at.In("tok_embeddings"))
	x = m.norm().Forward(at.In("norm"), words.Lookup(at, table, tokens)) // (B, T, C)
	x = layers.Dropout{P: m.EmbedDropout}.Forward(at.In("drop"), x)
	for i, at := range body.In("layers").Parts(m.Layers) {
		x = m.block(i).Forward(at, x, seq)
	}
	return m.norm().Forward(body.In("final_norm"), x), table
}

func (m ModernBERT) norm() layers.Norm { return layers.Norm{Eps: m.Eps, NoBias: !m.NormBias} }

// block returns a block of a model with defaults. The first has no norm before attention: the embeddings have one.
func (m ModernBERT) block(layer int) layers.PreNorm {
	act, _ := activation(m.Activation) // Check has validated it
	b := layers.PreNorm{
		Attention: layers.SelfAttention{
			Heads: m.Heads, Positions: layers.Positions{RoPE: layers.RoPE{Theta: m.Theta}}, Dropout: m.AttnDropout, OutDropout: m.AttnDropout,
			NoBias: !m.AttnBias, NoOutBias: !m.AttnBias, Names: layers.ModernBERTAttention, Std: m.InitStd,
		},
		Gated: layers.GatedMLP{Hidden: m.Hidden, Act: act, Dropout: m.MLPDropout, NoBias: !m.MLPBias, Names: layers.ModernBERTMLP, Std: m.InitStd},
		Norm:  m.norm(), Names: layers.ModernBERTBlock,
	}
	if layer%m.GlobalEvery != 0 {
		b.Attention.Window, b.Attention.Positions.RoPE.Theta = m.Local/2+1, m.LocalTheta
	}
	if layer == 0 {
		b.Names.Norm1 = ""
	}
	return b
}

// transform declares the hidden layer of both heads: (…, C) → (…, C).
func (m ModernBERT) transform(s *graph.Scope, x *G.Node) *G.Node {
	act, _ := activation(m.HeadActivation) // Check has validated it
	x = layers.Linear{Out: m.Dim, Act: act, NoBias: !m.HeadBias, Std: m.InitStd}.Forward(s.In("head.dense"), x)
	return m.norm().Forward(s.In("head.norm"), x)
}

// predict declares the head of a masked language model with defaults: (B, T, C) → (B, T, V).
func (m ModernBERT) predict(s *graph.Scope, x, table *G.Node, _ layers.Sequence) *G.Node {
	x = m.transform(s, x)
	if m.Untied {
		table = layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: m.InitStd}.Weight(s.In("decoder"))
	}
	var bias *G.Node
	if !m.NoDecoderBias {
		bias = s.In("decoder").Param("bias", graph.Zeros(), m.Vocab)
	}
	return s.Try(ops.Linear(x, table, bias, ops.LinearOptions{}))
}

// classify declares the head of a classifier with defaults: (B, T, C) → (B, classes).
func (m ModernBERT) classify(s *graph.Scope, x, _ *G.Node, seq layers.Sequence) *G.Node {
	x = m.transform(s, m.pool(s, x, seq)) // (B, C)
	x = layers.Dropout{P: m.HeadDropout}.Forward(s.In("drop"), x)
	return layers.Linear{Out: len(m.Labels), Std: m.InitStd}.Forward(s.In("classifier"), x)
}

// pool reduces texts to vectors: (B, T, C) → (B, C).
func (m ModernBERT) pool(s *graph.Scope, x *G.Node, seq layers.Sequence) *G.Node {
	return poolings[m.Pooling].Forward(s.In("pooling"), x, seq)
}
