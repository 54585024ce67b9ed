package models

import (
	"encoding/json"
	"strings"

	"github.com/pkg/errors"
)

// modernBERTJSON is the content of config.json. Missing fields have the defaults of Hugging Face's transformers.
type modernBERTJSON struct {
	ModelType string `json:"model_type"`
	headFields
	Vocab          whole           `json:"vocab_size"`
	Context        whole           `json:"max_position_embeddings"`
	Layers         whole           `json:"num_hidden_layers"`
	Heads          whole           `json:"num_attention_heads"`
	Dim            whole           `json:"hidden_size"`
	Hidden         whole           `json:"intermediate_size"`
	GlobalEvery    *whole          `json:"global_attn_every_n_layers"`
	Types          []string        `json:"layer_types,omitempty"` // of transformers 5
	Local          whole           `json:"local_attention"`
	Theta          float64         `json:"global_rope_theta"`
	LocalTheta     *float64        `json:"local_rope_theta"`
	RoPE           json.RawMessage `json:"rope_parameters,omitempty"` // of transformers 5
	Activation     string          `json:"hidden_activation"`
	HeadActivation string          `json:"classifier_activation"`
	Eps            float64         `json:"norm_eps"`
	AttnBias       bool            `json:"attention_bias"`
	MLPBias        bool            `json:"mlp_bias"`
	NormBias       bool            `json:"norm_bias"`
	HeadBias       bool            `json:"classifier_bias"`
	DecoderBias    bool            `json:"decoder_bias"`
	Tied           bool            `json:"tie_word_embeddings"`
	InitStd        float64         `json:"initializer_range"`
	EmbedDropout   float64         `json:"embedding_dropout"`
	AttnDropout    float64         `json:"attention_dropout"`
	MLPDropout     float64         `json:"mlp_dropout"`
	HeadDropout    float64         `json:"classifier_dropout"`
	Pooling        string          `json:"classifier_pooling"`
	Smoothing      float64         `json:"label_smoothing,omitempty"` // our own key
	PAD            ids             `json:"pad_token_id"`
	BOS            ids             `json:"bos_token_id"`
	EOS            ids             `json:"eos_token_id"`
}

var modernBERTHeads = map[string]string{
	"ModernBertForMaskedLM": headMLM, "ModernBertForSequenceClassification": headClassifier, "ModernBertModel": headNone,
}

// MarshalJSON returns config.json as Hugging Face reads it.
func (m ModernBERT) MarshalJSON() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	m = m.withDefaults()
	j := modernBERTJSON{
		ModelType: "modernbert", headFields: headFields{Architectures: architecture(modernBERTHeads, m.Head)},
		Vocab: whole(m.Vocab), Context: whole(m.Context), Layers: whole(m.Layers), Heads: whole(m.Heads), Dim: whole(m.Dim), Hidden: whole(m.Hidden),
		GlobalEvery: set(whole(m.GlobalEvery)), Local: whole(m.Local), Theta: m.Theta, LocalTheta: &m.LocalTheta,
		Activation: m.Activation, HeadActivation: m.HeadActivation, Eps: m.Eps, AttnBias: m.AttnBias, MLPBias: m.MLPBias, NormBias: m.NormBias,
		HeadBias: m.HeadBias, DecoderBias: !m.NoDecoderBias, Tied: !m.Untied, InitStd: m.InitStd, EmbedDropout: m.EmbedDropout,
		AttnDropout: m.AttnDropout, MLPDropout: m.MLPDropout, HeadDropout: m.HeadDropout, Pooling: m.Pooling, Smoothing: m.LabelSmoothing, PAD: m.PAD, BOS: m.BOS, EOS: m.EOS,
	}
	if m.Head == headClassifier {
		j.labelFields = labelFieldsOf(m.Labels)
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads config.json. The first of architectures selects Head; without one it is mlm. It is an error if the file is of
// another family or needs a variant that ModernBERT does not support.
func (m *ModernBERT) UnmarshalJSON(data []byte) error {
	j := modernBERTJSON{
		Vocab: 50368, Context: 8192, Layers: 22, Heads: 12, Dim: 768, Hidden: 1152, Local: 128, Theta: 160000,
		LocalTheta: set(10000.0), Activation: "gelu", HeadActivation: "gelu", Eps: 1e-5, DecoderBias: true, Tied: true, InitStd: 0.02, Pooling: "cls",
		PAD: ids{50283}, BOS: ids{50281}, EOS: ids{50282},
	}
	if err := decode(data, "ModernBERT", &j); err != nil {
		return err
	}
	if err := family("ModernBERT", j.ModelType, "modernbert"); err != nil {
		return err
	}
	read, err := j.model()
	if err == nil {
		err = read.Check()
	}
	if err != nil {
		return err
	}
	*m = read
	return nil
}

func (j modernBERTJSON) model() (m ModernBERT, err error) {
	m = ModernBERT{
		Vocab: int(j.Vocab), Context: int(j.Context), Layers: int(j.Layers), Heads: int(j.Heads), Dim: int(j.Dim), Hidden: int(j.Hidden), Pooling: j.Pooling,
		Local: int(j.Local), Theta: j.Theta, LocalTheta: or(j.LocalTheta, j.Theta), Activation: j.Activation, HeadActivation: j.HeadActivation, Eps: j.Eps,
		AttnBias: j.AttnBias, MLPBias: j.MLPBias, NormBias: j.NormBias, HeadBias: j.HeadBias, NoDecoderBias: !j.DecoderBias, Untied: !j.Tied,
		InitStd: j.InitStd, EmbedDropout: j.EmbedDropout, AttnDropout: j.AttnDropout, MLPDropout: j.MLPDropout, HeadDropout: j.HeadDropout,
		LabelSmoothing: j.Smoothing, PAD: j.PAD, BOS: j.BOS, EOS: j.EOS,
	}
	if j.Local < 1 {
		return m, errors.Errorf("models: ModernBERT configuration: local_attention is %d, want at least 1", j.Local)
	}
	rope := ropeFields{Theta: m.Theta, LocalTheta: m.LocalTheta, Parameters: j.RoPE}
	if err := rope.upgrade(); err != nil {
		return m, errors.WithMessage(err, "models: ModernBERT configuration")
	}
	if rope.Scaling != nil {
		if r, err := rope.read(m.Dim/max(m.Heads, 1), m.Context); err != nil || r.Scaling.Kind != 0 || r.Dim != 0 {
			return m, errors.Errorf("models: ModernBERT configuration: rope_parameters is %.200s, want rope_type default for all channels", j.RoPE)
		}
	}
	m.Theta, m.LocalTheta = rope.Theta, rope.LocalTheta
	if m.GlobalEvery, err = j.globalEvery(); err != nil {
		return m, err
	}
	if m.Head, err = j.head("ModernBERT", modernBERTHeads, headMLM); err != nil || m.Head != headClassifier {
		return m, err
	}
	m.Labels, err = j.classes("ModernBERT")
	return m, err
}

// globalEvery returns global_attn_every_n_layers, or the number that gives layer_types.
func (j modernBERTJSON) globalEvery() (int, error) {
	every := 3
	if j.GlobalEvery != nil {
		if every = int(*j.GlobalEvery); every < 1 {
			return 0, errors.Errorf("models: ModernBERT configuration: global_attn_every_n_layers is %d, want at least 1", every)
		}
	}
	if j.Types == nil {
		return every, nil
	}
	if len(j.Types) != int(j.Layers) {
		return 0, errors.Errorf("models: ModernBERT configuration: layer_types has %d layers, num_hidden_layers is %d", len(j.Types), j.Layers)
	}
	if every = len(j.Types); every > 1 {
		for i, name := range j.Types[1:] {
			if name == "full_attention" {
				every = i + 1
				break
			}
		}
	}
	for i, name := range j.Types {
		want := "sliding_attention"
		if i%every == 0 {
			want = "full_attention"
		}
		if name != want {
			return 0, errors.Errorf("models: ModernBERT configuration: layer_types[%d] is %q, want %q: every %d layers one sees all tokens", i, name, want, every)
		}
	}
	return every, nil
}

// Rename returns the parameter's path for a tensor's name in a file. It adds the prefix "model." to the names of files without a head,
// and removes the parts that [Unwrap] removes. With [ModernBERT.Ignore] it loads published weights, as [GPT.Rename] does.
func (m ModernBERT) Rename(name string) string {
	name = Unwrap(name)
	for _, part := range []string{"embeddings.", "layers.", "final_norm."} {
		if strings.HasPrefix(name, part) {
			return "model." + name
		}
	}
	return name
}

// Ignore reports whether a renamed tensor of a file is not a parameter of m: a head that m does not have, or the head's second name if it
// is tied.
func (m ModernBERT) Ignore(path string) bool {
	m = m.withDefaults()
	switch {
	case strings.HasPrefix(path, "head."):
		return m.Head == headNone
	case strings.HasPrefix(path, "classifier."):
		return m.Head != headClassifier
	case path == "decoder.weight":
		return m.Head != headMLM || !m.Untied
	}
	return path == "decoder.bias" && m.Head != headMLM
}

// Tied returns the paths of the head and of the table of embeddings that replaces it. The head is "" if it has its own weights or does
// not predict tokens.
func (m ModernBERT) Tied() (head, table string) {
	if m = m.withDefaults(); m.Untied || m.Head != headMLM {
		return "", ""
	}
	return "decoder.weight", "model.embeddings.tok_embeddings.weight"
}
