// Mlm trains a BERT, a RoBERTa or a ModernBERT to find hidden words of a text, and fills the gaps of texts with it.
//
// With no arguments it learns from a book, Newton's Opticks, which every Go distribution carries. In about a minute on two cores it trains
// a WordPiece tokenizer and a ModernBERT of 0.4 million parameters, saves both to out/mlm and fills the gaps of a few sentences. On so
// little text a ModernBERT learns faster than a BERT, because it knows the distances of tokens from the start. The flags of train
// work without a command too. Each command does one thing:
//
//	go run ./examples/mlm train -data PATH -out DIR …             learn from a text file, a folder or a glob (.gz too)
//	go run ./examples/mlm train -data FILE -column sentence …     learn from the texts of a column, one per line
//	go run ./examples/mlm fill -model DIR                         ask for texts with [MASK], or read one per line from a pipe
//	go run ./examples/mlm fill -model DIR -text "The [MASK] of light"
//	go run ./examples/mlm eval -model DIR                         score the held-out text of the run, or -data PATH
//	go run ./examples/mlm help train                              list the flags, in groups
//
// The model predicts 15 % of the tokens. Of these 80 % are hidden, 10 % replaced by another and 10 % left, drawn again in each epoch, as in
// RoBERTa; -whole-words hides the tokens of a word together. A model folder has Hugging Face's layout. -init, fill and eval take the
// folder of a published model too. classify -init takes the folder of a model that was trained here: its body knows the language before
// the first label is seen. Ctrl-C finishes the step, saves and leaves; train -resume -out DIR continues the run bit for bit with its own
// settings. The flag -dry-run prints time and memory.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
)

func main() { program(os.Stdout).Main() }

const about = "Mlm trains a BERT, a RoBERTa or a ModernBERT to find hidden words of a text, and fills the gaps of texts. Without a command it learns from " +
	"Newton's Opticks, a book that every Go distribution carries, or resumes an interrupted run, and fills the gaps of a few sentences."

// program declares the commands, which write to w.
func program(w io.Writer) flags.Program {
	o, p, e, m := defaults(), new(filling), new(evaluation), &encoders.Merging{Program: "mlm", Next: "fill"}
	return flags.Program{Name: "mlm", About: about, Commands: []flags.Command{
		{About: "train, then fill a few gaps; takes the flags of train", Example: "-steps 4000 -out out/longer",
			Flags: o.flags, Run: func() error { return demo(w, o) }},
		{Name: "train", About: "train a model on text", Example: "-data book.txt -out out/book",
			Flags: o.flags, Run: func() error { _, err := learn(o); return err }},
		{Name: "fill", About: "fill the gaps of texts", Example: `-model out/mlm -text "The [MASK] of light"`,
			Flags: p.flags, Run: func() error { return p.start(w) }},
		{Name: "eval", About: "score a model on text", Example: "-model out/book",
			Flags: e.flags, Run: func() error { return e.run(w) }},
		{Name: "merge", About: "write the model of a LoRA adapter as a whole model", Example: "-model out/tuned -out out/merged",
			Flags: m.Flags, Run: func() error { return m.Run(w) }},
	}}
}

// demo trains with the defaults, or resumes an interrupted run. If it learned from the book, it fills a few gaps.
func demo(w io.Writer, o *options) error {
	o.Auto = true
	if finished, err := learn(o); err != nil || !finished || o.data != "" {
		return err
	}
	f, err := openFiller(o.Out)
	if err != nil {
		return err
	}
	for _, text := range []string{"The Rays of [MASK] are refracted.", "a Circle of the same [MASK]", "the Sun's Light through a [MASK]"} {
		fmt.Fprintf(w, "\n%s\n", text)
		if err := f.fill(w, text, 3); err != nil {
			return err
		}
	}
	return nil
}
