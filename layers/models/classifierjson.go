package models

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// classifierType is the model_type of a Classifier. Hugging Face has no such family.
const classifierType = "encoder_classifier"

// classifierJSON is the content of a Classifier's config.json. The labels have the form of Hugging Face's classifiers.
type classifierJSON struct {
	ModelType      string  `json:"model_type"`
	Vocab          int     `json:"vocab_size"`
	Context        int     `json:"max_position_embeddings"`
	Layers         int     `json:"num_hidden_layers"`
	Heads          int     `json:"num_attention_heads"`
	Dim            int     `json:"hidden_size"`
	Hidden         int     `json:"intermediate_size"`
	NormFirst      bool    `json:"norm_first"`
	Positions      string  `json:"positions"`
	Pooling        string  `json:"pooling"`
	Activation     string  `json:"hidden_act"`
	Eps            float64 `json:"layer_norm_eps"`
	Std            float64 `json:"initializer_range"`
	TokenDropout   float64 `json:"token_dropout"`
	Dropout        float64 `json:"dropout"`
	LabelSmoothing float64 `json:"label_smoothing"`
	labelFields
}

// MarshalJSON returns config.json, with the labels as id2label and label2id.
func (m Classifier) MarshalJSON() ([]byte, error) {
	m = m.withDefaults()
	j := classifierJSON{
		ModelType: classifierType, Vocab: m.Vocab, Context: m.Context, Layers: m.Layers, Heads: m.Heads, Dim: m.Dim, Hidden: m.Hidden,
		NormFirst: m.NormFirst, Positions: m.Positions, Pooling: m.Pooling, Activation: m.Activation, Eps: m.Eps, Std: m.Std,
		TokenDropout: m.TokenDropout, Dropout: m.Dropout, LabelSmoothing: m.LabelSmoothing,
		labelFields: labelFieldsOf(m.Labels),
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads config.json. It is an error if model_type is not the Classifier's, or if id2label and label2id disagree.
func (m *Classifier) UnmarshalJSON(data []byte) error {
	var j classifierJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return errors.Wrap(err, "models: Classifier configuration")
	}
	if j.ModelType != classifierType {
		return errors.Errorf("models: Classifier configuration: model_type is %q, want %q", j.ModelType, classifierType)
	}
	labels, err := j.labels("Classifier")
	if err != nil {
		return err
	}
	*m = Classifier{
		Vocab: j.Vocab, Context: j.Context, Layers: j.Layers, Heads: j.Heads, Dim: j.Dim, Hidden: j.Hidden, Labels: labels,
		NormFirst: j.NormFirst, Positions: j.Positions, Pooling: j.Pooling, Activation: j.Activation, Eps: j.Eps, Std: j.Std,
		TokenDropout: j.TokenDropout, Dropout: j.Dropout, LabelSmoothing: j.LabelSmoothing,
	}
	return m.Check()
}
