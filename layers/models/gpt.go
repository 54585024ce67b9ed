package models

import (
	"cmp"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers"
)

// GPT is GPT-2: token and position embeddings, pre-norm blocks, a final norm, and a head tied to the token embedding
// (Radford et al. 2019). Its families MPT and BLOOM have ALiBi in place of position embeddings. With Positions, GPT-2 gets the order
// of tokens in other ways too. Its JSON form is Hugging Face's config.json of model_type gpt2, mpt or bloom. For published weights,
// see [GPT.Rename] and [GPT.Ignore].
//
// Parameters of GPT-2: wte.weight, wpe.weight (with learned positions), h.0.ln_1.weight, …, ln_f.weight, ln_f.bias; lm_head.weight
// if Untied. MPT and BLOOM have the names of their families.
type GPT struct {
	Family  string // "gpt2", "mpt" or "bloom"; "" means gpt2
	Vocab   int
	Context int // length of the window, in tokens
	Layers  int
	Heads   int
	Dim     int
	Hidden  int // hidden width of the MLPs; 0 means 4·Dim

	// Positions is how the model knows the order of tokens: "learned", "sinusoidal", "none", "rope", "alibi", "t5" or "shaw"; ""
	// means learned, or alibi in MPT and BLOOM.
	Positions string
	Scheme    layers.Positions // numbers of rope, alibi, t5 or shaw; zero means the usual ones

	Activation string  // Hugging Face's name: gelu_new, gelu, relu, silu, …; "" means the family's
	Eps        float64 // of the norms; 0 means 1e-5
	Untied     bool    // the head has its own weights
	NoBias     bool    // no biases, norms included; for MPT
	Scale      bool    // multiply the embeddings by √Dim; for GPT-2
	InitStd    float64 // standard deviation of the initial weights; 0 means 0.02

	EmbedDropout float64 // after the embeddings
	Dropout      float64 // of the results of attention and MLP in each block
	AttnDropout  float64 // of the attention's probabilities

	BOS, EOS []int32 // ids that begin and end a text; empty means none
}

func (m GPT) withDefaults() GPT {
	m.Family = cmp.Or(m.Family, "gpt2")
	f := gptFamilies[m.Family]
	m.Activation, m.Eps, m.InitStd = cmp.Or(m.Activation, f.activation), cmp.Or(m.Eps, layers.DefaultEps), cmp.Or(m.InitStd, 0.02)
	m.Positions = cmp.Or(m.Positions, f.positions)
	if m.Scheme == (layers.Positions{}) {
		m.Scheme = usualSchemes[m.Positions]
	}
	return m
}

// Check returns an error that names the first field with an invalid value.
func (m GPT) Check() error {
	err := cmp.Or(
		atLeast(1, "GPT", field[int]{"Vocab", m.Vocab}, field[int]{"Context", m.Context}, field[int]{"Layers", m.Layers}, field[int]{"Heads", m.Heads}, field[int]{"Dim", m.Dim}),
		atLeast(0, "GPT", field[int]{"Hidden", m.Hidden}),
		probabilities("GPT", field[float64]{"EmbedDropout", m.EmbedDropout}, field[float64]{"Dropout", m.Dropout}, field[float64]{"AttnDropout", m.AttnDropout}),
		magnitudes("GPT", field[float64]{"Eps", m.Eps}, field[float64]{"InitStd", m.InitStd}),
	)
	if err != nil {
		return err
	}
	if err := heads("GPT", m.Dim, m.Heads); err != nil {
		return err
	}
	if err := m.checkFamily(); err != nil {
		return err
	}
	if err := m.checkPositions(); err != nil {
		return err
	}
	_, err = activation(m.withDefaults().Activation)
	return err
}

// Loss declares the model for training and evaluation on batches of b windows of t tokens. Inputs: "tokens" and "targets",
// int32 (b, t). The loss is the mean cross-entropy over the targets that are not -100. Output, except in training: "logits"
// (b, t, Vocab). In training the logits never exist all at once: see ops.LinearCrossEntropy.
func (m GPT) Loss(b, t int) func(*graph.Scope) { return m.causal().loss(b, t) }

// PackedLoss declares the model for training and evaluation on b rows of t tokens that hold several documents each, one after the other.
// Inputs, int32 (b, t): those of Loss; "positions", the position of each token in its document; "starts", the place in the row of the
// first token of the document. No document sees another: a change of one changes no bit of the logits of another. Loss and output are as
// in Loss.
func (m GPT) PackedLoss(b, t int) func(*graph.Scope) { return m.causal().packedLoss(b, t) }

// Logits declares the model for scoring whole windows. Input: "tokens", int32 (b, t). Output: "logits" (b, t, Vocab).
func (m GPT) Logits(b, t int) func(*graph.Scope) { return m.causal().logits(b, t) }

// Decode declares the model for mode Decode: each run reads t tokens of each of b sequences, whose earlier keys and values are
// cached. Inputs, int32: "tokens" and "positions" (b, t); "past" (b); "last" (b), the row b·t+i of the token whose
// successor is predicted. Output: "logits" (b, Vocab).
func (m GPT) Decode(b, t int) func(*graph.Scope) { return m.causal().decode(b, t) }

// Verify declares Decode with the logits after every token: it has no input "last", and its output is "logits" (b·t, Vocab). With b = 1 and
// up to kernel.FewRows tokens, the logits have the bits of Decode, token by token. Positions "shaw" do not have this property: Verify
// is an error for them.
func (m GPT) Verify(b, t int) func(*graph.Scope) {
	if m.Positions == "shaw" {
		return func(s *graph.Scope) {
			s.Failf("GPT: positions shaw round the scores of several tokens in another way than those of one: read one token at a time")
		}
	}
	return m.causal().verify(b, t)
}

// Head declares the final norm and the head alone, for a look at the stream between blocks: their logits show the token that the model
// would predict there (the logit lens). Input: "stream" (b, t, Dim), the shown stream of a block. Output: "logits" (b, t, Vocab).
func (m GPT) Head(b, t int) func(*graph.Scope) { return m.causal().head(b, t) }

func (m GPT) causal() causal {
	return causal{context: m.Context, forward: m.Forward, dim: m.Dim, last: func(s *graph.Scope, x *G.Node) (_, head *G.Node) {
		if err := m.Check(); err != nil {
			x = s.Failf("%v", err)
			return x, x
		}
		return m.withDefaults().last(s, x, nil)
	}}
}

// Window returns the largest number of tokens in a sequence.
func (m GPT) Window() int { return m.Context }

// Forward declares everything below the logits: int32 (B, T) → (B, T, C), and the weight of the head, (Vocab, C).
func (m GPT) Forward(s *graph.Scope, tokens *G.Node, seq layers.Sequence) (x, head *G.Node) {
	if err := m.Check(); err != nil {
		x = s.Failf("%v", err)
		return x, x
	}
	m = m.withDefaults()
	f, block := gptFamilies[m.Family], m.block()
	embedding := layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: m.InitStd, Scale: m.Scale}
	table := embedding.Weight(s.In(f.table))
	x = embedding.Lookup(s.In(f.table), table, tokens) // (B, T, C)
	switch m.Positions {
	case "learned":
		x = layers.LearnedPositions{Max: m.Context, Std: m.InitStd}.Forward(s.In("wpe"), x, seq)
	case "sinusoidal":
		x = layers.SinusoidalPositions{}.Forward(s.In("wpe"), x, seq)
	}
	if f.embeddingNorm != "" {
		x = block.Norm.Forward(s.In(f.embeddingNorm), x)
	}
	x = layers.Dropout{P: m.EmbedDropout}.Forward(s.In("drop"), x)
	seq.Distance = block.Attention.Distance(s.In(f.blocks).At(0).In(f.block.Attention), s.Dims(tokens, 2)[1], seq)
	for _, at := range s.In(f.blocks).Parts(m.Layers) {
		x = block.Forward(at, x, seq)
	}
	return m.last(s, x, table)
}

// last declares the final norm of a model with defaults, and the weight of the head, which is table if they are tied. A nil table is
// declared, too.
func (m GPT) last(s *graph.Scope, x, table *G.Node) (_, head *G.Node) {
	f := gptFamilies[m.Family]
	x = m.block().Norm.Forward(s.In(f.norm), x)
	name := f.table
	if m.Untied {
		name = "lm_head"
	}
	if m.Untied || table == nil {
		table = layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: m.InitStd}.Weight(s.In(name))
	}
	return x, table
}

// block returns one block of a model with defaults.
func (m GPT) block() layers.PreNorm {
	f := gptFamilies[m.Family]
	act, _ := activation(m.Activation)                           // Check has validated it
	outStd := m.InitStd / math.Sqrt(2*float64(max(m.Layers, 1))) // Radford et al. 2019, section 2.3
	return layers.PreNorm{
		Attention: layers.SelfAttention{
			Heads: m.Heads, Causal: true, Positions: m.Scheme, Dropout: m.AttnDropout, NoBias: m.NoBias, NoOutBias: m.NoBias,
			Names: f.attention, Std: m.InitStd, OutStd: outStd,
		},
		MLP:     layers.MLP{Hidden: m.Hidden, Act: act, NoBias: m.NoBias, Names: f.mlp, Std: m.InitStd, OutStd: outStd},
		Norm:    layers.Norm{Eps: m.Eps, NoBias: m.NoBias},
		Dropout: m.Dropout,
		Names:   f.block,
	}
}
