package tokenize

import (
	"cmp"
	"iter"
	"slices"

	"github.com/pkg/errors"
)

// WordTrainer makes a tokenizer of whole words. Its zero value takes every word and gives unseen ones the token "<unk>".
// Decoded text is the words with spaces and newlines where a reader expects them, not the very text.
type WordTrainer struct {
	VocabSize    int            // entries at most, special tokens included; 0: no limit
	MinFrequency int64          // rarer words are left out
	Special      []string       // the first ids, in this order
	Unknown      string         // the token of words outside the vocabulary; "": "<unk>". After Special unless it is among them
	NoUnknown    bool           // a word outside the vocabulary is an error when encoded
	Normalizer   Normalizer     // nil: words as they are
	Splitter     Splitter       // nil: Words
	Workers      int            // 0: GOMAXPROCS. The result does not depend on it
	MaxPieces    int            // different words in memory at most (see BPETrainer); 0: 10 million
	Progress     func(Progress) // called from the goroutine that trains
}

// Train makes a tokenizer of the words of texts: the most frequent first, those of equal count in order of their bytes.
func (t WordTrainer) Train(texts iter.Seq[string]) (*Tokenizer, error) {
	tok, err := t.train(nil, texts)
	return tok, errors.WithMessage(err, "tokenize: train words")
}

// TrainFiles is Train on the lines of files (see Lines).
func (t WordTrainer) TrainFiles(paths ...string) (*Tokenizer, error) {
	return trainFiles(paths, t.Train)
}

// Extend adds special tokens and the words of texts to old, a tokenizer of words or characters, until VocabSize is
// reached. The stages of old, its ids and its unknown token stay.
func (t WordTrainer) Extend(old *Tokenizer, texts iter.Seq[string]) (*Tokenizer, error) {
	tok, err := t.train(old, texts)
	return tok, errors.WithMessage(err, "tokenize: extend words")
}

func (t WordTrainer) train(old *Tokenizer, texts iter.Seq[string]) (*Tokenizer, error) {
	if t.Splitter == nil {
		t.Splitter = Words{}
	}
	unknown := cmp.Or(t.Unknown, "<unk>")
	if t.NoUnknown {
		unknown = ""
	}
	p := &plan{size: t.VocabSize, special: t.Special, unknown: unknown, normalizer: t.Normalizer, splitter: t.Splitter,
		workers: t.Workers, pieces: t.MaxPieces, progress: t.Progress, old: old}
	if old != nil {
		m, ok := old.stages.Model.(*WordLevel)
		if !ok {
			return nil, errors.Errorf("the tokenizer to extend has a %T, not a WordLevel", old.stages.Model)
		}
		p.unknown = m.unknown
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
	return p.words(d, Stages{Decoder: WordJoiner{}}, words[:min(len(words), d.room())])
}

// CharTrainer makes a tokenizer of single characters, in order of their code points. Decoded text is the very text, but for
// bytes that are no characters, which are read as U+FFFD. Its zero value takes every character, and one that it has not
// seen is an error when encoded. WordTrainer.Extend adds characters to what it makes.
type CharTrainer struct {
	VocabSize    int            // entries at most, special tokens included; 0: no limit. The rarest are left out
	MinFrequency int64          // rarer characters are left out
	Special      []string       // the first ids, in this order
	Unknown      string         // the token of characters outside the vocabulary; "": none. After Special unless it is among them
	Normalizer   Normalizer     // nil: characters as they are
	Workers      int            // 0: GOMAXPROCS. The result does not depend on it
	Progress     func(Progress) // called from the goroutine that trains
}

// Train makes a tokenizer of the characters of texts. It is an error when characters are left out and Unknown is "".
func (t CharTrainer) Train(texts iter.Seq[string]) (*Tokenizer, error) {
	tok, err := t.train(texts)
	return tok, errors.WithMessage(err, "tokenize: train characters")
}

// TrainFiles is Train on the lines of files (see Lines).
func (t CharTrainer) TrainFiles(paths ...string) (*Tokenizer, error) {
	return trainFiles(paths, t.Train)
}

func (t CharTrainer) train(texts iter.Seq[string]) (*Tokenizer, error) {
	p := &plan{size: t.VocabSize, special: t.Special, unknown: t.Unknown, normalizer: t.Normalizer, splitter: Chars{},
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
	return p.words(d, Stages{Decoder: Fuse{}}, chars)
}

// frequent returns the words of t that have no id yet and occur at least least times, the most frequent first.
func (d *draft) frequent(t *tally, least int64) []string {
	counts := map[string]int64{}
	for i, piece := range t.pieces {
		counts[validText(piece)] += t.counts[i]
	}
	var words []string
	for word, n := range counts {
		if _, known := d.ids[word]; !known && n >= least {
			words = append(words, word)
		}
	}
	slices.SortFunc(words, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return words
}

// words gives words the next ids and puts the model into s.
func (p *plan) words(d *draft, s Stages, words []string) (*Tokenizer, error) {
	for _, word := range words {
		d.token(word)
	}
	m, err := newWordLevel(d.ids, p.unknown)
	if err != nil {
		return nil, err
	}
	return p.finish(d, s, m)
}
