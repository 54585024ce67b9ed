package trainer

import (
	"cmp"
	"iter"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// CharBPE makes a BPE tokenizer whose tokens are merged from characters (Sennrich et al. 2016, arXiv 1508.07909;
// Hugging Face's BpeTrainer without ByteLevel). It differs from BpeTrainer if LimitAlphabet leaves characters out: it does not count
// pairs across them, because such a pair never merges in encoding.
//
// The zero value cuts words with Metaspace, and newlines from words. Decoding restores a text except for one leading space.
// With Suffix or Prefix, BertSplitter cuts the words, and decoding puts a space between them. Memory is bounded as for BPE.
type CharBPE struct {
	VocabSize       int                 // maximum number of entries, special tokens and characters included; 0: 30,000
	MinFrequency    int64               // rarer pairs do not merge
	Special         []string            // the first ids, in this order
	Unknown         string              // token of characters outside the vocabulary; "": "<unk>". It follows Special unless Special contains it
	ByteFallback    bool                // a character outside the vocabulary becomes the tokens of its bytes, <0x00> to <0xFF>
	InitialAlphabet string              // characters that get a token even if they do not occur in the texts
	LimitAlphabet   int                 // maximum number of characters with a token, the most frequent ones; 0: no limit
	Prefix          string              // of tokens inside a word, such as "##"
	Suffix          string              // of tokens at the end of a word, such as "</w>"
	MaxLength       int                 // maximum number of characters of a token, Prefix and Suffix included; 0: no limit
	Normalizer      tokenize.Normalizer // nil: the text is unchanged
	Splitter        tokenize.Splitter   // nil: see above
	Decoder         tokenize.Decoder    // nil: the Decoder of the default Splitter
	Workers         int                 // 0: GOMAXPROCS. The result does not depend on it
	MaxPieces       int                 // maximum number of different pieces in memory (see BPE); 0: 10 million
	Progress        func(Progress)      // called from the goroutine that trains
}

// Train makes a tokenizer of texts. Its ids are in this order: special tokens, bytes, characters by code point, characters
// with Prefix or Suffix, merged tokens.
func (t CharBPE) Train(texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	tok, err := t.train(nil, texts)
	return tok, errors.WithMessage(err, "trainer: train character bpe")
}

// TrainFiles is Train on the lines of files (see tokenize.Lines).
func (t CharBPE) TrainFiles(paths ...string) (*tokenize.Tokenizer, error) {
	return trainFiles(paths, t)
}

// Extend adds special tokens, characters and merges to old, a BPE of characters, until VocabSize is reached. It keeps
// the stages, the ids and the merges of old. The new merges come after the old ones.
func (t CharBPE) Extend(old *tokenize.Tokenizer, texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	tok, err := t.train(old, texts)
	return tok, errors.WithMessage(err, "trainer: extend character bpe")
}

func (t CharBPE) train(old *tokenize.Tokenizer, texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	config, err := oldBPE(old)
	if err != nil {
		return nil, err
	}
	if old == nil {
		config = tokenize.BPEConfig{Characters: true, Unknown: cmp.Or(t.Unknown, "<unk>"), Prefix: t.Prefix, Suffix: t.Suffix}
	} else if !config.Characters {
		return nil, errors.New("the tokenizer to extend works on bytes: use trainer.BPE")
	}
	config.ByteFallback = config.ByteFallback || t.ByteFallback
	s := override(subwordStages(config.Prefix, config.Suffix, config.ByteFallback), t.Splitter, t.Decoder)
	p := &plan{size: cmp.Or(t.VocabSize, 30000), special: t.Special, unknown: config.Unknown, normalizer: t.Normalizer,
		splitter: s.Splitter, workers: t.Workers, pieces: t.MaxPieces, progress: t.Progress, old: old}
	c := charMerges{initial: t.InitialAlphabet, limit: t.LimitAlphabet, suffix: config.Suffix, bytes: config.ByteFallback,
		rules: mergeRules{least: t.MinFrequency, longest: t.MaxLength, prefix: config.Prefix, progress: t.Progress}}
	if old != nil {
		c.respell = func(d *draft) (speller, error) { return respell(d, config) }
	}
	d, merges, err := c.run(p, texts)
	if err != nil {
		return nil, err
	}
	config.Vocab, config.Merges = d.ids, append(config.Merges, merges...)
	m, err := tokenize.NewBPE(config)
	if err != nil {
		return nil, err
	}
	return p.finish(d, tokenize.Stages{Decoder: s.Decoder}, m)
}
