// Package trainer makes tokenizers from text: BPE of bytes and of characters, WordPiece, Unigram, words and characters. A
// trainer is a struct of options, whose zero value works:
//
//	tok, err := trainer.BPE{VocabSize: 8000}.TrainFiles("texts/")
//
// Trainers count the pieces of texts in parallel and in bounded memory. The same texts make the same tokenizer, for any
// number of workers. All trainers but Char have a method Extend, which adds tokens to a tokenizer.
//
// Texts are UTF-8. BPE trains on the bytes of any other string; for all other trainers, such a string is an error that names
// the number of the text, from 1, and the offset of the byte.
package trainer

import (
	"iter"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// Trainer makes a tokenizer of texts.
type Trainer interface {
	// Train makes a tokenizer of texts.
	Train(texts iter.Seq[string]) (*tokenize.Tokenizer, error)
	// TrainFiles makes a tokenizer of the lines of files, as tokenize.Lines reads them.
	TrainFiles(paths ...string) (*tokenize.Tokenizer, error)
}

// TrainOn trains t on the lines of files of any encoding. An error of reading takes precedence over one of training.
func TrainOn(files textfile.Set, t Trainer) (*tokenize.Tokenizer, error) {
	if _, err := textfile.Find(files.Paths...); err != nil {
		return nil, errors.WithMessage(err, "trainer: read") // before a trainer starts on no text
	}
	var failed error
	tok, err := t.Train(func(yield func(string) bool) {
		for line, err := range files.Lines() {
			if err != nil {
				failed = errors.WithMessage(err, "trainer: read")
				return
			}
			if !yield(line) {
				return
			}
		}
	})
	if failed != nil {
		return nil, failed
	}
	return tok, err
}

func trainFiles(paths []string, t Trainer) (*tokenize.Tokenizer, error) {
	return TrainOn(textfile.Set{Paths: paths}, t)
}
