package models

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// seq2seqJSON is the content of config.json.
type seq2seqJSON struct {
	ModelType string `json:"model_type"`
	seq2seqFixed
	EncoderLayers  whole   `json:"encoder_layers"`
	DecoderLayers  whole   `json:"decoder_layers"`
	Heads          whole   `json:"heads"`
	Dim            whole   `json:"d_model"`
	Hidden         whole   `json:"d_ff"`
	SourceVocab    whole   `json:"src_vocab_size"`
	TargetVocab    whole   `json:"tgt_vocab_size"`
	NormFirst      bool    `json:"norm_first"`
	Activation     string  `json:"activation"`
	LabelSmoothing float64 `json:"label_smoothing"`
	Eps            float64 `json:"layer_norm_eps"`
	Dropout        float64 `json:"dropout"`
	Source         whole   `json:"max_source_length"`
	Target         whole   `json:"max_target_length"`
	PAD            ids     `json:"pad_token_id"`
	BOS            ids     `json:"bos_token_id"`
	EOS            ids     `json:"eos_token_id"`
}

// seq2seqFixed holds the fields of config.json for which Seq2Seq supports a single value.
type seq2seqFixed struct {
	Positions string `json:"positions"`
	Scale     bool   `json:"scale_embeddings"`
	FinalNorm bool   `json:"final_norm"`
}

var plainSeq2Seq = seq2seqFixed{"sinusoidal", true, true}

// MarshalJSON returns config.json.
func (m Seq2Seq) MarshalJSON() ([]byte, error) {
	m = m.withDefaults()
	return json.Marshal(seq2seqJSON{
		ModelType: "transformer", seq2seqFixed: plainSeq2Seq,
		EncoderLayers: whole(m.EncoderLayers), DecoderLayers: whole(m.DecoderLayers), Heads: whole(m.Heads), Dim: whole(m.Dim), Hidden: whole(m.Hidden),
		SourceVocab: whole(m.SourceVocab), TargetVocab: whole(m.TargetVocab), NormFirst: m.NormFirst, Activation: m.Activation,
		LabelSmoothing: m.LabelSmoothing, Eps: m.Eps, Dropout: m.Dropout, Source: whole(m.Source), Target: whole(m.Target),
		PAD: m.PAD, BOS: m.BOS, EOS: m.EOS,
	})
}

// UnmarshalJSON reads config.json. It is an error if the file is of another family or needs a variant that Seq2Seq does not
// support.
func (m *Seq2Seq) UnmarshalJSON(data []byte) error {
	j := seq2seqJSON{seq2seqFixed: plainSeq2Seq}
	if err := decode(data, "Seq2Seq", &j); err != nil {
		return err
	}
	if err := family("Seq2Seq", j.ModelType, "transformer"); err != nil {
		return err
	}
	if j.seq2seqFixed != plainSeq2Seq {
		return errors.Errorf("models: Seq2Seq configuration: positions, scale_embeddings, final_norm are %v, want %v", j.seq2seqFixed, plainSeq2Seq)
	}
	*m = Seq2Seq{
		EncoderLayers: int(j.EncoderLayers), DecoderLayers: int(j.DecoderLayers), Heads: int(j.Heads), Dim: int(j.Dim), Hidden: int(j.Hidden),
		SourceVocab: int(j.SourceVocab), TargetVocab: int(j.TargetVocab), NormFirst: j.NormFirst, Activation: j.Activation,
		LabelSmoothing: j.LabelSmoothing, Eps: j.Eps, Dropout: j.Dropout, Source: int(j.Source), Target: int(j.Target),
		PAD: j.PAD, BOS: j.BOS, EOS: j.EOS,
	}
	return m.Check()
}
