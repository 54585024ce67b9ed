package models

import (
	"cmp"
	"math"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers"
)

// Llama is Llama and the families that descend from it: Mistral, Qwen2, Qwen3, Gemma 2 and Gemma 3. They have RoPE, RMSNorm, grouped
// key-value heads and gated MLPs (Touvron et al. 2023, arXiv 2302.13971). Its JSON form is Hugging Face's config.json of these
// families. For published weights, see [Llama.Rename] and [Llama.Ignore].
//
// Parameters: model.embed_tokens.weight, model.layers.0.input_layernorm.weight, model.layers.0.self_attn.q_proj.weight, …,
// model.norm.weight; lm_head.weight if Untied.
type Llama struct {
	Family  string // "llama", "mistral", "qwen2", "qwen3", "gemma2" or "gemma3_text"; "" means llama
	Vocab   int
	Context int // length of the window, in tokens
	Layers  int
	Heads   int
	KVHeads int // 0 means Heads
	HeadDim int // channels of a head; 0 means Dim/Heads
	Dim     int
	Hidden  int // hidden width of the MLPs; 0 means 8/3·Dim

	RoPE          layers.RoPE // zero means base 10000
	LocalTheta    float64     // base of RoPE in the sliding layers of Gemma 3; 0 means 10000
	SlidingWindow int         // number of tokens that a sliding layer sees, up to its own; 0 means all; not for Llama
	Sliding       []bool      // layers that slide; nil means the family's rule: see [Llama.Slides]

	Activation   string  // of the gates; "" means silu, or gelu_pytorch_tanh in Gemma
	Eps          float64 // of the norms; 0 means 1e-6
	Bias         bool    // biases of the four projections of attention; Qwen2 always has them, but not on the output
	MLPBias      bool    // biases of the MLPs; only for Llama
	QueryScalar  float64 // Gemma: scores are divided by its root; 0 means HeadDim
	AttnSoftcap  float64 // Gemma 2: softcap of the scores; 0 means none
	FinalSoftcap float64 // Gemma 2 and 3: softcap of the logits; 0 means none
	Untied       bool    // the head has its own weights
	InitStd      float64 // standard deviation of the initial weights; 0 means 0.02

	Dropout     float64 // of the results of attention and MLP in each block
	AttnDropout float64 // of the attention's probabilities

	BOS, EOS []int32 // ids that begin and end a text; empty means none
}

func (m Llama) withDefaults() Llama {
	m.Family = cmp.Or(m.Family, "llama")
	m.KVHeads, m.HeadDim = cmp.Or(m.KVHeads, m.Heads), cmp.Or(m.HeadDim, m.Dim/max(m.Heads, 1))
	m.Hidden = cmp.Or(m.Hidden, max(8*m.Dim/3, 1))
	act := "silu"
	if m.gemma() {
		act = "gelu_pytorch_tanh"
		m.QueryScalar = cmp.Or(m.QueryScalar, float64(m.HeadDim))
	}
	m.Activation, m.Eps, m.InitStd = cmp.Or(m.Activation, act), cmp.Or(m.Eps, 1e-6), cmp.Or(m.InitStd, 0.02)
	m.RoPE.Theta = cmp.Or(m.RoPE.Theta, 10000)
	if m.Family == "gemma3_text" {
		m.LocalTheta = cmp.Or(m.LocalTheta, 10000)
	}
	return m
}

func (m Llama) gemma() bool { return m.Family == "gemma2" || m.Family == "gemma3_text" }

// Slides reports whether a layer sees only the last SlidingWindow tokens. If Sliding is nil, all layers do in Mistral and Qwen, even layers in
// Gemma 2, and five of six in Gemma 3.
func (m Llama) Slides(layer int) bool {
	switch {
	case m.SlidingWindow == 0:
		return false
	case m.Sliding != nil:
		return m.Sliding[layer]
	case m.Family == "gemma2":
		return layer%2 == 0
	case m.Family == "gemma3_text":
		return (layer+1)%6 != 0
	}
	return true
}

// Check returns an error that names the first field with an invalid value.
func (m Llama) Check() error {
	const name = "Llama"
	if _, ok := llamaFamilies[cmp.Or(m.Family, "llama")]; !ok {
		return errors.Errorf("models: Llama: unknown Family %q, want one of %s", m.Family, names(llamaFamilies))
	}
	err := cmp.Or(
		atLeast(1, name, field[int]{"Vocab", m.Vocab}, field[int]{"Context", m.Context}, field[int]{"Layers", m.Layers}, field[int]{"Heads", m.Heads}, field[int]{"Dim", m.Dim}),
		atLeast(0, name, field[int]{"KVHeads", m.KVHeads}, field[int]{"HeadDim", m.HeadDim}, field[int]{"Hidden", m.Hidden}, field[int]{"SlidingWindow", m.SlidingWindow}),
		probabilities(name, field[float64]{"Dropout", m.Dropout}, field[float64]{"AttnDropout", m.AttnDropout}),
		magnitudes(name, field[float64]{"Eps", m.Eps}, field[float64]{"InitStd", m.InitStd}, field[float64]{"LocalTheta", m.LocalTheta},
			field[float64]{"QueryScalar", m.QueryScalar}, field[float64]{"AttnSoftcap", m.AttnSoftcap}, field[float64]{"FinalSoftcap", m.FinalSoftcap}),
	)
	if err != nil {
		return err
	}
	if m.Layers > math.MaxInt16 {
		return errors.Errorf("models: Llama: Layers is %d, want at most %d", m.Layers, math.MaxInt16)
	}
	if m.HeadDim == 0 {
		if err := heads(name, m.Dim, m.Heads); err != nil {
			return err
		}
	}
	if m.KVHeads != 0 && m.Heads%m.KVHeads != 0 {
		return errors.Errorf("models: Llama: Heads %d is not a multiple of KVHeads %d", m.Heads, m.KVHeads)
	}
	if err := m.checkFamily(); err != nil {
		return err
	}
	m = m.withDefaults()
	if err := checkRoPE(m.RoPE, m.HeadDim, m.Context); err != nil {
		return errors.WithMessage(err, "models: Llama")
	}
	_, err = activation(m.Activation)
	return err
}

// Loss declares the model for training and evaluation: see [GPT.Loss].
func (m Llama) Loss(b, t int) func(*graph.Scope) { return m.causal().loss(b, t) }

// PackedLoss declares the model for training and evaluation on packed documents: see [GPT.PackedLoss].
func (m Llama) PackedLoss(b, t int) func(*graph.Scope) { return m.causal().packedLoss(b, t) }

// Logits declares the model for scoring whole windows: see [GPT.Logits].
func (m Llama) Logits(b, t int) func(*graph.Scope) { return m.causal().logits(b, t) }

// Decode declares the model for mode Decode: see [GPT.Decode].
func (m Llama) Decode(b, t int) func(*graph.Scope) { return m.causal().decode(b, t) }

// Verify declares Decode with the logits after every token: see [GPT.Verify].
func (m Llama) Verify(b, t int) func(*graph.Scope) { return m.causal().verify(b, t) }

// Head declares the final norm and the head alone: see [GPT.Head].
func (m Llama) Head(b, t int) func(*graph.Scope) { return m.causal().head(b, t) }

func (m Llama) causal() causal {
	return causal{context: m.Context, softcap: m.FinalSoftcap, forward: m.Forward, dim: m.Dim, last: func(s *graph.Scope, x *G.Node) (_, head *G.Node) {
		if err := m.Check(); err != nil {
			x = s.Failf("%v", err)
			return x, x
		}
		return m.withDefaults().last(s, x, nil)
	}}
}

// Window returns the largest number of tokens in a sequence.
func (m Llama) Window() int { return m.Context }

// Forward declares everything below the logits: int32 (B, T) → (B, T, C), and the weight of the head, (Vocab, C).
func (m Llama) Forward(s *graph.Scope, tokens *G.Node, seq layers.Sequence) (x, head *G.Node) {
	if err := m.Check(); err != nil {
		x = s.Failf("%v", err)
		return x, x
	}
	m = m.withDefaults()
	embedding := layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: m.InitStd, Scale: m.gemma()}
	table := embedding.Weight(s.In("model.embed_tokens"))
	x = embedding.Lookup(s.In("model.embed_tokens"), table, tokens) // (B, T, C)
	for i, at := range s.In("model.layers").Parts(m.Layers) {
		x = m.block(i).Forward(at, x, seq)
	}
	return m.last(s, x, table)
}

// last declares the final norm of a model with defaults, and the weight of the head, which is table if they are tied. A nil table is
// declared, too.
func (m Llama) last(s *graph.Scope, x, table *G.Node) (_, head *G.Node) {
	x = m.norm().Forward(s.In("model.norm"), x)
	name := "model.embed_tokens"
	if m.Untied {
		name = "lm_head"
	}
	if m.Untied || table == nil {
		table = layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: m.InitStd}.Weight(s.In(name))
	}
	return x, table
}

func (m Llama) norm() layers.Norm { return layers.Norm{RMS: true, PlusOne: m.gemma(), Eps: m.Eps} }

// block returns a block of a model with defaults.
func (m Llama) block(layer int) layers.PreNorm {
	act, _ := activation(m.Activation)                           // Check has validated it
	outStd := m.InitStd / math.Sqrt(2*float64(max(m.Layers, 1))) // Radford et al. 2019, section 2.3
	f := llamaFamilies[m.Family]
	a := layers.SelfAttention{
		Heads: m.Heads, KVHeads: m.KVHeads, HeadDim: m.HeadDim, Causal: true, Positions: layers.Positions{RoPE: m.RoPE},
		QKNorm: f.qkNorm, Norm: layers.RMSNorm{PlusOne: m.gemma(), Eps: m.Eps}, Softcap: m.AttnSoftcap, Dropout: m.AttnDropout,
		NoBias: !m.Bias && !f.qkvBias, NoOutBias: !m.Bias, Names: layers.LlamaAttention, Std: m.InitStd, OutStd: outStd,
	}
	if m.gemma() {
		a.Scale = 1 / math.Sqrt(m.QueryScalar)
	}
	if m.Slides(layer) {
		a.Window = m.SlidingWindow
		if m.LocalTheta != 0 {
			a.Positions.RoPE = layers.RoPE{Dim: m.RoPE.Dim, Theta: m.LocalTheta}
		}
	}
	return layers.PreNorm{
		Attention: a, Norm: m.norm(), Dropout: m.Dropout, Names: f.block,
		Gated: layers.GatedMLP{Hidden: m.Hidden, Act: act, NoBias: !m.MLPBias, Std: m.InitStd, OutStd: outStd},
	}
}
