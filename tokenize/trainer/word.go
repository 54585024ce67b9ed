package trainer

import (
	"cmp"
	"iter"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// Word makes a tokenizer of whole words. The zero value takes every word, and unseen words become the token "<unk>". Decoding
// puts spaces and newlines between words where a reader expects them. It does not restore the exact text.
type Word struct {
	VocabSize    int                 // maximum number of entries, special tokens included; 0: no limit
	MinFrequency int64               // rarer words are left out
	Special      []string            // the first ids, in this order
	Unknown      string              // the token of words outside the vocabulary; "": "<unk>". It follows Special unless Special contains it
	NoUnknown    bool                // encoding a word outside the vocabulary is an error
	Normalizer   tokenize.Normalizer // nil: the text is unchanged
	Splitter     tokenize.Splitter   // nil: tokenize.Words
	Workers      int                 // 0: GOMAXPROCS. The result does not depend on it
	MaxPieces    int                 // maximum number of different words in memory (see BPE); 0: 10 million
	Progress     func(Progress)      // called from the goroutine that trains
}

// Train makes a tokenizer of the words of texts. The most frequent words come first, words of equal count by their bytes.
func (t Word) Train(texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	tok, err := t.train(nil, texts)
	return tok, errors.WithMessage(err, "trainer: train words")
}

// TrainFiles is Train on the lines of files (see tokenize.Lines).
func (t Word) TrainFiles(paths ...string) (*tokenize.Tokenizer, error) {
	return trainFiles(paths, t)
}

// Extend adds special tokens and the words of texts to old, a tokenizer of words or characters, until VocabSize is
// reached. It keeps the stages, the ids and the unknown token of old.
func (t Word) Extend(old *tokenize.Tokenizer, texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	tok, err := t.train(old, texts)
	return tok, errors.WithMessage(err, "trainer: extend words")
}

func (t Word) train(old *tokenize.Tokenizer, texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	if t.Splitter == nil {
		t.Splitter = tokenize.Words{}
	}
	unknown := cmp.Or(t.Unknown, "<unk>")
	if t.NoUnknown {
		unknown = ""
	}
	p := &plan{size: t.VocabSize, special: t.Special, unknown: unknown, normalizer: t.Normalizer, splitter: t.Splitter,
		workers: t.Workers, pieces: t.MaxPieces, progress: t.Progress, old: old}
	if old != nil {
		m, ok := old.Stages().Model.(*tokenize.WordLevel)
		if !ok {
			return nil, errors.Errorf("the tokenizer to extend has a %T, not a WordLevel", old.Stages().Model)
		}
		p.unknown, _ = m.Unknown()
	}
	d, err := p.begin()
	if err != nil {
		return nil, err
	}
	all, err := p.count(d, texts)
	if err != nil {
		return nil, err
	}
	words := d.frequent(all, t.MinFrequency)
	return p.words(d, tokenize.Stages{Decoder: tokenize.WordJoiner{}}, words[:min(len(words), d.room())])
}
