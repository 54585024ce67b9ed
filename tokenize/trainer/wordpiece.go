package trainer

import (
	"cmp"
	"iter"
	"maps"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// WordPiece makes a tokenizer like BERT's, which cuts words into their longest tokens. As in Hugging Face's WordPieceTrainer, the
// vocabulary is that of CharBPE with a Prefix: the training of BERT's vocabulary is not public. The zero value cuts words
// with BertSplitter; set a BertNormalizer for BERT's lower case. Memory is bounded as for BPE.
type WordPiece struct {
	VocabSize       int                 // maximum number of entries, special tokens and characters included; 0: 30,000
	MinFrequency    int64               // rarer pairs do not merge
	Special         []string            // the first ids, in this order
	Unknown         string              // the token of words that cannot be cut; "": "[UNK]". It follows Special unless Special contains it
	InitialAlphabet string              // characters that get a token even if they do not occur in the texts
	LimitAlphabet   int                 // maximum number of characters with a token, the most frequent ones; 0: no limit
	Prefix          string              // of tokens inside a word; "": "##"
	MaxLength       int                 // maximum number of characters of a token, Prefix included; 0: no limit
	Normalizer      tokenize.Normalizer // nil: the text is unchanged
	Splitter        tokenize.Splitter   // nil: tokenize.BertSplitter
	Decoder         tokenize.Decoder    // nil: tokenize.WordPieceDecoder
	Workers         int                 // 0: GOMAXPROCS. The result does not depend on it
	MaxPieces       int                 // maximum number of different words in memory (see BPE); 0: 10 million
	Progress        func(Progress)      // called from the goroutine that trains
}

// Train makes a tokenizer of texts.
func (t WordPiece) Train(texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	tok, err := t.train(nil, texts)
	return tok, errors.WithMessage(err, "trainer: train wordpiece")
}

// TrainFiles is Train on the lines of files (see tokenize.Lines).
func (t WordPiece) TrainFiles(paths ...string) (*tokenize.Tokenizer, error) {
	return trainFiles(paths, t)
}

// Extend adds special tokens, characters and longer tokens to old, a WordPiece tokenizer, until VocabSize is reached. It
// keeps the stages and the ids of old.
func (t WordPiece) Extend(old *tokenize.Tokenizer, texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	tok, err := t.train(old, texts)
	return tok, errors.WithMessage(err, "trainer: extend wordpiece")
}

func (t WordPiece) train(old *tokenize.Tokenizer, texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	config := tokenize.WordPieceConfig{Unknown: cmp.Or(t.Unknown, "[UNK]"), Prefix: cmp.Or(t.Prefix, "##")}
	if old != nil {
		m, ok := old.Stages().Model.(*tokenize.WordPiece)
		if !ok {
			return nil, errors.Errorf("the tokenizer to extend has a %T, not a WordPiece", old.Stages().Model)
		}
		config = m.Config()
	}
	s := override(subwordStages(config.Prefix, "", false), t.Splitter, t.Decoder)
	p := &plan{size: cmp.Or(t.VocabSize, 30000), special: t.Special, unknown: config.Unknown, normalizer: t.Normalizer,
		splitter: s.Splitter, workers: t.Workers, pieces: t.MaxPieces, progress: t.Progress, old: old}
	c := charMerges{initial: t.InitialAlphabet, limit: t.LimitAlphabet,
		rules: mergeRules{least: t.MinFrequency, longest: t.MaxLength, prefix: config.Prefix, progress: t.Progress}}
	if old != nil {
		c.respell = func(d *draft) (speller, error) { return respellWords(d, config) }
	}
	d, _, err := c.run(p, texts)
	if err != nil {
		return nil, err
	}
	config.Vocab = d.ids
	m, err := tokenize.NewWordPiece(config)
	if err != nil {
		return nil, err
	}
	return p.finish(d, tokenize.Stages{Decoder: s.Decoder}, m)
}

// respellWords returns a speller with the current vocabulary of d.
func respellWords(d *draft, config tokenize.WordPieceConfig) (speller, error) {
	config.Vocab = maps.Clone(d.ids)
	m, err := tokenize.NewWordPiece(config)
	if err != nil {
		return nil, err
	}
	return spellWith(m, config.Unknown), nil
}
