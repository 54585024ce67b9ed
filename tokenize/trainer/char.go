package trainer

import (
	"iter"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// Char makes a tokenizer of single characters, in order of their code points. Decoding restores a text except for invalid
// bytes, which become U+FFFD. The zero value takes every character, and encoding an unseen character is an error.
// Word.Extend adds characters to such a tokenizer.
type Char struct {
	VocabSize    int                 // maximum number of entries, special tokens included; 0: no limit. The rarest are left out
	MinFrequency int64               // rarer characters are left out
	Special      []string            // the first ids, in this order
	Unknown      string              // the token of characters outside the vocabulary; "": none. It follows Special unless Special contains it
	Normalizer   tokenize.Normalizer // nil: the text is unchanged
	Workers      int                 // 0: GOMAXPROCS. The result does not depend on it
	Progress     func(Progress)      // called from the goroutine that trains
}

// Train makes a tokenizer of the characters of texts. It returns an error if characters are left out and Unknown is "".
func (t Char) Train(texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	tok, err := t.train(texts)
	return tok, errors.WithMessage(err, "trainer: train characters")
}

// TrainFiles is Train on the lines of files (see tokenize.Lines).
func (t Char) TrainFiles(paths ...string) (*tokenize.Tokenizer, error) {
	return trainFiles(paths, t)
}

func (t Char) train(texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	p := &plan{size: t.VocabSize, special: t.Special, unknown: t.Unknown, normalizer: t.Normalizer, splitter: tokenize.Chars{},
		workers: t.Workers, progress: t.Progress}
	d, err := p.begin()
	if err != nil {
		return nil, err
	}
	all, err := p.count(d, texts)
	if err != nil {
		return nil, err
	}
	chars := d.frequent(all, t.MinFrequency)
	chars = chars[:min(len(chars), d.room())]
	if seen := len(d.frequent(all, 0)); t.Unknown == "" && len(chars) < seen {
		return nil, errors.Errorf("%d of %d fit: raise VocabSize, lower MinFrequency or name an Unknown token", len(chars), seen)
	}
	slices.Sort(chars)
	return p.words(d, tokenize.Stages{Decoder: tokenize.Fuse{}}, chars)
}
