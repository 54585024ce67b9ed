package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// family is a value of -family.
type family struct {
	title     string   // with its article
	modelType string   // Family of folder.Model
	positions []string // values of -positions; the first is the default
	groups    bool     // takes -kv-heads
	recurrent bool     // takes -cell, and neither heads nor positions
	model     func(o *options, vocab int) models.LanguageModel
}

var families = map[string]family{
	"gpt2":    gptFamily("a GPT", "gpt2", "learned", "sinusoid", "rope", "alibi", "t5", "shaw", "none"),
	"mpt":     gptFamily("an MPT", "mpt", "alibi"),
	"bloom":   gptFamily("a BLOOM", "bloom", "alibi"),
	"llama":   llamaFamily("a Llama", "llama"),
	"mistral": llamaFamily("a Mistral", "mistral"),
	"qwen2":   llamaFamily("a Qwen2", "qwen2"),
	"qwen3":   llamaFamily("a Qwen3", "qwen3"),
	"gemma2":  llamaFamily("a Gemma 2", "gemma2"),
	"gemma3":  llamaFamily("a Gemma 3", "gemma3_text"),
	"rnn": {title: "an RNN", modelType: "rnn", recurrent: true, model: func(o *options, vocab int) models.LanguageModel {
		return models.RNN{LSTM: o.cell == "lstm", Vocab: vocab, Context: o.context, Layers: o.layers, Dim: o.dim, Dropout: o.dropout}
	}},
}

// cells holds the values of -cell, with the titles of their models.
var cells = map[string]string{"gru": "a GRU", "lstm": "an LSTM"}

// gptFamily returns a family of models.GPT.
func gptFamily(title, modelType string, positions ...string) family {
	return family{title: title, modelType: modelType, positions: positions, model: func(o *options, vocab int) models.LanguageModel {
		m := models.GPT{
			Vocab: vocab, Context: o.context, Layers: o.layers, Heads: o.heads, Dim: o.dim,
			EmbedDropout: o.dropout, Dropout: o.dropout, AttnDropout: o.dropout,
		}
		if modelType != "gpt2" {
			m.Family = modelType
		} else if o.positions != "learned" {
			m.Positions = longPositions[o.positions]
		}
		switch modelType {
		case "mpt":
			m.NoBias = true // as published
		case "bloom":
			m.EmbedDropout = 0
		}
		return m
	}}
}

// llamaFamily returns a family of models.Llama. The head shares the embedding. Layers that slide see half a window. Gemma 2 has its
// published softcaps.
func llamaFamily(title, modelType string) family {
	return family{title: title, modelType: modelType, positions: []string{"rope"}, groups: true, model: func(o *options, vocab int) models.LanguageModel {
		m := models.Llama{
			Family: modelType, Vocab: vocab, Context: o.context, Layers: o.layers, Heads: o.heads, KVHeads: o.kvHeads, Dim: o.dim,
			Dropout: o.dropout, AttnDropout: o.dropout,
		}
		switch modelType {
		case "gemma2":
			m.AttnSoftcap, m.FinalSoftcap = 50, 30
			fallthrough
		case "gemma3_text":
			m.SlidingWindow = max(o.context/2, 1)
		}
		return m
	}}
}

// longPositions lists the values of -positions with their names in models.GPT.
var longPositions = map[string]string{
	"learned": "learned", "sinusoid": "sinusoidal", "rope": "rope", "alibi": "alibi", "t5": "t5", "shaw": "shaw", "none": "none",
}

// names returns the sorted keys of a table.
func names[V any](table map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(table)), ", ")
}

// checkFamily returns an error unless -positions, -kv-heads and -cell suit -family.
func (o *options) checkFamily() error {
	f, ok := families[o.family]
	if !ok {
		return errors.Errorf("-family is %q, want one of %s", o.family, names(families))
	}
	if err := o.checkKind(); err != nil {
		return err
	}
	if f.recurrent {
		if o.cell = cmp.Or(o.cell, "lstm"); cells[o.cell] == "" {
			return errors.Errorf("-cell is %q, want one of %s", o.cell, names(cells))
		}
		o.heads = 0
		return nil
	}
	o.positions = cmp.Or(o.positions, f.positions[0])
	switch {
	case longPositions[o.positions] == "":
		return errors.Errorf("-positions is %q, want one of %s", o.positions, names(longPositions))
	case !slices.Contains(f.positions, o.positions):
		return errors.Errorf("-positions is %s, family %s has only %s: leave the flag out, or use -family gpt2", o.positions, o.family, strings.Join(f.positions, ", "))
	case !f.groups && o.kvHeads != 0 && o.kvHeads != o.heads:
		return errors.Errorf("-kv-heads is %d, family %s has one for each of its %d -heads: leave the flag out, or use -family llama", o.kvHeads, o.family, o.heads)
	case o.kvHeads != 0 && o.heads%o.kvHeads != 0:
		return errors.Errorf("-kv-heads is %d, which does not divide -heads, which is %d", o.kvHeads, o.heads)
	case o.positions == "rope" && o.dim%o.heads == 0 && o.dim/o.heads%2 != 0:
		return errors.Errorf("-dim is %d, which gives each of the %d -heads %d channels: rope wants an even number", o.dim, o.heads, o.dim/o.heads)
	}
	return nil
}

// checkKind returns an error for a flag on the command line that only Transformers or only RNNs have.
func (o *options) checkKind() error {
	recurrent := families[o.family].recurrent
	for _, name := range []string{"cell", "positions", "heads", "kv-heads"} {
		if !o.given[name] || recurrent == (name == "cell") {
			continue
		}
		other := "rnn"
		if recurrent {
			other = "gpt2"
		}
		return errors.Errorf("-%s is %v, family %s has none: leave the flag out, or use -family %s", name, o.set.Lookup(name).Value, o.family, other)
	}
	return nil
}

// fresh returns a model of the family and the sizes in the flags. checkFamily has checked them.
func (o *options) fresh(vocab int) (folder.Model, error) {
	return folder.Causal(families[o.family].model(o, vocab))
}

// familyOf returns the value of -family for a model, and its title.
func familyOf(m folder.Model) (name, title string) {
	for name, f := range families {
		if f.modelType == m.Family {
			return name, cmp.Or(cells[m.Cell], f.title)
		}
	}
	return m.Family, "a " + m.Family
}

// positionsOf returns the value of -positions for a model.
func positionsOf(m folder.Model) string {
	for name, long := range longPositions {
		if long == m.Positions {
			return name
		}
	}
	return m.Positions
}
