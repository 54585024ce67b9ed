package models

import (
	"cmp"
	"encoding/json"
	"math"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// GPT is GPT-2: token and position embeddings, pre-norm blocks, a final norm, and a head tied to the token embedding
// (Radford et al. 2019). Its JSON form is Hugging Face's config.json of model_type gpt2. For published weights, see [GPT.Rename] and
// [GPT.Ignore].
//
// Parameters: wte.weight, wpe.weight, h.0.ln_1.weight, …, ln_f.weight, ln_f.bias; lm_head.weight if Untied.
type GPT struct {
	Vocab   int
	Context int // length of the window, in tokens
	Layers  int
	Heads   int
	Dim     int
	Hidden  int // hidden width of the MLPs; 0 means 4·Dim

	Activation string  // Hugging Face's name: gelu_new, gelu, relu, silu, …; "" means gelu_new
	Eps        float64 // of the norms; 0 means 1e-5
	Untied     bool    // the head has its own weights
	InitStd    float64 // standard deviation of the initial weights; 0 means 0.02

	EmbedDropout float64 // after the embeddings
	Dropout      float64 // of the results of attention and MLP in each block
	AttnDropout  float64 // of the attention's probabilities

	BOS, EOS []int32 // ids that begin and end a text; empty means none
}

// gptJSON is the content of config.json. Missing fields have Hugging Face's defaults.
type gptJSON struct {
	ModelType     string   `json:"model_type"`
	Architectures []string `json:"architectures,omitempty"`
	Vocab         whole    `json:"vocab_size"`
	Context       whole    `json:"n_positions"`
	Layers        whole    `json:"n_layer"`
	Heads         whole    `json:"n_head"`
	Dim           whole    `json:"n_embd"`
	Hidden        *whole   `json:"n_inner"`
	Activation    string   `json:"activation_function"`
	Eps           float64  `json:"layer_norm_epsilon"`
	InitStd       float64  `json:"initializer_range"`
	EmbedDropout  float64  `json:"embd_pdrop"`
	Dropout       float64  `json:"resid_pdrop"`
	AttnDropout   float64  `json:"attn_pdrop"`
	Tied          bool     `json:"tie_word_embeddings"`
	BOS           ids      `json:"bos_token_id"`
	EOS           ids      `json:"eos_token_id"`
	gptFixed
}

// gptFixed holds the fields of attention variants in GPT-2's config.json. GPT supports one value of each.
type gptFixed struct {
	ScaleScores  bool `json:"scale_attn_weights"`
	ScaleByLayer bool `json:"scale_attn_by_inverse_layer_idx"`
	CrossAttend  bool `json:"add_cross_attention"`
}

var plainGPT = gptFixed{ScaleScores: true}

// MarshalJSON returns config.json as Hugging Face reads it.
func (m GPT) MarshalJSON() ([]byte, error) {
	m = m.withDefaults()
	j := gptJSON{
		ModelType: "gpt2", Architectures: []string{"GPT2LMHeadModel"},
		Vocab: whole(m.Vocab), Context: whole(m.Context), Layers: whole(m.Layers), Heads: whole(m.Heads), Dim: whole(m.Dim),
		Activation: m.Activation, Eps: m.Eps, InitStd: m.InitStd,
		EmbedDropout: m.EmbedDropout, Dropout: m.Dropout, AttnDropout: m.AttnDropout,
		Tied: !m.Untied, BOS: m.BOS, EOS: m.EOS, gptFixed: plainGPT,
	}
	if m.Hidden != 0 {
		hidden := whole(m.Hidden)
		j.Hidden = &hidden
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads config.json. It is an error if the file is of another family or needs a variant that GPT does not support.
func (m *GPT) UnmarshalJSON(data []byte) error {
	j := gptJSON{
		Vocab: 50257, Context: 1024, Layers: 12, Heads: 12, Dim: 768, Activation: "gelu_new", Eps: 1e-5,
		InitStd: 0.02, EmbedDropout: 0.1, Dropout: 0.1, AttnDropout: 0.1, Tied: true, gptFixed: plainGPT,
	}
	if err := decode(data, "GPT", &j); err != nil {
		return err
	}
	if err := family("GPT", j.ModelType, "gpt2"); err != nil {
		return err
	}
	if j.gptFixed != plainGPT {
		return errors.Errorf("models: GPT configuration: scale_attn_weights, scale_attn_by_inverse_layer_idx, add_cross_attention are %v, want %v", j.gptFixed, plainGPT)
	}
	*m = GPT{
		Vocab: int(j.Vocab), Context: int(j.Context), Layers: int(j.Layers), Heads: int(j.Heads), Dim: int(j.Dim), Activation: j.Activation, Eps: j.Eps,
		InitStd: j.InitStd, EmbedDropout: j.EmbedDropout, Dropout: j.Dropout, AttnDropout: j.AttnDropout, Untied: !j.Tied,
		BOS: j.BOS, EOS: j.EOS,
	}
	if j.Hidden != nil {
		m.Hidden = int(*j.Hidden)
	}
	return m.Check()
}

func (m GPT) withDefaults() GPT {
	m.Activation, m.Eps, m.InitStd = cmp.Or(m.Activation, "gelu_new"), cmp.Or(m.Eps, layers.DefaultEps), cmp.Or(m.InitStd, 0.02)
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
	_, err = activation(m.withDefaults().Activation)
	return err
}

// Loss declares the model for training and evaluation on batches of b windows of t tokens. Inputs: "tokens" and "targets",
// int32 (b, t). The loss is the mean cross-entropy over the targets that are not -100. Output, except in training: "logits"
// (b, t, Vocab). In training the logits never exist all at once: see ops.LinearCrossEntropy.
func (m GPT) Loss(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, targets := s.Input("tokens", tensor.Int32, b, t), s.Input("targets", tensor.Int32, b, t)
		x, head := m.Forward(s, tokens, layers.Sequence{}) // (B, T, C), (V, C)
		if s.Training() {
			s.Minimize(s.Try(ops.LinearCrossEntropy(x, head, targets, 0)))
			return
		}
		logits := scores(s, x, head) // (B, T, V)
		s.Output("logits", logits)
		s.Minimize(s.Try(ops.CrossEntropy(logits, targets, 0)))
	}
}

// Logits declares the model for scoring whole windows. Input: "tokens", int32 (b, t). Output: "logits" (b, t, Vocab).
func (m GPT) Logits(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x, head := m.Forward(s, s.Input("tokens", tensor.Int32, b, t), layers.Sequence{})
		s.Output("logits", scores(s, x, head))
	}
}

// Decode declares the model for mode Decode: each run reads t tokens of each of b sequences, whose earlier keys and values are
// cached. Inputs, int32: "tokens" and "positions" (b, t); "past" (b); "last" (b), the row b·t+i of the token whose
// successor is predicted. Output: "logits" (b, Vocab).
func (m GPT) Decode(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, last := s.Input("tokens", tensor.Int32, b, t), s.Input("last", tensor.Int32, b)
		x, head := m.Forward(s, tokens, layers.DecodeInputs(s, b, t, m.Context))
		s.Output("logits", scores(s, pick(s, x, last), head))
	}
}

// scores returns the product of every vector with every row of the head: (…, C) and (V, C) → (…, V).
func scores(s *graph.Scope, x, head *G.Node) *G.Node {
	return s.Try(ops.Linear(x, head, nil, ops.LinearOptions{}))
}

// pick returns the rows of x, (B·T, C), with the given numbers: int32 (N) → (N, C).
func pick(s *graph.Scope, x, rows *G.Node) *G.Node {
	dims := s.Dims(x, 3)
	return s.Try(ops.Embedding(s.Try(ops.Reshape(x, dims[0]*dims[1], dims[2])), rows))
}

// Window returns the largest number of tokens in a sequence.
func (m GPT) Window() int { return m.Context }

// Forward declares everything below the logits: int32 (B, T) → (B, T, C), and the weight of the head, (Vocab, C).
func (m GPT) Forward(s *graph.Scope, tokens *G.Node, seq layers.Sequence) (x, head *G.Node) {
	if err := m.Check(); err != nil {
		s.Failf("%v", err)
	}
	m = m.withDefaults()
	act, _ := activation(m.Activation) // Check has validated it
	wte := layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: m.InitStd}
	table := wte.Weight(s.In("wte"))
	x = wte.Lookup(s.In("wte"), table, tokens) // (B, T, C)
	x = layers.LearnedPositions{Max: m.Context, Std: m.InitStd}.Forward(s.In("wpe"), x, seq)
	x = layers.Dropout{P: m.EmbedDropout}.Forward(s.In("drop"), x)
	block := layers.Block{
		Heads: m.Heads, Hidden: m.Hidden, Act: act, Eps: m.Eps, Dropout: m.Dropout, AttnDropout: m.AttnDropout,
		Std: m.InitStd, OutStd: m.InitStd / math.Sqrt(2*float64(max(m.Layers, 1))), // Radford et al. 2019, section 2.3
	}
	for _, at := range s.In("h").Parts(m.Layers) {
		x = block.Forward(at, x, seq)
	}
	x = layers.LayerNorm{Eps: m.Eps}.Forward(s.In("ln_f"), x)
	if m.Untied {
		table = layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: m.InitStd}.Weight(s.In("lm_head"))
	}
	return x, table
}
