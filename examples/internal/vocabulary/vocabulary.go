// Package vocabulary trains the tokenizer of an example on its texts, or loads a trained one.
package vocabulary

import (
	"iter"
	"os"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// Kinds and Saved explain a flag -tokenizer.
const (
	Kinds = "char, word, bpe, unigram or wordpiece"
	Saved = "the folder of a model, a tokenizer.json, a vocab.json with its merges.txt, a .model or a .tiktoken"
)

// Vocabulary is a tokenizer for whole texts, without added tokens, and its files in the folder of a model.
type Vocabulary struct {
	*tokenize.Tokenizer
	Files map[string][]byte
}

// Options are the settings of a tokenizer that is trained.
type Options struct {
	Size      int      // bound of the vocabulary; char ignores it
	MinCount  int64    // rarer words get no token; only for word
	Special   []string // tokens that are no text
	Unknown   string   // token for unknown characters; only for char, "" means none
	Lowercase bool
}

// Train trains a tokenizer on texts.
type Train = func(texts iter.Seq[string]) (*tokenize.Tokenizer, error)

// Texts returns an argument of Open that trains on texts.
func Texts(texts iter.Seq[string]) func(Train) (*tokenize.Tokenizer, error) {
	return func(train Train) (*tokenize.Tokenizer, error) { return train(texts) }
}

// Files returns an argument of Open that trains on the lines of files.
func Files(files textfile.Set) func(Train) (*tokenize.Tokenizer, error) {
	return func(train Train) (*tokenize.Tokenizer, error) { return tokenize.TrainOn(files, train) }
}

// Open trains a tokenizer if name is one of Kinds, and otherwise loads it from the path name.
func (o Options) Open(name string, on func(Train) (*tokenize.Tokenizer, error)) (v Vocabulary, err error) {
	if err := flags.Tokenizer("tokenizer", name); err != nil {
		return v, err
	}
	if train := o.trainer(name); train != nil {
		v.Tokenizer, err = on(train)
	} else {
		v.Tokenizer, err = tokenize.Load(name)
	}
	if err != nil {
		return v, err
	}
	v.Tokenizer = v.ForText()
	v.Files, err = v.ModelFiles()
	return v, err
}

// trainer returns the training of a kind, or nil for another name.
func (o Options) trainer(kind string) Train {
	const unknown = "<unk>"
	var lower tokenize.Normalizer
	if o.Lowercase {
		lower = tokenize.Lowercase{}
	}
	progress := tokenize.ProgressBar(os.Stderr)
	characters := o.Size / 4 // with a token of their own, so that a text with thousands leaves room for longer pieces
	switch kind {
	case "char":
		return tokenize.CharTrainer{Special: o.Special, Unknown: o.Unknown, Normalizer: lower, Progress: progress}.Train
	case "word":
		return tokenize.WordTrainer{VocabSize: o.Size, MinFrequency: o.MinCount, Special: o.Special, Unknown: unknown, Normalizer: lower, Progress: progress}.Train
	case "bpe":
		return tokenize.BPETrainer{VocabSize: o.Size, Special: o.Special, Normalizer: lower, Progress: progress}.Train
	case "unigram":
		return tokenize.UnigramTrainer{VocabSize: o.Size, Special: o.Special, LimitAlphabet: characters, Normalizer: lower, Progress: progress}.Train
	case "wordpiece":
		return tokenize.WordPieceTrainer{VocabSize: o.Size, Special: o.Special, LimitAlphabet: characters, Normalizer: lower, Progress: progress}.Train
	}
	return nil
}
