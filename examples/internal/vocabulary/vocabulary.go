// Package vocabulary trains the tokenizer of an example on its texts, or loads a trained one.
package vocabulary

import (
	"cmp"
	"iter"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/examples/internal/progress"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
	"github.com/gorgoformer/gorgoformer/train/mpi"
)

// Kinds and Saved explain a flag -tokenizer.
const (
	Kinds = "char, word, bpe, unigram or wordpiece"
	Saved = "the folder of a model, a tokenizer.json, a vocab.json with its merges.txt, a .model, a .tiktoken or a .gguf"
)

// Vocabulary is a tokenizer for whole texts, without added tokens, and its files in the folder of a model.
type Vocabulary struct {
	*tokenize.Tokenizer
	Files map[string][]byte
}

// Options are the settings of a tokenizer.
type Options struct {
	Name        string // a kind to train, or the path of a trained tokenizer
	OmitUnknown bool   // leave out text that has no token, instead of returning an error

	// The others are for a tokenizer that is trained.
	Size      int      // bound of the vocabulary; char ignores it
	MinCount  int64    // rarer words get no token; only for word
	Special   []string // tokens that are no text
	Unknown   string   // token for unknown characters; only for char, "" means none
	Lowercase bool
}

// Flags declares -tokenizer, -vocab and -omit-unknown. Their defaults are the values of o. The help names the text that trains a tokenizer
// and the tokens that a trained one needs.
func (o *Options) Flags(f *flags.Set, on, needs string) {
	f.StringVar(&o.Name, "tokenizer", o.Name, "`name` of a tokenizer to train on "+on+": "+Kinds+"; or the path of a trained one"+needs+": "+Saved)
	f.IntVar(&o.Size, "vocab", o.Size, "vocabulary size of a trained tokenizer; char ignores it")
	OmitFlag(f, &o.OmitUnknown)
}

// OmitFlag declares -omit-unknown.
func OmitFlag(f *flags.Set, p *bool) {
	f.BoolVar(p, "omit-unknown", *p, "leave out text that has no token, instead of returning an error (OmitUnknown); no effect on a tokenizer with an unknown token")
}

// Paths returns the names of the flags that are paths: "tokenizer", unless its value is a kind.
func (o Options) Paths() []string {
	if o.trainer(o.Name) != nil {
		return nil
	}
	return []string{"tokenizer"}
}

// Texts returns an argument of Open that trains on texts.
func Texts(texts iter.Seq[string]) func(trainer.Trainer) (*tokenize.Tokenizer, error) {
	return func(t trainer.Trainer) (*tokenize.Tokenizer, error) { return t.Train(texts) }
}

// Files returns an argument of Open that trains on the lines of files.
func Files(files textfile.Set) func(trainer.Trainer) (*tokenize.Tokenizer, error) {
	return func(t trainer.Trainer) (*tokenize.Tokenizer, error) { return trainer.TrainOn(files, t) }
}

// Open trains a tokenizer if o.Name is one of Kinds, and otherwise loads it. If from is not "", Open loads the tokenizer in that folder
// instead.
func (o Options) Open(from string, on func(trainer.Trainer) (*tokenize.Tokenizer, error)) (v Vocabulary, err error) {
	name := cmp.Or(from, o.Name)
	if err := flags.Tokenizer("tokenizer", name); err != nil {
		return v, err
	}
	if t := o.trainer(name); t != nil && from == "" {
		v.Tokenizer, err = on(t)
	} else {
		v.Tokenizer, err = folder.Tokenizer(name)
		if err == nil && flags.IsGGUF(name) {
			v.Tokenizer, err = resaved(v.Tokenizer)
		}
	}
	if err != nil {
		return v, err
	}
	v.Tokenizer = v.ForText()
	v.OmitUnknown = o.OmitUnknown
	v.Files, err = v.ModelFiles()
	return v, err
}

// resaved returns t as it is after saving and loading. A GGUF file has less of a tokenizer than a folder, so that the tokenizer of a resumed run
// would differ from that of its start.
func resaved(t *tokenize.Tokenizer) (*tokenize.Tokenizer, error) {
	files, err := t.ModelFiles()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "tokenizer")
	if err != nil {
		return nil, errors.WithStack(err)
	}
	defer os.RemoveAll(dir)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			return nil, errors.WithStack(err)
		}
	}
	return tokenize.Load(dir)
}

// trainer returns the trainer of a kind, or nil for another name.
func (o Options) trainer(kind string) trainer.Trainer {
	const unknown = "<unk>"
	var lower tokenize.Normalizer
	if o.Lowercase {
		lower = tokenize.Lowercase{}
	}
	bar := progress.Bar(mpi.Screen(os.Stderr))
	characters := o.Size / 4 // with a token of their own, so that a text with thousands leaves room for longer pieces
	switch kind {
	case "char":
		return trainer.Char{Special: o.Special, Unknown: o.Unknown, Normalizer: lower, Progress: bar}
	case "word":
		return trainer.Word{VocabSize: o.Size, MinFrequency: o.MinCount, Special: o.Special, Unknown: unknown, Normalizer: lower, Progress: bar}
	case "bpe":
		return trainer.BPE{VocabSize: o.Size, Special: o.Special, Normalizer: lower, Progress: bar}
	case "unigram":
		return trainer.Unigram{VocabSize: o.Size, Special: o.Special, LimitAlphabet: characters, Normalizer: lower, Progress: bar}
	case "wordpiece":
		return trainer.WordPiece{VocabSize: o.Size, Special: o.Special, LimitAlphabet: characters, Normalizer: lower, Progress: bar}
	}
	return nil
}
