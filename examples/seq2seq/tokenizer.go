package main

import (
	"iter"
	"os"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train"
)

const tokenizerHelp = "`name` of a tokenizer to train on both sides: char, word, bpe, unigram or wordpiece; or the path of a trained one " +
	"that has tokens for padding, beginning and end: the folder of a model, a tokenizer.json, a vocab.json with its merges.txt, a .model or a .tiktoken"

// special are the tokens that are no text, of what is trained here: padding, beginning and end.
var special = []string{"<pad>", "<s>", "</s>"}

// published are the names that these have elsewhere.
var published = [3][]string{{"<pad>", "[PAD]"}, {"<s>", "[CLS]", "<bos>"}, {"</s>", "[SEP]", "<eos>"}}

// vocabulary is a tokenizer, its tokens that are no text, and the file that the folder of a model holds of it.
type vocabulary struct {
	*tokenize.Tokenizer
	marks train.Marks
	file  string
	data  []byte
}

// vocabulary trains the tokenizer on texts, or loads it.
func (o *options) vocabulary(texts iter.Seq[string]) (v vocabulary, err error) {
	progress := tokenize.ProgressBar(os.Stderr)
	characters := o.vocab / 4 // that a piece of its own may be, so that a text with thousands leaves room for longer pieces
	switch o.tokenizer {
	case "char":
		v.Tokenizer, err = tokenize.CharTrainer{Special: special, Unknown: "<unk>", Progress: progress}.Train(texts)
	case "word":
		v.Tokenizer, err = tokenize.WordTrainer{VocabSize: o.vocab, Special: special, Unknown: "<unk>", Progress: progress}.Train(texts)
	case "bpe":
		v.Tokenizer, err = tokenize.BPETrainer{VocabSize: o.vocab, Special: special, Progress: progress}.Train(texts)
	case "unigram":
		v.Tokenizer, err = tokenize.UnigramTrainer{VocabSize: o.vocab, Special: special, LimitAlphabet: characters, Progress: progress}.Train(texts)
	case "wordpiece":
		v.Tokenizer, err = tokenize.WordPieceTrainer{VocabSize: o.vocab, Special: special, LimitAlphabet: characters, Progress: progress}.Train(texts)
	default:
		v.Tokenizer, err = tokenize.Load(o.tokenizer)
	}
	if err != nil {
		return v, err
	}
	v.Bare = true // batches have the marks
	if err := v.findMarks(); err != nil {
		return v, errors.WithMessagef(err, "the tokenizer of %s", o.tokenizer)
	}
	v.file, v.data, err = v.ModelFile()
	return v, err
}

// findMarks finds the tokens that are no text. The error names those that are missing.
func (v *vocabulary) findMarks() error {
	var missing []string
	for i, id := range []*int32{&v.marks.Pad, &v.marks.BOS, &v.marks.EOS} {
		found := false
		for _, name := range published[i] {
			if *id, found = v.TokenToID(name); found {
				break
			}
		}
		if !found {
			missing = append(missing, strings.Join(published[i], " or "))
		}
	}
	if len(missing) > 0 {
		return errors.Errorf("has no token %s: want one each for padding, beginning and end", strings.Join(missing, ", no "))
	}
	return nil
}
