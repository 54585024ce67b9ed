package trainer

import (
	"iter"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// BPE makes a byte-level BPE tokenizer. It trains on the bytes of any strings, UTF-8 or not, and encodes any string; decoding restores
// the string byte for byte. From the same texts it makes the same merges as Hugging Face's BpeTrainer: the most frequent pair of
// neighbours becomes a token, until the vocabulary is full. Of equally frequent pairs, the pair with the lower ids comes first.
//
// A trainer keeps the different pieces of a stream with their counts, about 100 bytes each, whatever the length of the stream.
// It keeps at most MaxPieces, in addition to the pieces of the last 8·MaxPieces bytes of text. If there are more, it forgets
// the rarest until three quarters are left; a forgotten piece is counted from 0 when it occurs again. Counts are exact until
// MaxPieces is reached. After that, the counts of frequent pieces still are.
type BPE struct {
	VocabSize    int                 // maximum number of entries, special tokens and bytes included; 0: 30,000
	MinFrequency int64               // rarer pairs do not merge
	Special      []string            // the first ids, in this order
	SeenBytes    bool                // only bytes of the texts get tokens; encoding other bytes is an error
	MaxLength    int                 // maximum number of bytes of a token; 0: no limit
	Normalizer   tokenize.Normalizer // nil: the text is unchanged
	Splitter     tokenize.Splitter   // nil: tokenize.ByteLevel, GPT-2's; must hold a tokenize.ByteLevel
	Workers      int                 // 0: GOMAXPROCS. The result does not depend on it
	MaxPieces    int                 // maximum number of different pieces in memory, see above; 0: 10 million
	Progress     func(Progress)      // called from the goroutine that trains
}

// Train makes a tokenizer of texts.
func (t BPE) Train(texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	tok, err := t.train(nil, texts)
	return tok, errors.WithMessage(err, "trainer: train bpe")
}

// TrainFiles is Train on the lines of files (see tokenize.Lines).
func (t BPE) TrainFiles(paths ...string) (*tokenize.Tokenizer, error) {
	return trainFiles(paths, t)
}

// Extend adds special tokens and merges to old, a byte-level BPE, until VocabSize is reached. It keeps the stages, the ids and
// the merges of old. The new merges come after the old ones: a text is cut as before, then merged further.
func (t BPE) Extend(old *tokenize.Tokenizer, texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	tok, err := t.train(old, texts)
	return tok, errors.WithMessage(err, "trainer: extend bpe")
}

func (t BPE) plan(old *tokenize.Tokenizer) *plan {
	if t.VocabSize == 0 {
		t.VocabSize = 30000
	}
	if t.Splitter == nil {
		t.Splitter = tokenize.ByteLevel{}
	}
	return &plan{size: t.VocabSize, special: t.Special, normalizer: t.Normalizer, splitter: t.Splitter,
		workers: t.Workers, pieces: t.MaxPieces, progress: t.Progress, old: old, bytes: true}
}

func (t BPE) train(old *tokenize.Tokenizer, texts iter.Seq[string]) (*tokenize.Tokenizer, error) {
	p := t.plan(old)
	config, err := oldBPE(old)
	if err != nil {
		return nil, err
	}
	if config.Characters {
		return nil, errors.New("the tokenizer to extend works on characters: use trainer.CharBPE")
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
	m, err := tokenize.NewBPE(config)
	if err != nil {
		return nil, err
	}
	return p.finish(d, tokenize.Stages{Decoder: tokenize.ByteLevel{}}, m)
}

// alphabet assigns ids to bytes, in GPT-2's order.
func (t BPE) alphabet(d *draft, pieces []string) (ids [256]int32) {
	var seen [256]bool
	for _, piece := range pieces {
		for i := range len(piece) {
			seen[piece[i]] = true
		}
	}
	for b, token := range (tokenize.ByteLevel{}).Alphabet() {
		if seen[b] || !t.SeenBytes {
			ids[b] = d.token(token)
		}
	}
	return ids
}
