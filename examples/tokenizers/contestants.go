package main

import (
	"iter"
	"path/filepath"
	"strings"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// The names of the kinds in tables and plots.
const (
	bytesKind = "bytes"
	charsKind = "characters"
	wordsKind = "words"
	bpeKind   = "byte-level BPE"
	uniKind   = "Unigram"
	pieceKind = "WordPiece"
)

// unknown is the unknown token of the trained tokenizers. It differs from the "<unk>" that replaces rare words in texts such as
// wikitext-2, so that each tokenizer learns "<unk>" like any other word.
const unknown = "<|unknown|>"

// leastSize is the least vocabulary size: byte-level BPE has every byte.
const leastSize = 256

// trainFunc trains a tokenizer of at most size entries; 0 means no limit.
type trainFunc func(size int, texts iter.Seq[string], progress func(trainer.Progress)) (*tokenize.Tokenizer, error)

// contestant is a tokenizer to compare: a kind to train, or a published tokenizer.
type contestant struct {
	kind  string
	size  int
	train trainFunc
	tok   *tokenize.Tokenizer
}

func (c contestant) name() string {
	if c.size == 0 {
		return c.kind
	}
	return c.kind + " " + number(c.size)
}

// contestants returns every kind of tokenizer to train, in every size.
func contestants(sizes []int) []contestant {
	list := []contestant{{kind: bytesKind, train: trainBytes}, {kind: charsKind, train: trainChars}}
	for _, kind := range []contestant{
		{kind: wordsKind, train: trainWords}, {kind: bpeKind, train: trainBPE}, {kind: uniKind, train: trainUnigram}, {kind: pieceKind, train: trainWordPiece},
	} {
		for _, size := range sizes {
			kind.size = size
			list = append(list, kind)
		}
		if kind.kind == wordsKind {
			kind.size = 0 // every word
			list = append(list, kind)
		}
	}
	return list
}

// trainBytes returns a byte-level BPE without merges.
func trainBytes(_ int, texts iter.Seq[string], progress func(trainer.Progress)) (*tokenize.Tokenizer, error) {
	return trainer.BPE{VocabSize: leastSize, Progress: progress}.Train(texts)
}

func trainChars(_ int, texts iter.Seq[string], progress func(trainer.Progress)) (*tokenize.Tokenizer, error) {
	return trainer.Char{Unknown: unknown, Progress: progress}.Train(texts)
}

func trainWords(size int, texts iter.Seq[string], progress func(trainer.Progress)) (*tokenize.Tokenizer, error) {
	return trainer.Word{VocabSize: size, Unknown: unknown, Progress: progress}.Train(texts)
}

func trainBPE(size int, texts iter.Seq[string], progress func(trainer.Progress)) (*tokenize.Tokenizer, error) {
	return trainer.BPE{VocabSize: size, Progress: progress}.Train(texts)
}

// At most a quarter of the entries of Unigram and WordPiece are single characters (WordPiece has as many again within words). This
// leaves room for longer entries if the text has thousands of characters, as in Korean.

func trainUnigram(size int, texts iter.Seq[string], progress func(trainer.Progress)) (*tokenize.Tokenizer, error) {
	return trainer.Unigram{VocabSize: size, Unknown: unknown, LimitAlphabet: size / 4, Progress: progress}.Train(texts)
}

func trainWordPiece(size int, texts iter.Seq[string], progress func(trainer.Progress)) (*tokenize.Tokenizer, error) {
	return trainer.WordPiece{VocabSize: size, Unknown: unknown, LimitAlphabet: size / 4, Progress: progress}.Train(texts)
}

// load reads published tokenizers. With omit, they leave out text that has no token.
func load(flags []string, omit bool) ([]contestant, error) {
	var list []contestant
	for _, flag := range flags {
		for _, path := range split(flag) {
			tok, err := tokenize.Load(path)
			if err != nil {
				return nil, err
			}
			tok.OmitUnknown = omit
			list = append(list, contestant{kind: published(path), tok: tok})
		}
	}
	return list, nil
}

// published returns the name of a published tokenizer: of its file, or of the folder if the file has a generic name.
func published(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	name := filepath.Base(path)
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	switch stem {
	case "tokenizer", "vocab", "spiece":
		return filepath.Base(filepath.Dir(path))
	}
	if ext := filepath.Ext(name); ext == ".json" || ext == ".model" || ext == ".tiktoken" {
		return stem
	}
	return name
}
