package main

import (
	"iter"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train/data"
)

const tokenizerHelp = "char, word, bpe, unigram or wordpiece, trained on the texts to learn from; or a saved one: the folder of a model, a tokenizer.json, " +
	"a vocab.json with its merges.txt, a .model or a .tiktoken"

// starts are the names of a token that begins a text. Tokenizers trained here have the first.
var starts = []string{"<s>", "[CLS]", "<bos>", "<|endoftext|>", "</s>"}

// vocabulary is a tokenizer, its token that begins a text, and the files that the folder of a model holds of it.
type vocabulary struct {
	*tokenize.Tokenizer
	start int32
	files map[string][]byte
}

// vocabulary trains the tokenizer on texts, or loads it.
func (o *options) vocabulary(texts iter.Seq[string]) (v vocabulary, err error) {
	var lower tokenize.Normalizer
	if o.lowercase {
		lower = tokenize.Lowercase{}
	}
	progress := tokenize.ProgressBar(os.Stderr)
	special := starts[:1]
	characters := o.vocab / 4 // with a token of their own, so that a text with thousands leaves room for longer pieces
	switch o.tokenizer {
	case "char":
		v.Tokenizer, err = tokenize.CharTrainer{Special: special, Unknown: "<unk>", Normalizer: lower, Progress: progress}.Train(texts)
	case "word":
		v.Tokenizer, err = tokenize.WordTrainer{VocabSize: o.vocab, MinFrequency: int64(o.minCount), Special: special, Unknown: "<unk>", Normalizer: lower, Progress: progress}.Train(texts)
	case "bpe":
		v.Tokenizer, err = tokenize.BPETrainer{VocabSize: o.vocab, Special: special, Normalizer: lower, Progress: progress}.Train(texts)
	case "unigram":
		v.Tokenizer, err = tokenize.UnigramTrainer{VocabSize: o.vocab, Special: special, LimitAlphabet: characters, Normalizer: lower, Progress: progress}.Train(texts)
	case "wordpiece":
		v.Tokenizer, err = tokenize.WordPieceTrainer{VocabSize: o.vocab, Special: special, LimitAlphabet: characters, Normalizer: lower, Progress: progress}.Train(texts)
	default:
		v.Tokenizer, err = tokenize.Load(o.tokenizer)
	}
	if err != nil {
		return v, err
	}
	if err := v.prepare(); err != nil {
		return v, errors.WithMessagef(err, "the tokenizer of %s", o.tokenizer)
	}
	v.files, err = v.ModelFiles()
	return v, err
}

// prepare finds the token that begins a text, and sets the tokenizer to encode texts without added tokens or cuts.
func (v *vocabulary) prepare() error {
	v.Bare, v.Special, v.Truncation, v.Padding = true, tokenize.AsText, nil, nil
	for _, name := range starts {
		if id, ok := v.TokenToID(name); ok {
			v.start = id
			return nil
		}
	}
	return errors.Errorf("has no token to begin a text with: want one of %s", strings.Join(starts, ", "))
}

// rows encodes texts. Each begins with the start token, so that none is empty.
func (v vocabulary) rows(texts []data.LabelledText, labels []string) (data.Rows, error) {
	rows, err := data.EncodeRows(texts, v, labels)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].IDs = slices.Insert(rows[i].IDs, 0, v.start)
	}
	return rows, nil
}

// longest is the length that 99 % of the rows do not exceed.
func longest(rows data.Rows) int {
	lengths := make([]int, len(rows))
	for i, r := range rows {
		lengths[i] = len(r.IDs)
	}
	slices.Sort(lengths)
	return lengths[int(math.Ceil(0.99*float64(len(lengths))))-1]
}
