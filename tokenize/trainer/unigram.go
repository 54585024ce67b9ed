package trainer

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// Unigram makes a tokenizer of pieces with probabilities, which cuts a text into its most probable pieces. It begins with the
// substrings that occur twice in the texts. It repeatedly fits their probabilities to the texts and removes the pieces that
// are needed least (Kudo 2018, arXiv 1804.10959; Hugging Face's UnigramTrainer). It differs from UnigramTrainer in three
// points: a substring counts once for each occurrence, not once for each different word; a substring may end with its
// word, so that frequent words are pieces; no character is lost.
//
// The zero value cuts words with Metaspace, and newlines from words. Decoding restores a text except for one leading space.
// Memory is bounded as for BPE.
type Unigram struct {
	VocabSize       int                 // maximum number of entries, special tokens included; 0: 8,000
	Special         []string            // the first ids, in this order
	Unknown         string              // token of characters outside the vocabulary; "": "<unk>". It follows Special unless Special contains it
	ByteFallback    bool                // a character outside the vocabulary becomes the tokens of its bytes, <0x00> to <0xFF>
	InitialAlphabet string              // characters that get a token even if they do not occur in the texts
	LimitAlphabet   int                 // maximum number of characters with a token, the most frequent ones; 0: no limit
	MaxLength       int                 // maximum number of characters of a token, up to 16; 0: 16
	SeedSize        int                 // maximum number of first substrings, by occurrences times length; 0: a million
	Rounds          int                 // of estimation before each removal of tokens; 0: 2
	Shrink          float64             // fraction of tokens that each removal leaves, above 0 and below 1; 0: 0.75
	Normalizer      tokenize.Normalizer // nil: the text is unchanged
	Splitter        tokenize.Splitter   // nil: see above
	Decoder         tokenize.Decoder    // nil: that of Metaspace
	Workers         int                 // 0: GOMAXPROCS. The result does not depend on it
	MaxPieces       int                 // maximum number of different pieces in memory (see BPE); 0: 10 million
	Progress        func(Progress)      // called from the goroutine that trains
}

// Train makes a tokenizer of texts. Its ids are in this order: special tokens, bytes, pieces from the most probable on.
func (t Unigram) Train(texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	tok, err := t.train(nil, texts)
	return tok, errors.WithMessage(err, "trainer: train unigram")
}

// TrainFiles is Train on the lines of files (see tokenize.Lines).
func (t Unigram) TrainFiles(paths ...string) (*tokenize.Tokenizer, error) {
	return trainFiles(paths, t)
}

// Extend adds special tokens and pieces to old, a Unigram tokenizer, until VocabSize is reached. It keeps the stages and the
// ids of old. The scores of its pieces are fitted to texts; a piece that does not occur in texts becomes a rare one.
func (t Unigram) Extend(old *tokenize.Tokenizer, texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	tok, err := t.train(old, texts)
	return tok, errors.WithMessage(err, "trainer: extend unigram")
}

func (t Unigram) plan(old *tokenize.Tokenizer, splitter tokenize.Splitter) (*plan, error) {
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

func (t Unigram) train(old *tokenize.Tokenizer, texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	s := override(subwordStages("", "", t.ByteFallback), t.Splitter, t.Decoder)
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
		return nil, errors.Errorf("a vocabulary of %d has no room for %d characters in addition to %d other tokens: set LimitAlphabet",
			d.size, e.fixed, before)
	}
	if err := e.run(); err != nil {
		return nil, err
	}
	config.Pieces = e.scored(d, config.Pieces)
	if id, ok := d.ids[p.unknown]; ok && old == nil {
		config.Unknown = id
	}
	m, err := tokenize.NewUnigram(config)
	if err != nil {
		return nil, err
	}
	return p.finish(d, tokenize.Stages{Decoder: s.Decoder}, m)
}

// oldUnigram returns the configuration of the model of t. If t is nil, it has no pieces.
func oldUnigram(t *tokenize.Tokenizer) (tokenize.UnigramConfig, error) {
	if t == nil {
		return tokenize.UnigramConfig{Unknown: -1}, nil
	}
	m, ok := t.Stages().Model.(*tokenize.Unigram)
	if !ok {
		return tokenize.UnigramConfig{}, errors.Errorf("the tokenizer to extend has a %T, not a Unigram", t.Stages().Model)
	}
	c := m.Config()
	c.Pieces = slices.Clone(c.Pieces)
	return c, nil
}
