package tokenize

import (
	"iter"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
	"github.com/pkg/errors"
)

// BPETrainer makes a byte-level BPE tokenizer, which encodes any string and gives it back byte for byte. From the same
// texts it makes the same merges as Hugging Face's BpeTrainer: the most frequent pair of neighbours becomes a token, of
// pairs that are equally frequent the one with the lower ids, until the vocabulary is full.
//
// What a trainer remembers of a stream is its different pieces with their counts, about 100 bytes each, whatever the length
// of the stream: at most MaxPieces, besides those of the last 8·MaxPieces bytes of text. When there are more, the rarest
// are forgotten until three quarters are left, and begin anew when they come again. So counts are exact as long as
// MaxPieces is not reached, and afterwards those of frequent pieces still are.
type BPETrainer struct {
	VocabSize    int            // entries at most, special tokens and bytes included; 0: 30,000
	MinFrequency int64          // pairs that are rarer do not merge
	Special      []string       // the first ids, in this order
	SeenBytes    bool           // only bytes of the texts get tokens: others are an error when encoded
	MaxLength    int            // bytes of a token at most; 0: no limit
	Normalizer   Normalizer     // nil: text as it is
	Splitter     Splitter       // nil: ByteLevel, GPT-2's; must hold a ByteLevel
	Workers      int            // 0: GOMAXPROCS. The result does not depend on it
	MaxPieces    int            // different pieces in memory at most, see above; 0: 10 million
	Progress     func(Progress) // called from the goroutine that trains
}

// Train makes a tokenizer of texts.
func (t BPETrainer) Train(texts iter.Seq[string]) (*Tokenizer, error) {
	tok, err := t.train(nil, texts)
	return tok, errors.WithMessage(err, "tokenize: train bpe")
}

// TrainFiles is Train on the lines of files (see Lines).
func (t BPETrainer) TrainFiles(paths ...string) (*Tokenizer, error) {
	return trainFiles(paths, t.Train)
}

// Extend adds special tokens and merges to old, a byte-level BPE, until VocabSize is reached. The stages of old, its ids
// and merges stay, and the new merges come after them, so that a text is cut as before and then merged further.
func (t BPETrainer) Extend(old *Tokenizer, texts iter.Seq[string]) (*Tokenizer, error) {
	tok, err := t.train(old, texts)
	return tok, errors.WithMessage(err, "tokenize: extend bpe")
}

func (t BPETrainer) plan(old *Tokenizer) *plan {
	if t.VocabSize == 0 {
		t.VocabSize = 30000
	}
	if t.Splitter == nil {
		t.Splitter = ByteLevel{}
	}
	return &plan{size: t.VocabSize, special: t.Special, normalizer: t.Normalizer, splitter: t.Splitter,
		workers: t.Workers, pieces: t.MaxPieces, progress: t.Progress, old: old}
}

func (t BPETrainer) train(old *Tokenizer, texts iter.Seq[string]) (*Tokenizer, error) {
	p := t.plan(old)
	config, err := oldBPE(old)
	if err != nil {
		return nil, err
	}
	if config.Characters {
		return nil, errors.New("the tokenizer to extend works on characters: use CharBPETrainer")
	}
	d, err := p.begin()
	if err != nil {
		return nil, err
	}
	all, err := p.count(d, texts)
	if err != nil {
		return nil, err
	}
	bytes := t.alphabet(d, all.pieces)
	if d.room() < 0 {
		return nil, errors.Errorf("a vocabulary of %d has no room for %d bytes and special tokens", d.size, len(d.tokens))
	}
	spell := func(dst []int32, piece string) []int32 {
		for i := range len(piece) {
			dst = append(dst, bytes[piece[i]])
		}
		return dst
	}
	if len(config.Merges) > 0 {
		if spell, err = respell(d, config); err != nil {
			return nil, err
		}
	}
	b := newPairs(d, mergeRules{least: t.MinFrequency, longest: t.MaxLength, progress: t.Progress}, all, spell)
	b.merge()
	config.Vocab, config.Merges = d.ids, append(config.Merges, b.merges...)
	m, err := newBPE(config)
	if err != nil {
		return nil, err
	}
	return p.finish(d, Stages{Decoder: ByteLevel{}}, m)
}

// alphabet gives bytes their ids, in GPT-2's order.
func (t BPETrainer) alphabet(d *draft, pieces []string) (ids [256]int32) {
	var seen [256]bool
	for _, piece := range pieces {
		for i := range len(piece) {
			seen[piece[i]] = true
		}
	}
	for _, c := range char.ByteAlphabet() {
		if seen[c] || !t.SeenBytes {
			ids[c] = d.token(string(char.ByteRunes[c]))
		}
	}
	return ids
}
