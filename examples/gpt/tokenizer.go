package main

import (
	"os"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

const tokenizerHelp = "`name` of a tokenizer to train on the text: char, word, bpe, unigram or wordpiece; or the path of a trained tokenizer: " +
	"the folder of a model, a tokenizer.json, a vocab.json with its merges.txt, a .model or a .tiktoken"

// vocabulary is a tokenizer and its files in the folder of a model.
type vocabulary struct {
	*tokenize.Tokenizer
	files map[string][]byte
}

// vocabulary trains or loads the tokenizer of -tokenizer. If from is not "", it loads the tokenizer of that folder.
func (o *options) vocabulary(from, path string) (v vocabulary, err error) {
	if from == "" {
		from = o.tokenizer
		if err := flags.Tokenizer("tokenizer", from); err != nil {
			return v, err
		}
	}
	progress, text := tokenize.ProgressBar(os.Stderr), textfile.Set{Paths: []string{path}, Encoding: o.encoding}
	characters := o.vocab / 4 // at most, so that a text with thousands of them leaves room for longer pieces
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
