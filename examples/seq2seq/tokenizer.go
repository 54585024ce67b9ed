package main

import (
	"iter"
	"os"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train/data"
)

const tokenizerHelp = "`name` of a tokenizer to train on both sides: char, word, bpe, unigram or wordpiece; or the path of a trained tokenizer " +
	"with tokens for padding, beginning and end: the folder of a model, a tokenizer.json, a vocab.json with its merges.txt, a .model or a .tiktoken"

// special lists the special tokens of a trained tokenizer: padding, beginning and end.
var special = []string{"<pad>", "<s>", "</s>"}

// vocabulary is a tokenizer, its special tokens, and its files in the folder of a model.
type vocabulary struct {
	*tokenize.Tokenizer
	marks data.Marks
	files map[string][]byte
}

// vocabulary trains the tokenizer on texts or loads it.
func (o *options) vocabulary(texts iter.Seq[string]) (v vocabulary, err error) {
	progress := tokenize.ProgressBar(os.Stderr)
	characters := o.vocab / 4 // at most, so that a text with thousands of them leaves room for longer pieces
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
		if err := flags.Tokenizer("tokenizer", o.tokenizer); err != nil {
			return v, err
		}
		v.Tokenizer, err = tokenize.Load(o.tokenizer)
	}
	if err != nil {
		return v, err
	}
	v.Tokenizer = v.ForText() // batches add the marks
	if err := v.findMarks(); err != nil {
		return v, errors.WithMessagef(err, "the tokenizer of %s", o.tokenizer)
	}
	v.files, err = v.ModelFiles()
	return v, err
}

// findMarks finds the special tokens by their roles. BERT's [CLS] and [SEP] serve as beginning and end. The error names the roles
// without a token.
func (v *vocabulary) findMarks() error {
	var missing []string
	for _, mark := range []struct {
		name  string
		to    *int32
		roles []func() (int32, bool)
	}{
		{"padding (pad_token)", &v.marks.Pad, []func() (int32, bool){v.Pad}},
		{"the beginning (bos_token)", &v.marks.BOS, []func() (int32, bool){v.BOS, v.CLS}},
		{"the end (eos_token)", &v.marks.EOS, []func() (int32, bool){v.EOS, v.Sep}},
	} {
		found := false
		for _, role := range mark.roles {
			if *mark.to, found = role(); found {
				break
			}
		}
		if !found {
			missing = append(missing, mark.name)
		}
	}
	if len(missing) > 0 {
		return errors.Errorf("has no token for %s: its tokenizer_config.json can name one", strings.Join(missing, " and "))
	}
	return nil
}
