package models

import (
	"cmp"
	"encoding/json"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/layers"
)

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

	// Our own keys: Hugging Face's GPT-2 has learned positions only.
	Positions   string  `json:"positions,omitempty"`
	Scale       bool    `json:"scale_embeddings,omitempty"`
	ALiBi       float64 `json:"alibi_bias_max,omitempty"`
	Buckets     whole   `json:"relative_attention_num_buckets,omitempty"`
	MaxDistance whole   `json:"relative_attention_max_distance,omitempty"`
	MaxRelative whole   `json:"max_relative_position,omitempty"`
	*gptRoPE
}

// gptRoPE keeps the keys of RoPE out of other files.
type gptRoPE struct{ ropeFields }

// gptFixed holds the fields of attention variants in GPT-2's config.json. GPT supports one value of each.
type gptFixed struct {
	ScaleScores  bool `json:"scale_attn_weights"`
	ScaleByLayer bool `json:"scale_attn_by_inverse_layer_idx"`
	CrossAttend  bool `json:"add_cross_attention"`
}

var plainGPT = gptFixed{ScaleScores: true}

// MarshalJSON returns config.json as Hugging Face reads it.
func (m GPT) MarshalJSON() ([]byte, error) {
	if err := m.checkFamily(); err != nil {
		return nil, err
	}
	m = m.withDefaults()
	switch m.Family {
	case "mpt":
		return json.Marshal(m.mpt())
	case "bloom":
		return json.Marshal(m.bloom())
	}
	j := gptJSON{
		ModelType: m.Family, Architectures: []string{gptFamilies[m.Family].architecture},
		Vocab: whole(m.Vocab), Context: whole(m.Context), Layers: whole(m.Layers), Heads: whole(m.Heads), Dim: whole(m.Dim),
		Activation: m.Activation, Eps: m.Eps, InitStd: m.InitStd,
		EmbedDropout: m.EmbedDropout, Dropout: m.Dropout, AttnDropout: m.AttnDropout,
		Tied: !m.Untied, BOS: m.BOS, EOS: m.EOS, gptFixed: plainGPT,
		Scale: m.Scale, ALiBi: m.Scheme.ALiBi.Max, Buckets: whole(m.Scheme.T5.Buckets), MaxDistance: whole(m.Scheme.T5.MaxDistance),
		MaxRelative: whole(m.Scheme.Shaw.Max),
	}
	if m.Hidden != 0 {
		hidden := whole(m.Hidden)
		j.Hidden = &hidden
	}
	if m.Positions != "learned" {
		j.Positions = m.Positions
	}
	if m.Positions == "rope" {
		j.gptRoPE = new(gptRoPE)
		j.gptRoPE.ropeFields, j.Context = ropeFieldsOf(m.Scheme.RoPE, m.Dim/max(m.Heads, 1), m.Context)
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads config.json. It is an error if the file is of another family or needs a variant that GPT does not support.
func (m *GPT) UnmarshalJSON(data []byte) error {
	var kind struct {
		ModelType string `json:"model_type"`
	}
	if err := decode(data, "GPT", &kind); err != nil {
		return err
	}
	var read GPT
	var err error
	switch kind.ModelType {
	case "mpt":
		read, err = readMPT(data)
	case "bloom":
		read, err = readBLOOM(data)
	default:
		read, err = readGPT2(data)
	}
	if err != nil {
		return err
	}
	*m = read
	return m.Check()
}

func readGPT2(data []byte) (m GPT, err error) {
	j := gptJSON{
		Vocab: 50257, Context: 1024, Layers: 12, Heads: 12, Dim: 768, Activation: "gelu_new", Eps: 1e-5,
		InitStd: 0.02, EmbedDropout: 0.1, Dropout: 0.1, AttnDropout: 0.1, Tied: true, gptFixed: plainGPT, gptRoPE: new(gptRoPE),
	}
	if err := decode(data, "GPT", &j); err != nil {
		return m, err
	}
	if err := family("GPT", j.ModelType, "gpt2"); err != nil {
		return m, err
	}
	if j.gptFixed != plainGPT {
		return m, errors.Errorf("models: GPT configuration: scale_attn_weights, scale_attn_by_inverse_layer_idx, add_cross_attention are %v, want %v", j.gptFixed, plainGPT)
	}
	m = GPT{
		Vocab: int(j.Vocab), Context: int(j.Context), Layers: int(j.Layers), Heads: int(j.Heads), Dim: int(j.Dim), Activation: j.Activation, Eps: j.Eps,
		InitStd: j.InitStd, EmbedDropout: j.EmbedDropout, Dropout: j.Dropout, AttnDropout: j.AttnDropout, Untied: !j.Tied,
		BOS: j.BOS, EOS: j.EOS, Positions: j.Positions, Scale: j.Scale,
	}
	if j.Hidden != nil {
		m.Hidden = int(*j.Hidden)
	}
	return m, j.scheme(&m)
}

// scheme reads the numbers of the positions.
func (j gptJSON) scheme(m *GPT) (err error) {
	switch m.Positions {
	case "alibi":
		m.Scheme.ALiBi.Max = j.ALiBi
	case "t5":
		m.Scheme.T5 = layers.T5Bias{Buckets: int(j.Buckets), MaxDistance: int(j.MaxDistance)}
	case "shaw":
		m.Scheme.Shaw.Max = int(j.MaxRelative)
	case "rope":
		if err = j.upgrade(); err == nil {
			m.Scheme.RoPE, err = j.read(m.Dim/max(m.Heads, 1), m.Context)
			m.Context = int(cmp.Or(j.Capacity, whole(m.Context)))
		}
	}
	return errors.WithMessage(err, "models: GPT configuration")
}
