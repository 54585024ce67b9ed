package folder

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/layers/models"
)

// Model is a causal language model, with the numbers that programs need.
type Model struct {
	models.LanguageModel
	Family                             string  // model_type of config.json; rnn for gru and lstm
	Cell                               string  // of an RNN: gru or lstm; else ""
	Positions                          string  // as in models.GPT; "" for an RNN
	Vocab, Layers, Heads, KVHeads, Dim int     // an RNN has 0 heads
	BOS, EOS                           []int32 // ids that begin and end a text; empty means none

	dropout func(p float64) models.LanguageModel // returns the model with dropout p everywhere
	untie   func() models.LanguageModel          // returns the model with a head that has its own weights
}

// Causal returns a causal language model with its numbers. It is an error if m is of another kind.
func Causal(m models.Model) (Model, error) {
	switch m := m.(type) {
	case models.GPT:
		return ofGPT(m), nil
	case models.Llama:
		return ofLlama(m), nil
	case models.RNN:
		return ofRNN(m), nil
	}
	config, err := json.Marshal(m)
	if err != nil {
		return Model{}, errors.WithStack(err)
	}
	var kind struct {
		ModelType string `json:"model_type"`
	}
	if err := json.Unmarshal(config, &kind); err != nil {
		return Model{}, errors.WithStack(err)
	}
	return Model{}, errors.Errorf("model_type is %q, which is no causal language model: want one of %s", kind.ModelType, causal)
}

// causal lists the families that Causal accepts.
const causal = "gpt2, mpt, bloom, llama, mistral, qwen2, qwen3, gemma2, gemma3_text, gru, lstm"

func ofGPT(m models.GPT) Model {
	family := cmp.Or(m.Family, "gpt2")
	positions := "learned"
	if family != "gpt2" {
		positions = "alibi"
	}
	return Model{
		LanguageModel: m, Family: family, Positions: cmp.Or(m.Positions, positions),
		Vocab: m.Vocab, Layers: m.Layers, Heads: m.Heads, KVHeads: m.Heads, Dim: m.Dim, BOS: m.BOS, EOS: m.EOS,
		dropout: func(p float64) models.LanguageModel {
			m := m
			m.EmbedDropout, m.Dropout, m.AttnDropout = p, p, p
			if family == "bloom" {
				m.EmbedDropout = 0
			}
			return m
		},
		untie: func() models.LanguageModel {
			m := m
			m.Untied = true
			return m
		},
	}
}

func ofLlama(m models.Llama) Model {
	return Model{
		LanguageModel: m, Family: cmp.Or(m.Family, "llama"), Positions: "rope",
		Vocab: m.Vocab, Layers: m.Layers, Heads: m.Heads, KVHeads: cmp.Or(m.KVHeads, m.Heads), Dim: m.Dim, BOS: m.BOS, EOS: m.EOS,
		dropout: func(p float64) models.LanguageModel {
			m := m
			m.Dropout, m.AttnDropout = p, p
			return m
		},
		untie: func() models.LanguageModel {
			m := m
			m.Untied = true
			return m
		},
	}
}

func ofRNN(m models.RNN) Model {
	cell := "gru"
	if m.LSTM {
		cell = "lstm"
	}
	return Model{
		LanguageModel: m, Family: "rnn", Cell: cell, Vocab: m.Vocab, Layers: m.Layers, Dim: m.Dim, BOS: m.BOS, EOS: m.EOS,
		dropout: func(p float64) models.LanguageModel {
			m := m
			m.Dropout = p
			return m
		},
		untie: func() models.LanguageModel {
			m := m
			m.Untied = true
			return m
		},
	}
}

// Drops returns m with dropout p.
func (m Model) Drops(p float64) Model { return again(m.dropout(p)) }

func (m Model) untied() Model { return again(m.untie()) }

// again returns the numbers of a model that Causal has accepted before.
func again(m models.LanguageModel) Model {
	known, err := Causal(m)
	if err != nil {
		panic(fmt.Sprintf("folder: %T was known: %v", m, err))
	}
	return known
}

// MarshalJSON returns the family's config.json.
func (m Model) MarshalJSON() ([]byte, error) { return json.Marshal(m.LanguageModel) }
