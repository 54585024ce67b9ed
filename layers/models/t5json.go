package models

import (
	"encoding/json"
	"regexp"

	"github.com/pkg/errors"
)

// t5JSON is the content of config.json. Missing fields have the defaults of Hugging Face's T5Config.
type t5JSON struct {
	ModelType      string   `json:"model_type"`
	Architectures  []string `json:"architectures,omitempty"`
	Vocab          whole    `json:"vocab_size"`
	EncoderLayers  whole    `json:"num_layers"`
	DecoderLayers  *whole   `json:"num_decoder_layers"`
	Heads          whole    `json:"num_heads"`
	HeadDim        whole    `json:"d_kv"`
	Dim            whole    `json:"d_model"`
	Hidden         whole    `json:"d_ff"`
	FeedForward    string   `json:"feed_forward_proj"`
	Buckets        whole    `json:"relative_attention_num_buckets"`
	MaxDistance    whole    `json:"relative_attention_max_distance"`
	Eps            float64  `json:"layer_norm_epsilon"`
	Dropout        float64  `json:"dropout_rate"`
	InitFactor     float64  `json:"initializer_factor"`
	Tied           bool     `json:"tie_word_embeddings"`
	Scaled         *bool    `json:"scale_decoder_outputs"` // of new files; in others it is Tied
	EncoderDecoder bool     `json:"is_encoder_decoder"`
	Positions      whole    `json:"n_positions,omitempty"` // of old files
	Source         *whole   `json:"max_source_length"`     // our own keys
	Target         *whole   `json:"max_target_length"`
	Smoothing      float64  `json:"label_smoothing,omitempty"`
	PAD            ids      `json:"pad_token_id"`
	BOS            *ids     `json:"decoder_start_token_id"`
	EOS            ids      `json:"eos_token_id"`
}

// MarshalJSON returns config.json as Hugging Face reads it.
func (m T5) MarshalJSON() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	m = m.withDefaults()
	return json.Marshal(t5JSON{
		ModelType: "t5", Architectures: []string{"T5ForConditionalGeneration"}, Vocab: whole(m.Vocab), EncoderLayers: whole(m.EncoderLayers),
		DecoderLayers: set(whole(m.DecoderLayers)), Heads: whole(m.Heads), HeadDim: whole(m.HeadDim), Dim: whole(m.Dim), Hidden: whole(m.Hidden),
		FeedForward: m.FeedForward, Buckets: whole(m.Buckets), MaxDistance: whole(m.MaxDistance), Eps: m.Eps, Dropout: m.Dropout,
		InitFactor: m.InitFactor, Tied: !m.Untied, Scaled: set(!m.Untied && !m.Unscaled), EncoderDecoder: true,
		Source: set(whole(m.Source)), Target: set(whole(m.Target)), Smoothing: m.LabelSmoothing, PAD: m.PAD, BOS: set(ids(m.BOS)), EOS: m.EOS,
	})
}

// UnmarshalJSON reads config.json. It is an error if the file is of another family or needs a variant that T5 does not support. Without
// our own keys max_source_length and max_target_length, both lengths are n_positions, or 512.
func (m *T5) UnmarshalJSON(data []byte) error {
	j := t5JSON{
		Vocab: 32128, EncoderLayers: 6, Heads: 8, HeadDim: 64, Dim: 512, Hidden: 2048, FeedForward: "relu", Buckets: 32, MaxDistance: 128,
		Eps: 1e-6, Dropout: 0.1, InitFactor: 1, Tied: true, EncoderDecoder: true, Positions: 512, PAD: ids{0}, EOS: ids{1},
	}
	if err := decode(data, "T5", &j); err != nil {
		return err
	}
	if err := family("T5", j.ModelType, "t5"); err != nil {
		return err
	}
	if !j.EncoderDecoder {
		return errors.New("models: T5 configuration: is_encoder_decoder is false, want true: an encoder alone is not supported")
	}
	if or(j.DecoderLayers, 1) < 1 {
		return errors.Errorf("models: T5 configuration: num_decoder_layers is %d, want at least 1, or null for num_layers", *j.DecoderLayers)
	}
	scaled := or(j.Scaled, j.Tied)
	if scaled && !j.Tied {
		return errors.New("models: T5 configuration: scale_decoder_outputs is true but tie_word_embeddings is false: want a scale only of a tied head")
	}
	read := T5{
		Vocab: int(j.Vocab), EncoderLayers: int(j.EncoderLayers), DecoderLayers: int(or(j.DecoderLayers, j.EncoderLayers)), Heads: int(j.Heads), HeadDim: int(j.HeadDim),
		Dim: int(j.Dim), Hidden: int(j.Hidden), FeedForward: j.FeedForward, Buckets: int(j.Buckets), MaxDistance: int(j.MaxDistance),
		Untied: !j.Tied, Unscaled: j.Tied && !scaled, Eps: j.Eps, Dropout: j.Dropout, LabelSmoothing: j.Smoothing, InitFactor: j.InitFactor,
		Source: int(or(j.Source, j.Positions)), Target: int(or(j.Target, j.Positions)),
		PAD: j.PAD, BOS: or(j.BOS, j.PAD), EOS: j.EOS,
	}
	if err := read.Check(); err != nil {
		return err
	}
	*m = read
	return nil
}

var t5Copies = regexp.MustCompile(`^((en|de)coder\.embed_tokens\.weight|decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight)$`)

// Rename is [Unwrap].
func (m T5) Rename(name string) string { return Unwrap(name) }

// Ignore reports whether a renamed tensor of a file is not a parameter of m: a second name of the table of embeddings, a bias of the
// attention to the encoder, which old files hold and nothing reads, or the head's second name if the head is tied.
func (m T5) Ignore(path string) bool {
	return t5Copies.MatchString(path) || path == headPath && !m.Untied
}

// Tied returns the paths of the head and of the table of embeddings that replaces it. The head is "" if it has its own weights.
func (m T5) Tied() (head, table string) {
	if m.Untied {
		return "", ""
	}
	return headPath, "shared.weight"
}

func (m T5) generating(g Generation) Model { // T5's texts begin with decoder_start_token_id
	_, m.EOS = g.ids(m.BOS, m.EOS)
	return m
}
