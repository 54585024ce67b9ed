package models

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// vitJSON is the content of config.json. Missing fields have the defaults of Hugging Face's transformers.
type vitJSON struct {
	ModelType string `json:"model_type"`
	headFields
	Size        whole   `json:"image_size"`
	Patch       whole   `json:"patch_size"`
	Channels    whole   `json:"num_channels"`
	Layers      whole   `json:"num_hidden_layers"`
	Heads       whole   `json:"num_attention_heads"`
	Dim         whole   `json:"hidden_size"`
	Hidden      whole   `json:"intermediate_size"`
	Activation  string  `json:"hidden_act"`
	Eps         float64 `json:"layer_norm_eps"`
	QKVBias     bool    `json:"qkv_bias"`
	InitStd     float64 `json:"initializer_range"`
	Dropout     float64 `json:"hidden_dropout_prob"`
	AttnDropout float64 `json:"attention_probs_dropout_prob"`
	PreNorm     *bool   `json:"pre_norm,omitempty"` // our own key, for Layout torch
}

// vitHeads lists the architectures. A body of its own gets a head of two classes.
var vitHeads = map[string]string{"ViTForImageClassification": headClassifier, "ViTModel": headNone}

// MarshalJSON returns config.json. With Layout vit, Hugging Face reads it.
func (m ViT) MarshalJSON() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	m = m.withDefaults()
	j := vitJSON{
		ModelType: "vit", headFields: headFields{labelFields: labelFieldsOf(m.Labels)}, Size: whole(m.Size), Patch: whole(m.Patch), Channels: whole(m.Channels),
		Layers: whole(m.Layers), Heads: whole(m.Heads), Dim: whole(m.Dim), Hidden: whole(m.Hidden), Activation: m.Activation, Eps: m.Eps,
		QKVBias: !m.NoQKVBias, InitStd: m.InitStd, Dropout: m.Dropout, AttnDropout: m.AttnDropout,
	}
	if m.Layout == "torch" {
		j.PreNorm = set(true)
	} else {
		j.Architectures = architecture(vitHeads, headClassifier)
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads config.json. The key pre_norm, which must be true, selects Layout torch. It is an error if the file is of another
// family or needs a variant that ViT does not support.
func (m *ViT) UnmarshalJSON(data []byte) error {
	j := vitJSON{
		Size: 224, Patch: 16, Channels: 3, Layers: 12, Heads: 12, Dim: 768, Hidden: 3072, Activation: "gelu", Eps: 1e-12, QKVBias: true, InitStd: 0.02,
	}
	if err := decode(data, "ViT", &j); err != nil {
		return err
	}
	if err := family("ViT", j.ModelType, "vit"); err != nil {
		return err
	}
	read := ViT{
		Size: int(j.Size), Patch: int(j.Patch), Channels: int(j.Channels), Layers: int(j.Layers), Heads: int(j.Heads), Dim: int(j.Dim), Hidden: int(j.Hidden),
		Layout: "vit", Activation: j.Activation, Eps: j.Eps, NoQKVBias: !j.QKVBias, InitStd: j.InitStd, Dropout: j.Dropout, AttnDropout: j.AttnDropout,
	}
	if j.PreNorm != nil {
		if read.Layout = "torch"; !*j.PreNorm {
			return errors.New("models: ViT configuration: pre_norm is false, want true")
		}
	}
	if _, err := j.head("ViT", vitHeads, headClassifier); err != nil {
		return err
	}
	var err error
	if read.Labels, err = j.classes("ViT"); err == nil {
		err = read.Check()
	}
	if err != nil {
		return err
	}
	*m = read
	return nil
}
