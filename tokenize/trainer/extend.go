package trainer

import (
	"maps"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// oldBPE returns the configuration of the model of t. If t is nil, it is empty.
func oldBPE(t *tokenize.Tokenizer) (tokenize.BPEConfig, error) {
	if t == nil {
		return tokenize.BPEConfig{}, nil
	}
	m, ok := t.Stages().Model.(*tokenize.BPE)
	if !ok {
		return tokenize.BPEConfig{}, errors.Errorf("the tokenizer to extend has a %T, not a BPE", t.Stages().Model)
	}
	c := m.Config()
	c.Merges = slices.Clone(c.Merges)
	return c, nil
}

// respell returns a speller with the merges of config and the current vocabulary of d.
func respell(d *draft, config tokenize.BPEConfig) (speller, error) {
	config.Vocab, config.ByteFallback, config.Dropout = maps.Clone(d.ids), false, 0
	m, err := tokenize.NewBPE(config)
	if err != nil {
		return nil, err
	}
	return spellWith(m, config.Unknown), nil
}

// spellWith returns a speller with the tokens of m. A text without a token, or with the token unknown, is unspelled.
func spellWith(m tokenize.Model, unknown string) speller {
	unknownID, ok := m.TokenToID(unknown)
	if !ok || unknown == "" {
		unknownID = unspelled
	}
	var tokens []tokenize.Token
	return func(dst []int32, piece string) []int32 {
		var err error
		if tokens, err = m.Tokenize(tokens[:0], piece); err != nil {
			return append(dst, unspelled)
		}
		for _, t := range tokens {
			if t.ID == unknownID {
				t.ID = unspelled
			}
			dst = append(dst, t.ID)
		}
		return dst
	}
}
