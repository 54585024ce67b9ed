package main

import (
	"context"
	"runtime"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// options holds the flags.
type options struct {
	data                     paths
	format, field, separator string
	encoding                 textfile.Encoding
	longest, maxBad, dedup   int

	vocabulary   vocabulary.Options
	special, end string
	sample       int

	shards    string
	shardSize int
	heldOut   float64
	seed      uint64
	out       string
	workers   int

	set     *flags.Set
	context context.Context
}

func defaults() *options {
	return &options{
		format: "auto", longest: 128, vocabulary: vocabulary.Options{Name: "bpe", Size: 8192}, special: endOfText, sample: 32,
		shards: string(data.Own), shardSize: 100_000_000, heldOut: 0.01, seed: 1, out: "out/corpus", workers: runtime.GOMAXPROCS(0), context: context.Background(),
	}
}

func (o *options) flags(f *flags.Set) {
	o.set = f
	f.Group("Documents")
	f.Var(&o.data, "data", "`path` of the documents: a file, a folder or a glob, .gz and .zst too; repeat the flag for more (default: the sources of Go's package net)")
	f.StringVar(&o.format, "format", o.format, "`name` of the format: text, lines, jsonl, csv, tsv or parquet; auto goes by the name of each file, and takes others as text")
	f.StringVar(&o.field, "field", o.field, "field of JSONL, or column of CSV, TSV and Parquet, that holds the document; a number counts the columns of a file without a header, from 0 (default: text)")
	f.StringVar(&o.separator, "separator", o.separator, "line between the documents of a text (default: a file is one document)")
	f.TextVar(&o.encoding, "encoding", o.encoding, flags.EncodingHelp)
	f.IntVar(&o.longest, "longest", o.longest, "longest record in MiB; longer ones are bad; encoding one takes about ten times its size in memory")
	f.IntVar(&o.maxBad, "max-bad", o.maxBad, "largest number of bad records, which are left out and named in bad.txt: damaged lines, invalid text, no such field, a file that ends early")
	f.IntVar(&o.dedup, "dedup", o.dedup, "leave out exact duplicates of documents, with this many MiB of memory for their hashes; 64 MiB hold 3 million documents; 0 keeps duplicates")
	f.Group("Tokens")
	o.vocabulary.Flags(f, "the first documents", "")
	f.IntVar(&o.sample, "sample", o.sample, "MiB of documents to train a tokenizer on")
	f.StringVar(&o.special, "special", o.special, "comma-separated tokens that are no text, for a trained tokenizer; for mlm [PAD],[UNK],[CLS],[SEP],[MASK]")
	f.StringVar(&o.end, "end", o.end, "token after each document (default: the tokenizer's eos_token, or its sep_token)")
	f.Group("Shards")
	f.StringVar(&o.out, "out", o.out, "`folder` of the shards and the tokenizer")
	f.StringVar(&o.shards, "shards", o.shards, "`name` of the format of the shards: own, nanogpt or llm.c")
	f.IntVar(&o.shardSize, "shard-size", o.shardSize, "tokens in a shard, after which the next begins with the next document")
	f.Float64Var(&o.heldOut, "held-out", o.heldOut, "fraction of the documents that is held out, drawn at random, in val-….bin")
	f.Uint64Var(&o.seed, "seed", o.seed, "seed of the draw of -held-out")
	f.IntVar(&o.workers, "workers", o.workers, "documents that are encoded at a time; the shards do not depend on it")
}

// check returns an error for the first invalid flag.
func (o *options) check() error {
	err := flags.First(
		flags.AtLeast("longest", o.longest, 1), flags.AtLeast("max-bad", o.maxBad, 0), flags.AtLeast("dedup", o.dedup, 0), flags.AtLeast("sample", o.sample, 1),
		flags.AtLeast("vocab", o.vocabulary.Size, 1), flags.AtLeast("shard-size", o.shardSize, 1), flags.Below("held-out", o.heldOut, 1), flags.AtLeast("workers", o.workers, 1))
	const most = 1 << 20 // MiB
	switch {
	case err != nil:
		return err
	case max(o.longest, o.dedup, o.sample) > most:
		return errors.Errorf("-longest, -dedup and -sample are %d, %d and %d MiB, want at most %d", o.longest, o.dedup, o.sample, most)
	case o.workers > 1024:
		return errors.Errorf("-workers is %d, want at most 1024", o.workers)
	case !slices.Contains([]string{"own", "nanogpt", "llm.c"}, o.shards):
		return errors.Errorf("-shards is %q, want own, nanogpt or llm.c", o.shards)
	case o.separator != "" && o.format != "auto" && o.format != "text":
		return errors.Errorf("-separator is %q, but format %s has its own: leave it out", o.separator, o.format)
	case strings.ContainsAny(o.separator, "\r\n"):
		return errors.Errorf("-separator is %q, want a line without its end", o.separator)
	case o.out == "":
		return errors.New(`-out is "", want a folder`)
	}
	for _, path := range o.data {
		if err := flags.Input("data", path); err != nil {
			return err
		}
	}
	if err := flags.Tokenizer("tokenizer", o.vocabulary.Name); err != nil {
		return err
	}
	return flags.Output("out", o.out)
}

// paths is a flag that can be repeated.
type paths []string

// String implements flag.Value.
func (p *paths) String() string { return strings.Join(*p, " ") }

// Set implements flag.Value.
func (p *paths) Set(s string) error {
	if s == "" {
		return errors.New("it names nothing")
	}
	*p = append(*p, s)
	return nil
}
