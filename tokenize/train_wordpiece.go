package tokenize

import (
	"cmp"
	"iter"
	"maps"

	"github.com/pkg/errors"
)

// WordPieceTrainer makes a tokenizer like BERT's, whose words are cut into the longest tokens. Its vocabulary is that of a
// CharBPETrainer with a Prefix, as Hugging Face's WordPieceTrainer has it: how the one of BERT was trained is not public.
// The zero value takes words as BertSplitter cuts them; give it a BertNormalizer for BERT's lower case. Its memory is
// bounded as that of BPETrainer.
type WordPieceTrainer struct {
	VocabSize       int            // entries at most, special tokens and characters included; 0: 30,000
	MinFrequency    int64          // pairs that are rarer do not merge
	Special         []string       // the first ids, in this order
	Unknown         string         // the token of words that cannot be cut; "": "[UNK]". After Special unless it is among them
	InitialAlphabet string         // characters that get a token even if the texts have none of them
	LimitAlphabet   int            // characters that get a token at most, the most frequent ones; 0: no limit
	Prefix          string         // of tokens that do not begin a word; "": "##"
	MaxLength       int            // characters of a token at most, Prefix included; 0: no limit
	Normalizer      Normalizer     // nil: text as it is
	Splitter        Splitter       // nil: BertSplitter
	Decoder         Decoder        // nil: WordPieceDecoder
	Workers         int            // 0: GOMAXPROCS. The result does not depend on it
	MaxPieces       int            // different words in memory at most (see BPETrainer); 0: 10 million
	Progress        func(Progress) // called from the goroutine that trains
}

// Train makes a tokenizer of texts.
func (t WordPieceTrainer) Train(texts iter.Seq[string]) (*Tokenizer, error) {
	tok, err := t.train(nil, texts)
	return tok, errors.WithMessage(err, "tokenize: train wordpiece")
}

// TrainFiles is Train on the lines of files (see Lines).
func (t WordPieceTrainer) TrainFiles(paths ...string) (*Tokenizer, error) {
	return trainFiles(paths, t.Train)
}

// Extend adds special tokens, characters and longer tokens to old, a WordPiece tokenizer, until VocabSize is reached. The
// stages of old and its ids stay.
func (t WordPieceTrainer) Extend(old *Tokenizer, texts iter.Seq[string]) (*Tokenizer, error) {
	tok, err := t.train(old, texts)
	return tok, errors.WithMessage(err, "tokenize: extend wordpiece")
}

func (t WordPieceTrainer) train(old *Tokenizer, texts iter.Seq[string]) (*Tokenizer, error) {
	config := WordPieceConfig{Unknown: cmp.Or(t.Unknown, "[UNK]"), Prefix: cmp.Or(t.Prefix, "##")}
	if old != nil {
		m, ok := old.stages.Model.(*WordPiece)
		if !ok {
			return nil, errors.Errorf("the tokenizer to extend has a %T, not a WordPiece", old.stages.Model)
		}
		config = m.Config()
	}
	s := subwordStages(config.Prefix, "", false)
	s.replace(t.Splitter, t.Decoder)
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
	m, err := newWordPiece(config)
	if err != nil {
		return nil, err
	}
	return p.finish(d, Stages{Decoder: s.Decoder}, m)
}

// respellWords returns a speller with the vocabulary that d has now.
func respellWords(d *draft, config WordPieceConfig) (speller, error) {
	config.Vocab = maps.Clone(d.ids)
	m, err := newWordPiece(config)
	if err != nil {
		return nil, err
	}
	return spellWith(m, m.unknown), nil
}
