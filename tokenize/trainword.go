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
	Progress     func(Progress) // called from the goroutine that trains
}

// Train makes a tokenizer of the words of texts: the most frequent first, those of equal count in order of their bytes.
func (t WordTrainer) Train(texts iter.Seq[string]) (*Tokenizer, error) {
	if t.Splitter == nil {
		t.Splitter = Words{}
	}
	unknown := t.Unknown
	if unknown == "" {
		unknown = "<unk>"
	}
	if t.NoUnknown {
		unknown = ""
	}
	w := wordList{size: t.VocabSize, special: t.Special, unknown: unknown}
	if err := w.begin(); err != nil {
		return nil, errors.WithMessage(err, "tokenize: train words")
	}
	c := counter{t.Normalizer, t.Splitter, w.matcher(), t.Workers, t.Progress}
	words := w.frequent(c.count(texts), t.MinFrequency)
	s := Stages{Normalizer: t.Normalizer, Splitter: t.Splitter, Decoder: WordJoiner{}}
	return w.tokenizer(s, words[:min(len(words), w.room())])
}

// TrainFiles is Train on the lines of files (see Lines).
func (t WordTrainer) TrainFiles(paths ...string) (*Tokenizer, error) {
	return trainFiles(paths, t.Train)
}

// CharTrainer makes a tokenizer of single characters, in order of their code points. Decoded text is the very text, but for
// bytes that are no characters, which are read as U+FFFD. Its zero value takes every character, and one that it has not
// seen is an error when encoded.
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
	w := wordList{size: t.VocabSize, special: t.Special, unknown: t.Unknown}
	if err := w.begin(); err != nil {
		return nil, errors.WithMessage(err, "tokenize: train characters")
	}
	c := counter{t.Normalizer, Chars{}, w.matcher(), t.Workers, t.Progress}
	all := c.count(texts)
	chars := w.frequent(all, t.MinFrequency)
	chars = chars[:min(len(chars), w.room())]
	if seen := len(w.frequent(all, 0)); t.Unknown == "" && len(chars) < seen {
		return nil, errors.Errorf("tokenize: train characters: %d of %d fit: raise VocabSize, lower MinFrequency or name an Unknown token",
			len(chars), seen)
	}
	slices.Sort(chars)
	return w.tokenizer(Stages{Normalizer: t.Normalizer, Splitter: Chars{}, Decoder: Fuse{}}, chars)
}

// TrainFiles is Train on the lines of files (see Lines).
func (t CharTrainer) TrainFiles(paths ...string) (*Tokenizer, error) {
	return trainFiles(paths, t.Train)
}

// wordList is a vocabulary in the making: special tokens, then words.
type wordList struct {
	size    int
	special []string
	unknown string
	ids     map[string]int32
}

// begin gives the special tokens their ids.
func (w *wordList) begin() error {
	w.special = slices.Clone(w.special)
	if w.unknown != "" && !slices.Contains(w.special, w.unknown) {
		w.special = append(w.special, w.unknown)
	}
	w.ids = map[string]int32{}
	for i, s := range w.special {
		if _, twice := w.ids[s]; twice || s == "" {
			return errors.Errorf("special token %q: empty or there twice", s)
		}
		w.ids[s] = int32(i)
	}
	if w.size < 0 || w.size > 0 && w.size <= len(w.special) {
		return errors.Errorf("a vocabulary of %d has no room beside %d special tokens", w.size, len(w.special))
	}
	return nil
}

// room is the number of words that still fit.
func (w *wordList) room() int {
	if w.size == 0 {
		return 1<<31 - 1 - len(w.ids)
	}
	return w.size - len(w.ids)
}

func (w *wordList) added() []AddedToken {
	added := make([]AddedToken, len(w.special))
	for i, s := range w.special {
		added[i] = AddedToken{ID: int32(i), Text: s, Special: true}
	}
	return added
}

func (w *wordList) matcher() *matcher {
	m := &matcher{}
	for _, a := range w.added() {
		m.add(a, a.Text)
	}
	return m.finish()
}

// frequent returns the words of t that are no special tokens and occur at least least times, the most frequent first.
func (w *wordList) frequent(t *tally, least int64) []string {
	counts := map[string]int64{}
	for i, piece := range t.pieces {
		counts[validText(piece)] += t.counts[i]
	}
	var words []string
	for word, n := range counts {
		if _, special := w.ids[word]; !special && n >= least {
			words = append(words, word)
		}
	}
	slices.SortFunc(words, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return words
}

// tokenizer gives words the next ids and puts the model into s.
func (w *wordList) tokenizer(s Stages, words []string) (*Tokenizer, error) {
	for _, word := range words {
		w.ids[word] = int32(len(w.ids))
	}
	m, err := NewWordLevel(w.ids, w.unknown)
	if err != nil {
		return nil, err
	}
	s.Model, s.Added = m, w.added()
	return New(s)
}
