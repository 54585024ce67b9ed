package main

import (
	"os"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

const tokenizerHelp = "`name` of a tokenizer to train on the text: char, word, bpe, unigram or wordpiece; or the path of a trained one: " +
	"the folder of a model, a tokenizer.json, a vocab.json with its merges.txt, a .model or a .tiktoken"

// vocabulary is a tokenizer and the files that the folder of a model holds of it.
type vocabulary struct {
	*tokenize.Tokenizer
	files map[string][]byte
}

// vocabulary trains the tokenizer on the text, or loads it: from a folder if the run begins with that.
func (o *options) vocabulary(from, path string) (v vocabulary, err error) {
	if from == "" {
		from = o.tokenizer
		if err := flags.Tokenizer("tokenizer", from); err != nil {
			return v, err
		}
	}
	progress, text := tokenize.ProgressBar(os.Stderr), textfile.Set{Paths: []string{path}, Encoding: o.encoding}
	characters := o.vocab / 4 // that a piece of its own may be, so that a text with thousands leaves room for longer pieces
	switch from {
	case "char":
		v.Tokenizer, err = tokenize.TrainOn(text, tokenize.CharTrainer{Progress: progress}.Train)
	case "word":
		v.Tokenizer, err = tokenize.TrainOn(text, tokenize.WordTrainer{VocabSize: o.vocab, Unknown: "<unk>", Progress: progress}.Train)
	case "bpe":
		v.Tokenizer, err = tokenize.TrainOn(text, tokenize.BPETrainer{VocabSize: o.vocab, Progress: progress}.Train)
	case "unigram":
		v.Tokenizer, err = tokenize.TrainOn(text, tokenize.UnigramTrainer{VocabSize: o.vocab, LimitAlphabet: characters, Progress: progress}.Train)
	case "wordpiece":
		v.Tokenizer, err = tokenize.TrainOn(text, tokenize.WordPieceTrainer{VocabSize: o.vocab, LimitAlphabet: characters, Progress: progress}.Train)
	default:
		v.Tokenizer, err = tokenize.Load(from)
	}
	if err != nil {
		return v, err
	}
	v.Tokenizer = v.ForText()
	v.files, err = v.ModelFiles()
	return v, err
}
