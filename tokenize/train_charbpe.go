package tokenize

import (
	"cmp"
	"iter"

	"github.com/pkg/errors"
)

// CharBPETrainer makes a BPE tokenizer whose tokens are merged from characters (Sennrich et al. 2016, arXiv 1508.07909;
// Hugging Face's BpeTrainer without ByteLevel). It differs from that one where LimitAlphabet leaves characters out: pairs are not
// counted across them, because such a pair never merges when encoded.
//
// The zero value cuts words with Metaspace, and newlines from words; decoded text is the very text, but for a space at its
// start. With Suffix or Prefix words are those of BertSplitter, and decoded text has a space between them. Memory is bounded
// as that of BPETrainer.
type CharBPETrainer struct {
	VocabSize       int            // entries at most, special tokens and characters included; 0: 30,000
	MinFrequency    int64          // pairs that are rarer do not merge
	Special         []string       // the first ids, in this order
	Unknown         string         // of characters outside the vocabulary; "": "<unk>". After Special unless it is among them
	ByteFallback    bool           // a character outside the vocabulary is the tokens of its bytes, <0x00> to <0xFF>
	InitialAlphabet string         // characters that get a token even if the texts have none of them
	LimitAlphabet   int            // characters that get a token at most, the most frequent ones; 0: no limit
	Prefix          string         // of tokens that do not begin a word, as "##"
	Suffix          string         // of tokens that end a word, as "</w>"
	MaxLength       int            // characters of a token at most, Prefix and Suffix included; 0: no limit
	Normalizer      Normalizer     // nil: text as it is
	Splitter        Splitter       // nil: see above
	Decoder         Decoder        // nil: the one for Splitter's default
	Workers         int            // 0: GOMAXPROCS. The result does not depend on it
	MaxPieces       int            // different pieces in memory at most (see BPETrainer); 0: 10 million
	Progress        func(Progress) // called from the goroutine that trains
}

// Train makes a tokenizer of texts. The ids are those of the special tokens, of bytes, of characters in order of their code
// points, of characters with Prefix or Suffix, and of what is merged.
func (t CharBPETrainer) Train(texts iter.Seq[string]) (*Tokenizer, error) {
	tok, err := t.train(nil, texts)
	return tok, errors.WithMessage(err, "tokenize: train character bpe")
}

// TrainFiles is Train on the lines of files (see Lines).
func (t CharBPETrainer) TrainFiles(paths ...string) (*Tokenizer, error) {
	return trainFiles(paths, t.Train)
}

// Extend adds special tokens, characters and merges to old, a BPE of characters, until VocabSize is reached. The stages of
// old, its ids and merges stay, and the new merges come after them.
func (t CharBPETrainer) Extend(old *Tokenizer, texts iter.Seq[string]) (*Tokenizer, error) {
	tok, err := t.train(old, texts)
	return tok, errors.WithMessage(err, "tokenize: extend character bpe")
}

func (t CharBPETrainer) train(old *Tokenizer, texts iter.Seq[string]) (*Tokenizer, error) {
	config, err := oldBPE(old)
	if err != nil {
		return nil, err
	}
	if old == nil {
		config = BPEConfig{Characters: true, Unknown: cmp.Or(t.Unknown, "<unk>"), Prefix: t.Prefix, Suffix: t.Suffix}
	} else if !config.Characters {
		return nil, errors.New("the tokenizer to extend works on bytes: use BPETrainer")
	}
	config.ByteFallback = config.ByteFallback || t.ByteFallback
	s := subwordStages(config.Prefix, config.Suffix, config.ByteFallback)
	s.replace(t.Splitter, t.Decoder)
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
	m, err := newBPE(config)
	if err != nil {
		return nil, err
	}
	return p.finish(d, Stages{Decoder: s.Decoder}, m)
}
