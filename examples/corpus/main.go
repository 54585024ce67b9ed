// Corpus prepares documents for training: it encodes them in parallel into shards of token ids, which gpt and mlm read with -data DIR.
//
// With no arguments it takes the sources of Go's package net as documents. It trains a byte-level BPE tokenizer, writes shards to
// out/corpus, prints a report and draws the lengths of the documents, in a few seconds. It takes texts, JSONL, CSV, TSV and Parquet,
// also packed as .gz or .zst, of any size:
//
//	go run ./examples/corpus -data 'wiki/*.jsonl.zst' -out wiki               the field text of each line
//	go run ./examples/corpus -data books.parquet -field content -out books    a column
//	go run ./examples/corpus -data stories.txt -separator '<|endoftext|>'     documents between lines
//	go run ./examples/corpus -data more.jsonl -tokenizer wiki -out more       with the tokenizer of another corpus
//	go run ./examples/gpt train -data wiki -pack -out out/wiki                train on whole documents
//
// Memory stays bounded, whatever the size of the data. A run that was interrupted or killed resumes when the same command runs again,
// and writes the same shards. With -shards nanogpt or llm.c, other programs read them.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// workingSet is the memory, without the hashes of documents, that the collector of garbage aims at. Long documents need more.
const workingSet = 160 << 20

func main() { program(os.Stdout).Main() }

const about = "Corpus encodes documents into shards of token ids, from which gpt and mlm learn. Without flags it takes the sources of Go's package net. " +
	"If it was interrupted, the same command resumes it."

// program declares the flags. The report goes to w.
func program(w io.Writer) flags.Program {
	o := defaults()
	return flags.Program{Name: "corpus", About: about, Commands: []flags.Command{
		{Example: "-data 'wiki/*.jsonl.zst' -out wiki", Flags: o.flags, Run: func() error { return o.run(w) }},
	}}
}

// run prepares the corpus.
func (o *options) run(w io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	documents, err := o.documents()
	if err != nil {
		return err
	}
	if err := o.checkUsed(documents); err != nil {
		return err
	}
	if err := o.keep(); err != nil {
		return err
	}
	tok, err := o.tokenizer(documents)
	if err != nil {
		return err
	}
	p, err := o.preparation(documents, tok)
	if err != nil {
		return err
	}
	debug.SetMemoryLimit(int64(workingSet + o.dedup<<20)) // the hashes would let garbage grow to their size
	ctx, stop := train.UntilInterrupt(o.context)
	defer stop()
	s := screen{w: os.Stderr}
	p.Progress = s.show
	report, err := p.Run(ctx)
	s.end()
	if ctx.Err() != nil && err != nil {
		_, err := fmt.Fprintf(w, "interrupted: the same command resumes after the last complete shard of %s\n", o.out)
		return errors.WithStack(err)
	}
	if err != nil {
		return o.named(err)
	}
	return o.finish(w, report)
}

// finish prints the report and draws the lengths.
func (o *options) finish(w io.Writer, r data.Report) error {
	png := filepath.Join(o.out, "lengths.png")
	if err := savePlot(png, r); err != nil {
		return err
	}
	if err := printReport(w, r); err != nil {
		return err
	}
	next := fmt.Sprintf("Next: %s -data %s", flags.Call("gpt", "train"), o.out)
	if r.HeldOut == 0 {
		next = fmt.Sprintf("No document is held out of %d, and gpt and mlm need some: cut the text into more documents with -separator, or raise -held-out, which is %v",
			r.Documents, o.heldOut)
	}
	_, err := fmt.Fprintf(w, "The shards are in %s, and the lengths in %s.\n%s\n", o.out, png, next)
	return errors.WithStack(err)
}
