package models

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// bertJSON is the content of config.json. Missing fields have the family's defaults in Hugging Face's transformers.
type bertJSON struct {
	ModelType string `json:"model_type"`
	headFields
	bertFixed
	Vocab       whole    `json:"vocab_size"`
	Positions   whole    `json:"max_position_embeddings"`
	Layers      whole    `json:"num_hidden_layers"`
	Heads       whole    `json:"num_attention_heads"`
	Dim         whole    `json:"hidden_size"`
	Hidden      whole    `json:"intermediate_size"`
	Types       whole    `json:"type_vocab_size"`
	Activation  string   `json:"hidden_act"`
	Eps         float64  `json:"layer_norm_eps"`
	InitStd     float64  `json:"initializer_range"`
	Dropout     float64  `json:"hidden_dropout_prob"`
	AttnDropout float64  `json:"attention_probs_dropout_prob"`
	HeadDropout *float64 `json:"classifier_dropout"`
	Tied        bool     `json:"tie_word_embeddings"`
	Pooling     string   `json:"pooling,omitempty"`         // our own key
	Smoothing   float64  `json:"label_smoothing,omitempty"` // our own key
	PAD         ids      `json:"pad_token_id"`
	BOS         ids      `json:"bos_token_id"`
	EOS         ids      `json:"eos_token_id"`
}

// bertFixed holds the fields of config.json for which BERT supports a single value.
type bertFixed struct {
	Kind    string `json:"position_embedding_type"`
	Decoder bool   `json:"is_decoder"`
	Cross   bool   `json:"add_cross_attention"`
}

var plainBERT = bertFixed{Kind: "absolute"}

// MarshalJSON returns config.json as Hugging Face reads it.
func (m BERT) MarshalJSON() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	m = m.withDefaults()
	j := bertJSON{
		ModelType: m.Family, headFields: headFields{Architectures: architecture(bertFamilies[m.Family].heads, m.Head)}, bertFixed: plainBERT,
		Vocab: whole(m.Vocab), Positions: whole(m.positions()), Layers: whole(m.Layers), Heads: whole(m.Heads), Dim: whole(m.Dim), Hidden: whole(m.Hidden),
		Types: whole(m.Types), Activation: m.Activation, Eps: m.Eps, InitStd: m.InitStd, Dropout: m.Dropout, AttnDropout: m.AttnDropout,
		HeadDropout: &m.HeadDropout, Smoothing: m.LabelSmoothing, Tied: !m.Untied, PAD: m.PAD, BOS: m.BOS, EOS: m.EOS,
	}
	if m.Head == headClassifier {
		j.labelFields = labelFieldsOf(m.Labels)
	}
	if m.Pooling != "mean" {
		j.Pooling = m.Pooling
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads config.json. The first of architectures selects Head; without one it is mlm. It is an error if the file is of
// another family or needs a variant that BERT does not support.
func (m *BERT) UnmarshalJSON(data []byte) error {
	j := bertJSON{
		bertFixed: plainBERT, Vocab: 30522, Positions: 512, Layers: 12, Heads: 12, Dim: 768, Hidden: 3072, Types: 2, Activation: "gelu", Eps: 1e-12,
		InitStd: 0.02, Dropout: 0.1, AttnDropout: 0.1, Tied: true, PAD: ids{0},
	}
	var kind struct {
		ModelType string `json:"model_type"`
	}
	if err := decode(data, "BERT", &kind); err != nil {
		return err
	}
	f, ok := bertFamilies[kind.ModelType]
	if !ok {
		if kind.ModelType == "" {
			return family("BERT", "", "bert")
		}
		return errors.Errorf("models: BERT configuration: model_type is %q, want one of %s", kind.ModelType, names(bertFamilies))
	}
	if kind.ModelType == "roberta" {
		j.Vocab, j.PAD, j.BOS, j.EOS = 50265, ids{1}, ids{0}, ids{2}
	}
	if err := decode(data, "BERT", &j); err != nil {
		return err
	}
	if j.bertFixed != plainBERT {
		return errors.Errorf("models: BERT configuration: position_embedding_type, is_decoder, add_cross_attention are %v, want %v", j.bertFixed, plainBERT)
	}
	read, err := j.model(f)
	if err == nil {
		err = read.Check()
	}
	if err != nil {
		return err
	}
	*m = read
	return nil
}

func (j bertJSON) model(f bertFamily) (m BERT, err error) {
	m = BERT{
		Family: j.ModelType, Pooling: j.Pooling, Vocab: int(j.Vocab), Context: int(j.Positions), Layers: int(j.Layers), Heads: int(j.Heads), Dim: int(j.Dim),
		Hidden: int(j.Hidden), Types: int(j.Types), Activation: j.Activation, Eps: j.Eps, InitStd: j.InitStd, Untied: !j.Tied,
		Dropout: j.Dropout, AttnDropout: j.AttnDropout, HeadDropout: or(j.HeadDropout, j.Dropout),
		LabelSmoothing: j.Smoothing, PAD: j.PAD, BOS: j.BOS, EOS: j.EOS,
	}
	if j.Types < 1 {
		return m, errors.Errorf("models: BERT configuration: type_vocab_size is %d, want at least 1", j.Types)
	}
	if m.Family == "roberta" && len(m.PAD) == 1 {
		m.Context -= int(m.PAD[0]) + 1
	}
	if m.Family == "roberta" && len(m.PAD) == 0 {
		return m, errors.New("models: BERT configuration: roberta: pad_token_id is null, want an id: positions are counted from it")
	}
	if m.Head, err = j.head("BERT", f.heads, headMLM); err != nil || m.Head != headClassifier {
		return m, err
	}
	m.Labels, err = j.classes("BERT")
	return m, err
}
