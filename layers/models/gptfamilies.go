package models

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/layers"
)

// gptFamily holds the differences of a family of GPT: names, and the values of fields that are empty.
type gptFamily struct {
	architecture          string
	prefix                string // of all paths but the head's
	table, embeddingNorm  string // paths; no norm if ""
	blocks, norm          string
	block                 layers.BlockNames
	attention             layers.AttentionNames
	mlp                   layers.MLPNames
	activation, positions string
}

var gptFamilies = map[string]gptFamily{
	"gpt2": {
		architecture: "GPT2LMHeadModel", table: "wte", blocks: "h", norm: "ln_f", block: layers.GPT2Block, attention: layers.GPT2Attention, mlp: layers.GPT2MLP,
		activation: "gelu_new", positions: "learned",
	},
	"mpt": {
		architecture: "MptForCausalLM", prefix: "transformer.", table: "transformer.wte", blocks: "transformer.blocks", norm: "transformer.norm_f",
		block: layers.MPTBlock, attention: layers.MPTAttention, mlp: layers.MPTMLP, activation: "gelu", positions: "alibi",
	},
	"bloom": {
		architecture: "BloomForCausalLM", prefix: "transformer.", table: "transformer.word_embeddings", embeddingNorm: "transformer.word_embeddings_layernorm",
		blocks: "transformer.h", norm: "transformer.ln_f", block: layers.BLOOMBlock, attention: layers.BLOOMAttention, mlp: layers.BLOOMMLP,
		activation: "gelu_new", positions: "alibi",
	},
}

// usualSchemes lists the ways to know the order of tokens, with the usual numbers.
var usualSchemes = map[string]layers.Positions{
	"learned":    {},
	"sinusoidal": {},
	"none":       {},
	"rope":       {RoPE: layers.RoPE{Theta: 10000}},
	"alibi":      {ALiBi: layers.ALiBi{Max: 8}},
	"t5":         {T5: layers.T5Bias{Buckets: 32, MaxDistance: 128}},
	"shaw":       {Shaw: layers.Shaw{Max: 16}},
}

// names returns the sorted keys of a table.
func names[V any](table map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(table)), ", ")
}

// checkFamily reports a field that the family does not have.
func (m GPT) checkFamily() error {
	family := cmp.Or(m.Family, "gpt2")
	if _, ok := gptFamilies[family]; !ok {
		return errors.Errorf("models: GPT: unknown Family %q, want one of %s", m.Family, names(gptFamilies))
	}
	switch m = m.withDefaults(); {
	case family != "gpt2" && m.Positions != "alibi":
		return errors.Errorf("models: GPT: family %s has Positions %q, want alibi", family, m.Positions)
	case family != "gpt2" && m.Scale:
		return errors.Errorf("models: GPT: family %s does not scale embeddings: use family gpt2", family)
	case family != "mpt" && m.NoBias:
		return errors.Errorf("models: GPT: family %s has biases: use family mpt for NoBias", family)
	case family == "bloom" && m.EmbedDropout != 0:
		return errors.Errorf("models: GPT: family bloom has EmbedDropout %g, want 0", m.EmbedDropout)
	case family == "bloom" && m.Activation != "gelu_new":
		return errors.Errorf("models: GPT: family bloom has Activation %q, want gelu_new", m.Activation)
	case family == "bloom" && m.Hidden != 0 && m.Hidden != 4*m.Dim:
		return errors.Errorf("models: GPT: family bloom has Hidden %d, want 4·Dim = %d", m.Hidden, 4*m.Dim)
	case family == "bloom" && m.Scheme.ALiBi.Max != 8:
		return errors.Errorf("models: GPT: family bloom has ALiBi's Max %g, want 8", m.Scheme.ALiBi.Max)
	case family == "mpt" && m.Activation != "gelu":
		return errors.Errorf("models: GPT: family mpt has Activation %q, want gelu", m.Activation)
	case family == "mpt" && m.Hidden%m.Dim != 0:
		return errors.Errorf("models: GPT: family mpt has Hidden %d, want a multiple of Dim %d", m.Hidden, m.Dim)
	}
	return nil
}

// checkPositions reports an unknown scheme, numbers of another scheme, and numbers that do not fit.
func (m GPT) checkPositions() error {
	m = m.withDefaults()
	usual, ok := usualSchemes[m.Positions]
	if !ok {
		return errors.Errorf("models: GPT: unknown Positions %q, want one of %s", m.Positions, names(usualSchemes))
	}
	own, all := m.Scheme, m.Scheme
	switch m.Positions {
	case "rope":
		all.RoPE = layers.RoPE{}
	case "alibi":
		all.ALiBi = layers.ALiBi{}
	case "t5":
		all.T5 = layers.T5Bias{}
	case "shaw":
		all.Shaw = layers.Shaw{}
	}
	if all != (layers.Positions{}) || usual != (layers.Positions{}) && own == all {
		return errors.Errorf("models: GPT: Positions %s has a Scheme of another kind: %+v", m.Positions, own)
	}
	if m.Positions == "rope" {
		return errors.WithMessage(checkRoPE(own.RoPE, m.Dim/m.Heads, m.Context), "models: GPT")
	}
	return nil
}

// checkRoPE reports numbers that do not fit heads of d channels.
func checkRoPE(r layers.RoPE, d, length int) error {
	r.Dim = cmp.Or(r.Dim, d)
	switch {
	case d > math.MaxInt16:
		return errors.Errorf("heads of %d channels: RoPE takes at most %d", d, math.MaxInt16)
	case r.Dim > d:
		return errors.Errorf("RoPE rotates %d channels of a head, which has %d", r.Dim, d)
	}
	for _, n := range []int{1, max(length, r.Scaling.Original+1)} { // LongRoPE has two lists
		if _, _, err := r.Frequencies(n); err != nil {
			return err
		}
	}
	return nil
}
