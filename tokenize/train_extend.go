package tokenize

import (
	"maps"
	"slices"

	"github.com/pkg/errors"
)

// oldBPE returns what the model of t is made of, or nothing when t is nil.
func oldBPE(t *Tokenizer) (BPEConfig, error) {
	if t == nil {
		return BPEConfig{}, nil
	}
	m, ok := t.stages.Model.(*BPE)
	if !ok {
		return BPEConfig{}, errors.Errorf("the tokenizer to extend has a %T, not a BPE", t.stages.Model)
	}
	c := m.Config()
	c.Merges = slices.Clone(c.Merges)
	return c, nil
}

// respell returns a speller with the merges of config and the vocabulary that d has now.
func respell(d *draft, config BPEConfig) (speller, error) {
	config.Vocab, config.ByteFallback, config.Dropout = maps.Clone(d.ids), false, 0
	m, err := newBPE(config)
	if err != nil {
		return nil, err
	}
	return spellWith(m, m.unknown), nil
}

// spellWith returns a speller with the tokens of m. What has none is unspelled.
func spellWith(m Model, unknown int32) speller {
	var tokens []Token
	return func(dst []int32, piece string) []int32 {
		var err error
		if tokens, err = m.Tokenize(tokens[:0], piece); err != nil {
			return append(dst, unspelled)
		}
		for _, t := range tokens {
			if t.ID == unknown {
				t.ID = unspelled
			}
			dst = append(dst, t.ID)
		}
		return dst
	}
}
