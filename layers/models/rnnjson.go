package models

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// rnnJSON is the content of an RNN's config.json. Hugging Face has no such family; the keys are its usual ones.
type rnnJSON struct {
	ModelType     string  `json:"model_type"` // gru or lstm
	Vocab         whole   `json:"vocab_size"`
	Context       whole   `json:"context_length"`
	Layers        whole   `json:"num_layers"`
	Dim           whole   `json:"hidden_size"`
	Bidirectional bool    `json:"bidirectional"`
	Tied          bool    `json:"tie_word_embeddings"`
	Dropout       float64 `json:"dropout"`
	InitStd       float64 `json:"initializer_range"`
	BOS           ids     `json:"bos_token_id"`
	EOS           ids     `json:"eos_token_id"`
}

// MarshalJSON returns config.json.
func (m RNN) MarshalJSON() ([]byte, error) {
	m = m.withDefaults()
	j := rnnJSON{
		ModelType: "gru", Vocab: whole(m.Vocab), Context: whole(m.Context), Layers: whole(m.Layers), Dim: whole(m.Dim),
		Tied: !m.Untied, Dropout: m.Dropout, InitStd: m.InitStd, BOS: m.BOS, EOS: m.EOS,
	}
	if m.LSTM {
		j.ModelType = "lstm"
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads config.json. context_length may be missing, which means 1,024. It is an error if the file is of another
// family, or if the layers are bidirectional.
func (m *RNN) UnmarshalJSON(data []byte) error {
	j := rnnJSON{Context: 1024, Layers: 1, Tied: true, InitStd: 0.1}
	if err := decode(data, "RNN", &j); err != nil {
		return err
	}
	if j.ModelType != "gru" && j.ModelType != "lstm" {
		return errors.Errorf("models: RNN configuration: model_type is %q, want gru or lstm", j.ModelType)
	}
	if j.Bidirectional {
		return errors.New("models: RNN configuration: bidirectional is true, want false: a language model must not see later tokens")
	}
	*m = RNN{
		LSTM: j.ModelType == "lstm", Vocab: int(j.Vocab), Context: int(j.Context), Layers: int(j.Layers), Dim: int(j.Dim),
		Untied: !j.Tied, Dropout: j.Dropout, InitStd: j.InitStd, BOS: j.BOS, EOS: j.EOS,
	}
	return m.Check()
}

// Rename returns the parameter's path for a tensor's name in a file. It removes the parts that [Unwrap] removes.
func (m RNN) Rename(name string) string { return Unwrap(name) }

// Ignore reports whether a renamed tensor of a file is not a parameter of m: the head's second name if the head is tied.
func (m RNN) Ignore(path string) bool { return path == "decoder.weight" && !m.Untied }

// Tied returns the paths of a tied head and of its table, "" if the head has its own weights.
func (m RNN) Tied() (head, table string) {
	if m.Untied {
		return "", ""
	}
	return "decoder.weight", "encoder.weight"
}

func (m RNN) generating(g Generation) Model {
	m.BOS, m.EOS = g.ids(m.BOS, m.EOS)
	return m
}
