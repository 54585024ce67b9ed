package models

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// sasrecJSON is the content of config.json. The keys are the options of the implementation in PyTorch, which has no config.json.
type sasrecJSON struct {
	ModelType string  `json:"model_type"`
	Layout    string  `json:"layout"`
	Layers    whole   `json:"num_blocks"`
	Heads     whole   `json:"num_heads"`
	Dim       whole   `json:"hidden_units"`
	Items     whole   `json:"item_num"`
	Context   whole   `json:"maxlen"`
	Eps       float64 `json:"layer_norm_eps"`
	NormFirst *bool   `json:"norm_first"`
	Masked    bool    `json:"mask_padding"`
	Dropout   float64 `json:"dropout_rate"`
	InitStd   float64 `json:"initializer_range"`
	PAD       whole   `json:"pad_token_id"`
}

// The layouts of SASRec.
const (
	sasrecPostNorm = "pmixer"
	sasrecPreNorm  = "pmixer-norm-first"
)

// MarshalJSON returns config.json.
func (m SASRec) MarshalJSON() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	m = m.withDefaults()
	layout := sasrecPostNorm
	if m.NormFirst {
		layout = sasrecPreNorm
	}
	return json.Marshal(sasrecJSON{
		ModelType: "sasrec", Layout: layout, Layers: whole(m.Layers), Heads: whole(m.Heads), Dim: whole(m.Dim), Items: whole(m.Items),
		Context: whole(m.Context), Eps: m.Eps, NormFirst: &m.NormFirst, Masked: m.Masked, Dropout: m.Dropout, InitStd: m.InitStd,
	})
}

// UnmarshalJSON reads config.json. It is an error if the file is of another family or needs a variant that SASRec does not support.
func (m *SASRec) UnmarshalJSON(data []byte) error {
	j := sasrecJSON{Layout: sasrecPostNorm, Heads: 1}
	if err := decode(data, "SASRec", &j); err != nil {
		return err
	}
	if err := family("SASRec", j.ModelType, "sasrec"); err != nil {
		return err
	}
	first := j.Layout == sasrecPreNorm
	switch {
	case !first && j.Layout != sasrecPostNorm:
		return errors.Errorf("models: SASRec configuration: layout is %q, want %q or %q", j.Layout, sasrecPostNorm, sasrecPreNorm)
	case or(j.NormFirst, first) != first:
		return errors.Errorf("models: SASRec configuration: norm_first is %t but layout is %q: make them agree", *j.NormFirst, j.Layout)
	case j.PAD != 0:
		return errors.Errorf("models: SASRec configuration: pad_token_id is %d, want 0", j.PAD)
	}
	read := SASRec{
		Items: int(j.Items), Context: int(j.Context), Layers: int(j.Layers), Heads: int(j.Heads), Dim: int(j.Dim), NormFirst: first, Masked: j.Masked, Eps: j.Eps,
		Dropout: j.Dropout, InitStd: j.InitStd,
	}
	if err := read.Check(); err != nil {
		return err
	}
	*m = read
	return nil
}

// Rename is [Unwrap].
func (m SASRec) Rename(name string) string { return Unwrap(name) }

// Ignore returns false: every tensor of a file is a parameter.
func (m SASRec) Ignore(string) bool { return false }

// Tied returns no paths: the table of embeddings scores the items, and files have no other name for it.
func (m SASRec) Tied() (head, table string) { return "", "" }
