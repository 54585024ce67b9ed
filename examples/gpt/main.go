// Gpt trains a small causal language model on text and generates text with it: a GPT-2, or a model of another family.
//
// With no arguments it learns from a book, Newton's Opticks, which every Go distribution carries. It trains a byte-level BPE
// tokenizer and a model of 0.9 million parameters, saves both to out/gpt and prints a sample. This takes under a minute on two cores.
// The flags of train, such as -data, also work without a command. The commands are:
//
//	go run ./examples/gpt train -data PATH -out DIR …   learn from a text file, a folder or a glob (.gz too)
//	go run ./examples/gpt generate -model DIR           ask for texts to continue, or read one per line from a pipe
//	go run ./examples/gpt generate -model DIR -prompt TEXT …
//	go run ./examples/gpt eval -model DIR               score the held-out text of the run, or -data PATH
//	go run ./examples/gpt merge -model DIR -out DIR     write the adapter of train -lora as a whole model
//	go run ./examples/gpt help train                    list the flags, in groups
//
// train -family llama trains a Llama; mistral, qwen2, qwen3, gemma2, gemma3, mpt and bloom are the other Transformers, and rnn
// is an LSTM or, with -cell gru, a GRU. -init, generate and eval take the folder of a model of any of them, trained here or published.
// -positions gives GPT-2 another way to know the order of tokens.
//
// Large data are prepared by the program corpus. train -data takes its folder; -pack then fills batches with whole documents, and -mix
// mixes several folders.
//
// Ctrl-C finishes the step, saves and exits; train -resume continues the run, bit for bit. nanoGPT's setting for a CPU on
// tinyshakespeare (characters, 0.8 million parameters) is
//
//	go run ./examples/gpt train -data input.txt -out out/shakespeare -tokenizer char -layers 4 -heads 4 -dim 128 \
//		-context 64 -batch 12 -steps 2000 -lr 1e-3 -min-lr 1e-4 -warmup 100 -beta2 0.99 -decay 0.1 -dropout 0
//
// generate -speculate 3 gives the same text in less time if the text repeats itself, as tables in code do. After 205 of 300 steps, the model
// of the first command took 0.89 of the processor time for these 6,000 tokens. It gains more where the weights do not fit in the caches.
//
//	go run ./examples/gpt train -data "$(go env GOROOT)/src/unicode/tables.go" -context 256 -steps 300 -batch 6 -out out/tables
//	go run ./examples/gpt generate -model out/tables -prompt 'var _Lu = &RangeTable{' -tokens 6000 -temperature 0 -speculate 3
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

func main() { program(os.Stdout).Main() }

const about = "Gpt trains a small language model on text, a GPT-2 or one of another -family, and generates text with it. Without a command it learns from Newton's Opticks, " +
	"a book that every Go distribution carries, or resumes an interrupted run, and prints a sample."

// program declares the commands, which write to w.
func program(w io.Writer) flags.Program {
	o, g, e, m := defaults(), new(generation), new(evaluation), new(merging)
	return flags.Program{Name: "gpt", About: about, Commands: []flags.Command{
		{About: "train, then print a sample; takes the flags of train", Example: "-steps 2000 -out out/longer",
			Flags: o.flags, Run: func() error { return demo(w, o) }},
		{Name: "train", About: "train a model on text", Example: "-data book.txt -out out/book",
			Flags: o.flags, Run: o.train},
		{Name: "generate", About: "generate text with a trained model", Example: `-model out/gpt -prompt "The Rays of Light"`,
			Flags: g.flags, Run: func() error { return g.start(w) }},
		{Name: "eval", About: "score a model on text", Example: "-model out/book",
			Flags: e.flags, Run: func() error { return e.run(w) }},
		{Name: "merge", About: "write the model of a LoRA adapter as a whole model", Example: "-model out/tuned -out out/merged",
			Flags: m.flags, Run: func() error { return m.run(w) }},
	}}
}

// demo trains with the defaults, or resumes an interrupted run, and prints a sample.
func demo(w io.Writer, o *options) error {
	o.Auto = true
	prompt := "The Rays of Light"
	if o.data != "" {
		var err error
		if prompt, err = opening(o.data, o.encoding); err != nil {
			return err
		}
	}
	if finished, err := learn(o); err != nil || !finished {
		return err
	}
	fmt.Fprintln(w, "\nA sample:")
	g := generation{model: o.Out, prompt: prompt, cut: true, omit: o.vocabulary.OmitUnknown, options: sampling(300)}
	return g.run(w)
}

// opening returns the first word of a text.
func opening(path string, e textfile.Encoding) (string, error) {
	if err := flags.Input("data", path); err != nil {
		return "", err
	}
	for line, err := range (textfile.Set{Paths: []string{path}, Encoding: e}).Lines() {
		if err != nil {
			return "", err
		}
		if words := strings.Fields(line); len(words) > 0 {
			return words[0], nil
		}
	}
	return "", errors.Errorf("-data is %q, which has no words: want a text", path)
}
