package tokenize

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/pkg/errors"
)

// UnigramTrainer makes a tokenizer of pieces with probabilities, of which a text is cut into the most probable ones. It
// begins with the substrings of the texts that occur twice, fits their probabilities to the texts and takes out those
// that are needed least, again and again (Kudo 2018, arXiv 1804.10959; Hugging Face's UnigramTrainer). It differs from that
// one in that a substring counts as often as it occurs, not once for each different word, that the end of a word may end a
// substring, so that frequent words are among them, and that no character gets lost.
//
// The zero value cuts words with Metaspace, and newlines from words. Decoded text is the very text, but for a space at its
// start. Memory is bounded as that of BPETrainer.
type UnigramTrainer struct {
	VocabSize       int            // entries at most, special tokens included; 0: 8,000
	Special         []string       // the first ids, in this order
	Unknown         string         // of characters outside the vocabulary; "": "<unk>". After Special unless it is among them
	ByteFallback    bool           // a character outside the vocabulary is the tokens of its bytes, <0x00> to <0xFF>
	InitialAlphabet string         // characters that get a token even if the texts have none of them
	LimitAlphabet   int            // characters that get a token at most, the most frequent ones; 0: no limit
	MaxLength       int            // characters of a token at most; 0: 16, which is the most there can be
	SeedSize        int            // substrings to begin with at most, those with the most occurrences times length; 0: a million
	Rounds          int            // of estimation before each time that tokens are taken out; 0: 2
	Shrink          float64        // the share of tokens that is left each time, above 0 and below 1; 0: 0.75
	Normalizer      Normalizer     // nil: text as it is
	Splitter        Splitter       // nil: see above
	Decoder         Decoder        // nil: that of Metaspace
	Workers         int            // 0: GOMAXPROCS. The result does not depend on it
	MaxPieces       int            // different pieces in memory at most (see BPETrainer); 0: 10 million
	Progress        func(Progress) // called from the goroutine that trains
}

// Train makes a tokenizer of texts. The ids are those of the special tokens, then of bytes, then of pieces, the most probable
// first.
func (t UnigramTrainer) Train(texts iter.Seq[string]) (*Tokenizer, error) {
	tok, err := t.train(nil, texts)
	return tok, errors.WithMessage(err, "tokenize: train unigram")
}

// TrainFiles is Train on the lines of files (see Lines).
func (t UnigramTrainer) TrainFiles(paths ...string) (*Tokenizer, error) {
	return trainFiles(paths, t.Train)
}

// Extend adds special tokens and pieces to old, a Unigram tokenizer, until VocabSize is reached. The stages of old and its ids
// stay, the scores of its pieces become those that fit texts; a piece that does not occur there becomes a rare one.
func (t UnigramTrainer) Extend(old *Tokenizer, texts iter.Seq[string]) (*Tokenizer, error) {
	tok, err := t.train(old, texts)
	return tok, errors.WithMessage(err, "tokenize: extend unigram")
}

func (t UnigramTrainer) plan(old *Tokenizer, splitter Splitter) (*plan, error) {
	p := &plan{size: cmp.Or(t.VocabSize, 8000), special: t.Special, unknown: cmp.Or(t.Unknown, "<unk>"), normalizer: t.Normalizer,
		splitter: splitter, workers: t.Workers, pieces: t.MaxPieces, progress: t.Progress, old: old}
	switch {
	case t.MaxLength < 0 || t.MaxLength > longestPiece:
		return nil, errors.Errorf("MaxLength is %d: it must be from 1 to %d, or 0", t.MaxLength, longestPiece)
	case t.Shrink < 0 || t.Shrink >= 1 || math.IsNaN(t.Shrink):
		return nil, errors.Errorf("Shrink is %v: it must be above 0 and below 1, or 0", t.Shrink)
	case t.Rounds < 0 || t.SeedSize < 0:
		return nil, errors.Errorf("Rounds is %d and SeedSize %d: they must not be negative", t.Rounds, t.SeedSize)
	}
	return p, nil
}

func (t UnigramTrainer) train(old *Tokenizer, texts iter.Seq[string]) (*Tokenizer, error) {
	s := subwordStages("", "", t.ByteFallback)
	s.replace(t.Splitter, t.Decoder)
	p, err := t.plan(old, s.Splitter)
	if err != nil {
		return nil, err
	}
	config, err := oldUnigram(old)
	if err != nil {
		return nil, err
	}
	d, err := p.begin()
	if err != nil {
		return nil, err
	}
	if config.ByteFallback = config.ByteFallback || t.ByteFallback; config.ByteFallback {
		d.bytes()
	}
	before := len(d.tokens)
	all, err := p.count(d, texts)
	if err != nil {
		return nil, err
	}
	e, err := t.estimation(d, all, config.Pieces)
	if err != nil {
		return nil, err
	}
	if room := d.room(); room < e.fixed {
		return nil, errors.Errorf("a vocabulary of %d has no room for %d characters beside %d other tokens: set LimitAlphabet",
			d.size, e.fixed, before)
	}
	if err := e.run(); err != nil {
		return nil, err
	}
	config.Pieces = e.scored(d, config.Pieces)
	if id, ok := d.ids[p.unknown]; ok && old == nil {
		config.Unknown = id
	}
	m, err := newUnigram(config)
	if err != nil {
		return nil, err
	}
	return p.finish(d, Stages{Decoder: s.Decoder}, m)
}

// oldUnigram returns what the model of t is made of, or nothing when t is nil.
func oldUnigram(t *Tokenizer) (UnigramConfig, error) {
	if t == nil {
		return UnigramConfig{Unknown: -1}, nil
	}
	m, ok := t.stages.Model.(*Unigram)
	if !ok {
		return UnigramConfig{}, errors.Errorf("the tokenizer to extend has a %T, not a Unigram", t.stages.Model)
	}
	c := m.Config()
	c.Pieces = slices.Clone(c.Pieces)
	return c, nil
}
