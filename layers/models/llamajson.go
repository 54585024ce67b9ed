package models

import (
	"cmp"
	"encoding/json"

	"github.com/pkg/errors"
)

// llamaJSON is the content of config.json. Missing fields have the family's defaults in Hugging Face's transformers.
type llamaJSON struct {
	ModelType     string   `json:"model_type"`
	Architectures []string `json:"architectures,omitempty"`
	Vocab         whole    `json:"vocab_size"`
	Context       whole    `json:"max_position_embeddings"`
	Layers        whole    `json:"num_hidden_layers"`
	Heads         whole    `json:"num_attention_heads"`
	KVHeads       *whole   `json:"num_key_value_heads"`
	HeadDim       *whole   `json:"head_dim,omitempty"`
	Dim           whole    `json:"hidden_size"`
	Hidden        whole    `json:"intermediate_size"`
	Eps           float64  `json:"rms_norm_eps"`
	InitStd       float64  `json:"initializer_range"`
	Activation    *string  `json:"hidden_act,omitempty"`
	GemmaAct      *string  `json:"hidden_activation,omitempty"`
	Bias          bool     `json:"attention_bias"`
	MLPBias       bool     `json:"mlp_bias,omitempty"`
	AttnDropout   float64  `json:"attention_dropout"`
	Dropout       float64  `json:"resid_pdrop,omitempty"` // our own key
	Tied          bool     `json:"tie_word_embeddings"`
	BOS           ids      `json:"bos_token_id"`
	EOS           ids      `json:"eos_token_id"`
	ropeFields
	slidingFields
	gemmaFields
}

// gemmaFields are the keys of Gemma 2 and 3.
type gemmaFields struct {
	QueryScalar  *float64 `json:"query_pre_attn_scalar,omitempty"`
	AttnSoftcap  *float64 `json:"attn_logit_softcapping,omitempty"`
	FinalSoftcap *float64 `json:"final_logit_softcapping,omitempty"`
}

func set[T any](v T) *T { return &v }

// llamaDefaults returns the values of missing keys.
func llamaDefaults(family string) llamaJSON {
	j := llamaJSON{Vocab: 32000, Context: 2048, Layers: 32, Heads: 32, Dim: 4096, Hidden: 11008, Eps: 1e-6, InitStd: 0.02}
	j.Theta = 10000
	switch family {
	case "mistral":
		j.Context, j.Hidden, j.KVHeads, j.Window = 4096*32, 14336, set[whole](8), set[whole](4096)
	case "qwen2", "qwen3":
		j.Vocab, j.Context, j.Hidden, j.Window, j.UseWindow, j.MaxFull = 151936, 32768, 22016, set[whole](4096), set(false), set[whole](28)
		if family == "qwen3" {
			j.HeadDim = set[whole](128)
		}
	case "gemma2", "gemma3_text":
		j.Vocab, j.Context, j.Layers, j.Heads, j.Dim, j.Hidden = 256000, 8192, 26, 8, 2304, 9216
		j.KVHeads, j.HeadDim, j.Window, j.Tied, j.QueryScalar = set[whole](4), set[whole](256), set[whole](4096), true, set(256.0)
		if family == "gemma2" {
			j.AttnSoftcap, j.FinalSoftcap = set(50.0), set(30.0)
		} else {
			j.Vocab, j.Context, j.Theta, j.LocalTheta = 262208, 131072, 1e6, 10000
		}
	}
	return j
}

// MarshalJSON returns config.json as Hugging Face reads it, in the spelling that all versions of transformers read.
func (m Llama) MarshalJSON() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	m = m.withDefaults()
	j := llamaJSON{
		ModelType: m.Family, Architectures: []string{llamaFamilies[m.Family].architecture}, Vocab: whole(m.Vocab), Layers: whole(m.Layers),
		Heads: whole(m.Heads), KVHeads: set(whole(m.KVHeads)), HeadDim: set(whole(m.HeadDim)), Dim: whole(m.Dim), Hidden: whole(m.Hidden),
		Eps: m.Eps, InitStd: m.InitStd, Activation: &m.Activation, Bias: m.Bias, MLPBias: m.MLPBias, AttnDropout: m.AttnDropout, Dropout: m.Dropout,
		Tied: !m.Untied, BOS: m.BOS, EOS: m.EOS,
	}
	j.ropeFields, j.Context = ropeFieldsOf(m.RoPE, m.HeadDim, m.Context)
	j.LocalTheta = m.LocalTheta
	j.slidingFields = m.slidingFields()
	if m.gemma() {
		j.GemmaAct = &m.Activation
		j.gemmaFields = gemmaFields{set(m.QueryScalar), &m.AttnSoftcap, &m.FinalSoftcap}
		return withNulls(j, map[string]bool{"attn_logit_softcapping": m.AttnSoftcap == 0, "final_logit_softcapping": m.FinalSoftcap == 0, "sliding_window": m.SlidingWindow == 0})
	}
	return withNulls(j, map[string]bool{"sliding_window": m.Family == "mistral" && m.SlidingWindow == 0})
}

// withNulls encodes j and sets the keys that are true in null to null, because a missing key would mean Hugging Face's default.
func withNulls(j llamaJSON, null map[string]bool) ([]byte, error) {
	data, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &keys); err != nil {
		return nil, err
	}
	for key, is := range null {
		if is {
			keys[key] = json.RawMessage("null")
		}
	}
	return json.Marshal(keys)
}

// UnmarshalJSON reads config.json. It is an error if the file is of another family or needs a variant that Llama does not support.
func (m *Llama) UnmarshalJSON(data []byte) error {
	var kind struct {
		ModelType string          `json:"model_type"`
		Text      json.RawMessage `json:"text_config"`
	}
	if err := decode(data, "Llama", &kind); err != nil {
		return err
	}
	if kind.ModelType == "gemma3" && len(kind.Text) > 0 { // a model of texts and pictures, of which Llama is the texts' part
		data, kind.ModelType = kind.Text, "gemma3_text"
	}
	if _, ok := llamaFamilies[kind.ModelType]; !ok {
		if kind.ModelType == "" {
			return family("Llama", "", "llama")
		}
		return errors.Errorf("models: Llama configuration: model_type is %q, want one of %s", kind.ModelType, names(llamaFamilies))
	}
	j := llamaDefaults(kind.ModelType)
	if err := decode(data, "Llama", &j); err != nil {
		return err
	}
	read, err := j.model(kind.ModelType)
	if err != nil {
		return errors.WithMessage(err, "models: Llama configuration")
	}
	if err := read.Check(); err != nil {
		return err
	}
	*m = read
	return nil
}

// or returns *p, or the default if p is nil.
func or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

func (j llamaJSON) model(family string) (m Llama, err error) {
	m = Llama{
		Family: family, Vocab: int(j.Vocab), Context: int(j.Context), Layers: int(j.Layers), Heads: int(j.Heads), KVHeads: int(or(j.KVHeads, j.Heads)),
		HeadDim: int(or(j.HeadDim, 0)), Dim: int(j.Dim), Hidden: int(j.Hidden), Eps: j.Eps, InitStd: j.InitStd, Bias: j.Bias, MLPBias: j.MLPBias,
		AttnDropout: j.AttnDropout, Dropout: j.Dropout, Untied: !j.Tied, BOS: j.BOS, EOS: j.EOS,
	}
	m.Activation = or(j.Activation, "")
	if m.gemma() { // hidden_act of old files is wrong: transformers ignores it
		m.Activation = or(j.GemmaAct, "")
		m.QueryScalar, m.AttnSoftcap, m.FinalSoftcap = or(j.QueryScalar, 0), or(j.AttnSoftcap, 0), or(j.FinalSoftcap, 0)
	}
	if err := j.upgrade(); err != nil {
		return m, err
	}
	d := m.HeadDim
	if d == 0 {
		d = m.Dim / max(m.Heads, 1)
	}
	if m.RoPE, err = j.ropeFields.read(d, m.Context); err != nil {
		return m, err
	}
	m.Context = int(cmp.Or(j.Capacity, whole(m.Context)))
	if family == "gemma3_text" {
		m.LocalTheta = j.LocalTheta
	}
	return m, j.sliding(&m)
}
