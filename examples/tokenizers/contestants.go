package main

import (
	"iter"
	"path/filepath"
	"strings"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// The kinds, as tables and plots call them.
const (
	bytesKind = "bytes"
	charsKind = "characters"
	wordsKind = "words"
	bpeKind   = "byte-level BPE"
	uniKind   = "Unigram"
	pieceKind = "WordPiece"
)

// unknown is the unknown token of what is trained here. Texts that hold "<unk>" in the place of rare words, as wikitext-2 does, do not
// hold this one, so that each tokenizer learns theirs like any other word.
const unknown = "<|unknown|>"

// leastSize is the number of bytes, which byte-level BPE holds all.
const leastSize = 256

// trainer makes a tokenizer of at most size entries, 0: of as many as there are.
type trainer func(size int, texts iter.Seq[string], progress func(tokenize.Progress)) (*tokenize.Tokenizer, error)

// contestant is a way to cut text: one to train, or one that is there.
type contestant struct {
	kind  string
	size  int
	train trainer
	tok   *tokenize.Tokenizer
}

func (c contestant) name() string {
	if c.size == 0 {
		return c.kind
	}
	return c.kind + " " + number(c.size)
}

// contestants are all kinds of tokenizers that can be trained.
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

// trainBytes is byte-level BPE that merges nothing.
func trainBytes(_ int, texts iter.Seq[string], progress func(tokenize.Progress)) (*tokenize.Tokenizer, error) {
	return tokenize.BPETrainer{VocabSize: leastSize, Progress: progress}.Train(texts)
}

func trainChars(_ int, texts iter.Seq[string], progress func(tokenize.Progress)) (*tokenize.Tokenizer, error) {
	return tokenize.CharTrainer{Unknown: unknown, Progress: progress}.Train(texts)
}

func trainWords(size int, texts iter.Seq[string], progress func(tokenize.Progress)) (*tokenize.Tokenizer, error) {
	return tokenize.WordTrainer{VocabSize: size, Unknown: unknown, Progress: progress}.Train(texts)
}

func trainBPE(size int, texts iter.Seq[string], progress func(tokenize.Progress)) (*tokenize.Tokenizer, error) {
	return tokenize.BPETrainer{VocabSize: size, Progress: progress}.Train(texts)
}

// Of Unigram and WordPiece a quarter of the entries may be single characters (of WordPiece, as many again within words), so that
// room is left for longer ones where there are thousands of characters, as in Korean.

func trainUnigram(size int, texts iter.Seq[string], progress func(tokenize.Progress)) (*tokenize.Tokenizer, error) {
	return tokenize.UnigramTrainer{VocabSize: size, Unknown: unknown, LimitAlphabet: size / 4, Progress: progress}.Train(texts)
}

func trainWordPiece(size int, texts iter.Seq[string], progress func(tokenize.Progress)) (*tokenize.Tokenizer, error) {
	return tokenize.WordPieceTrainer{VocabSize: size, Unknown: unknown, LimitAlphabet: size / 4, Progress: progress}.Train(texts)
}

// load reads published tokenizers. Their names are those of their files, or of the folders when the file's says nothing.
func load(flags []string) ([]contestant, error) {
	var list []contestant
	for _, flag := range flags {
		for _, path := range split(flag) {
			tok, err := tokenize.Load(path)
			if err != nil {
				return nil, err
			}
			list = append(list, contestant{kind: published(path), tok: tok})
		}
	}
	return list, nil
}

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
