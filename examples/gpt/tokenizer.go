package main

import (
	"os"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

const tokenizerHelp = "`name` of a tokenizer to train on the text: char, word, bpe, unigram or wordpiece; or the path of a trained one: " +
	"the folder of a model, a tokenizer.json, a vocab.json with its merges.txt, a .model or a .tiktoken"

// vocabulary is a tokenizer and the file that the folder of a model holds of it.
type vocabulary struct {
	*tokenize.Tokenizer
	file string
	data []byte
}

// vocabulary trains the tokenizer on the text, or loads it: from a folder if the run begins with that.
func (o *options) vocabulary(from, text string) (v vocabulary, err error) {
	if from == "" {
		from = o.tokenizer
	}
	progress := tokenize.ProgressBar(os.Stderr)
	characters := o.vocab / 4 // that a piece of its own may be, so that a text with thousands leaves room for longer pieces
	switch from {
	case "char":
		v.Tokenizer, err = tokenize.CharTrainer{Progress: progress}.TrainFiles(text)
	case "word":
		v.Tokenizer, err = tokenize.WordTrainer{VocabSize: o.vocab, Unknown: "<unk>", Progress: progress}.TrainFiles(text)
	case "bpe":
		v.Tokenizer, err = tokenize.BPETrainer{VocabSize: o.vocab, Progress: progress}.TrainFiles(text)
	case "unigram":
		v.Tokenizer, err = tokenize.UnigramTrainer{VocabSize: o.vocab, LimitAlphabet: characters, Progress: progress}.TrainFiles(text)
	case "wordpiece":
		v.Tokenizer, err = tokenize.WordPieceTrainer{VocabSize: o.vocab, LimitAlphabet: characters, Progress: progress}.TrainFiles(text)
	default:
		v.Tokenizer, err = tokenize.Load(from)
	}
	if err != nil {
		return v, err
	}
	v.Bare = true // a text to go on from has no marks around it
	v.file, v.data, err = v.ModelFile()
	return v, err
}
