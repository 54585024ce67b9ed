package models

import (
	"cmp"

	"github.com/pkg/errors"
)

// mptJSON is the config.json of MPT (MosaicML 2023). Missing fields have Hugging Face's defaults.
type mptJSON struct {
	ModelType     string       `json:"model_type"`
	Architectures []string     `json:"architectures,omitempty"`
	Vocab         whole        `json:"vocab_size"`
	Context       whole        `json:"max_seq_len"`
	Layers        whole        `json:"n_layers"`
	Heads         whole        `json:"n_heads"`
	Dim           whole        `json:"d_model"`
	Expansion     whole        `json:"expansion_ratio"`
	NoBias        bool         `json:"no_bias"`
	Eps           float64      `json:"layer_norm_epsilon"`
	InitStd       float64      `json:"initializer_range"`
	EmbedDropout  float64      `json:"emb_pdrop"`
	Dropout       float64      `json:"resid_pdrop"`
	Tied          bool         `json:"tie_word_embeddings"`
	LogitScale    any          `json:"logit_scale"`
	Attention     mptAttention `json:"attn_config"`
	BOS           ids          `json:"bos_token_id"`
	EOS           ids          `json:"eos_token_id"`
}

type mptAttention struct {
	ALiBi   bool     `json:"alibi"`
	Max     float64  `json:"alibi_bias_max"`
	Kind    string   `json:"attn_type"`
	Norm    bool     `json:"qk_ln"`
	Clip    *float64 `json:"clip_qkv"`
	Scale   *float64 `json:"softmax_scale"`
	Prefix  bool     `json:"prefix_lm"`
	Dropout float64  `json:"attn_pdrop"`
}

// mpt returns the configuration of a model with defaults.
func (m GPT) mpt() mptJSON {
	expansion := 4
	if m.Hidden != 0 {
		expansion = m.Hidden / m.Dim
	}
	return mptJSON{
		ModelType: m.Family, Architectures: []string{gptFamilies[m.Family].architecture},
		Vocab: whole(m.Vocab), Context: whole(m.Context), Layers: whole(m.Layers), Heads: whole(m.Heads), Dim: whole(m.Dim), Expansion: whole(expansion),
		NoBias: m.NoBias, Eps: m.Eps, InitStd: m.InitStd, EmbedDropout: m.EmbedDropout, Dropout: m.Dropout, Tied: !m.Untied,
		Attention: mptAttention{ALiBi: true, Max: m.Scheme.ALiBi.Max, Kind: "multihead_attention", Dropout: m.AttnDropout},
		BOS:       m.BOS, EOS: m.EOS,
	}
}

func readMPT(data []byte) (m GPT, err error) {
	j := mptJSON{
		Vocab: 50368, Context: 2048, Layers: 24, Heads: 16, Dim: 2048, Expansion: 4, NoBias: true, Eps: 1e-5, InitStd: 0.02, Tied: true,
		Attention: mptAttention{ALiBi: true, Max: 8, Kind: "multihead_attention"},
	}
	if err := decode(data, "GPT", &j); err != nil {
		return m, err
	}
	a := j.Attention
	if !a.ALiBi || a.Norm || a.Clip != nil || a.Scale != nil || a.Prefix || a.Kind != "multihead_attention" || j.LogitScale != nil {
		return m, errors.Errorf("models: GPT configuration: mpt: attn_config is %+v and logit_scale %v, want alibi, multihead_attention and none of qk_ln, clip_qkv, softmax_scale, prefix_lm, logit_scale", a, j.LogitScale)
	}
	m = GPT{
		Family: "mpt", Vocab: int(j.Vocab), Context: int(j.Context), Layers: int(j.Layers), Heads: int(j.Heads), Dim: int(j.Dim),
		Positions: "alibi", Activation: "gelu", Eps: j.Eps, NoBias: j.NoBias, InitStd: j.InitStd,
		EmbedDropout: j.EmbedDropout, Dropout: j.Dropout, AttnDropout: a.Dropout, Untied: !j.Tied, BOS: j.BOS, EOS: j.EOS,
	}
	m.Scheme.ALiBi.Max = a.Max
	if j.Expansion != 4 {
		m.Hidden = int(j.Expansion) * int(j.Dim)
	}
	return m, nil
}

// bloomJSON is the config.json of BLOOM (BigScience Workshop 2022, arXiv 2211.05100). Missing fields have Hugging Face's defaults.
type bloomJSON struct {
	ModelType     string   `json:"model_type"`
	Architectures []string `json:"architectures,omitempty"`
	Vocab         whole    `json:"vocab_size"`
	Context       whole    `json:"seq_length"`
	Layers        whole    `json:"n_layer"`
	OldLayers     whole    `json:"num_hidden_layers,omitempty"`
	Heads         whole    `json:"n_head"`
	OldHeads      whole    `json:"num_attention_heads,omitempty"`
	Dim           whole    `json:"hidden_size"`
	OldDim        whole    `json:"n_embed,omitempty"`
	Eps           float64  `json:"layer_norm_epsilon"`
	InitStd       float64  `json:"initializer_range"`
	Dropout       float64  `json:"hidden_dropout"`
	AttnDropout   float64  `json:"attention_dropout"`
	AfterNorm     bool     `json:"apply_residual_connection_post_layernorm"`
	Tied          bool     `json:"tie_word_embeddings"`
	BOS           ids      `json:"bos_token_id"`
	EOS           ids      `json:"eos_token_id"`
}

// bloom returns the configuration of a model with defaults.
func (m GPT) bloom() bloomJSON {
	return bloomJSON{
		ModelType: m.Family, Architectures: []string{gptFamilies[m.Family].architecture},
		Vocab: whole(m.Vocab), Context: whole(m.Context), Layers: whole(m.Layers), Heads: whole(m.Heads), Dim: whole(m.Dim),
		Eps: m.Eps, InitStd: m.InitStd, Dropout: m.Dropout, AttnDropout: m.AttnDropout, Tied: !m.Untied, BOS: m.BOS, EOS: m.EOS,
	}
}

func readBLOOM(data []byte) (m GPT, err error) {
	j := bloomJSON{Vocab: 250880, Context: 2048, Eps: 1e-5, InitStd: 0.02, Tied: true}
	if err := decode(data, "GPT", &j); err != nil {
		return m, err
	}
	if j.AfterNorm {
		return m, errors.New("models: GPT configuration: bloom: apply_residual_connection_post_layernorm is true, want false")
	}
	m = GPT{
		Family: "bloom", Vocab: int(j.Vocab), Context: int(j.Context), Layers: int(cmp.Or(j.Layers, j.OldLayers, 2)), Heads: int(cmp.Or(j.Heads, j.OldHeads, 8)),
		Dim: int(cmp.Or(j.Dim, j.OldDim, 64)), Positions: "alibi", Activation: "gelu_new", Eps: j.Eps, InitStd: j.InitStd,
		Dropout: j.Dropout, AttnDropout: j.AttnDropout, Untied: !j.Tied, BOS: j.BOS, EOS: j.EOS,
	}
	m.Scheme.ALiBi.Max = 8
	return m, nil
}
