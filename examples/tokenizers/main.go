// Tokenizers shows how bytes, characters, words and subwords cut a text, and why models read subwords.
//
// With no arguments it takes Newton's Opticks, a book that every Go distribution carries. It trains byte-level BPE, Unigram and
// WordPiece of several vocabulary sizes on nine tenths of the book, and cuts the last tenth with each, in some seconds. It prints a
// table (tokens per word, share of unknown tokens, speed), one sentence as each tokenizer cuts it, and a summary; a plot goes to
// out/tokenizers. It takes other texts, one after the other, and compares published tokenizers too:
//
//	go run ./examples/tokenizers -data PATH -data PATH …      files, folders or globs, .gz too
//	go run ./examples/tokenizers -data ratings.txt -column 2  the second field of each line
//	go run ./examples/tokenizers -tokenizer gpt2 -tokenizer t5/spiece.model -tokenizer cl100k_base.tiktoken
//
// Korean and English, in about two minutes on two cores:
//
//	go run ./examples/tokenizers -data ratings_train.txt -data wikitext-2/train.txt -column 2
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/goroot"
	"github.com/gorgoformer/gorgoformer/examples/internal/progress"
)

func main() { program(os.Stdout).Main() }

const about = "Tokenizers shows how bytes, characters, words and subwords cut a text. Without flags it takes Newton's Opticks, a book that every Go " +
	"distribution carries."

// program declares the flags. The tables go to w.
func program(w io.Writer) flags.Program {
	o := defaults()
	return flags.Program{Name: "tokenizers", About: about, Commands: []flags.Command{
		{Example: "-data book.txt -sizes 1000,4000", Flags: o.flags, Run: func() error { return o.run(w) }},
	}}
}

// run compares the tokenizers on every text.
func (o *options) run(w io.Writer) error {
	if err := flags.First(o.check(), flags.Output("out", o.out)); err != nil {
		return err
	}
	if len(o.data) == 0 {
		path, err := goroot.Opticks()
		if err != nil {
			return err
		}
		o.data = texts{path}
	}
	published, err := load(o.tokenizers, o.omit)
	if err != nil {
		return err
	}
	all := make([]*text, len(o.data))
	for i, paths := range o.data { // all texts, before the first comparison
		if all[i], err = o.read(paths); err != nil {
			return err
		}
	}
	for i, t := range all {
		if err := o.compare(w, t, published, i); err != nil {
			return errors.WithMessage(err, t.name)
		}
	}
	return nil
}

// compare trains every tokenizer on a text, cuts the held-out lines, and prints the results.
func (o *options) compare(w io.Writer, t *text, published []contestant, number int) error {
	fmt.Fprintf(w, "%s\n\n", t)
	rows, err := o.rows(t, published)
	if err != nil {
		return err
	}
	printTable(w, rows)
	if err := printCuts(w, o.sample(t, rows), rows); err != nil {
		return err
	}
	png := filepath.Join(o.out, fmt.Sprintf("%d-%s.png", number+1, t.name))
	if err := savePlot(png, t.name, rows); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\nThe plot is in %s.\n\n", wrap(findings(rows), 89), png)
	return nil
}

// rows trains and measures the tokenizers in turn.
func (o *options) rows(t *text, published []contestant) ([]row, error) {
	var rows []row
	short := map[string]bool{} // kinds that do not reach a larger size on this text
	for _, c := range append(contestants(o.sizes), published...) {
		if short[c.kind] {
			continue
		}
		if c.train != nil {
			fmt.Fprintln(os.Stderr, c.name())
		}
		r, err := c.measure(t, progress.Bar(os.Stderr))
		if err != nil {
			return nil, errors.WithMessage(err, c.name())
		}
		short[c.kind] = r.vocab < c.size
		rows = append(rows, r)
	}
	return rows, nil
}
