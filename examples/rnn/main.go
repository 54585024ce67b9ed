// Rnn compares the Transformer with the recurrent networks that it replaced: a GRU, an LSTM and a GPT-2 with equal numbers of
// parameters, within 2 %, learn the same text from the same batches.
//
// With no arguments it has two tasks. In the first, the models read made-up dates, such as "Monday, January 5, 1998", and write them
// as 1998-01-05. In the second, they learn Newton's Opticks, a book that every Go distribution carries, character by character. It takes
// about two minutes on two cores. For each task it prints a table, and saves a plot and CSV files in out/rnn. The commands are:
//
//	go run ./examples/rnn dates -steps 3000            only the dates, with other settings, or other pairs with -data FILE
//	go run ./examples/rnn text -data input.txt         only the text: a file, a folder or a glob (.gz too)
//	go run ./examples/rnn text -minutes 5              equal time for each model, not equal steps
//	go run ./examples/rnn help text                    list the flags, in groups
//
// The widths of the GRU and of the LSTM follow from the sizes of the Transformer. The table of a text has the loss by the position in
// the window: how much a model gains from a longer past. The RNNs also read twice the window of training, which a Transformer with
// learned positions cannot.
//
// Each model is a run in a folder of its own, such as out/rnn/text/lstm. Ctrl-C finishes the step, saves and exits; the same command
// continues, bit for bit. Models that have finished are only scored again. examples/gpt generates text with any of them.
package main

import (
	"io"
	"os"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
)

func main() { program(os.Stdout).Main() }

const about = "Rnn compares a GRU, an LSTM and a Transformer of equal numbers of parameters, which learn from the same batches. Without a command they " +
	"learn to write dates, then Newton's Opticks, a book that every Go distribution carries."

// program declares the commands, which write to w.
func program(w io.Writer) flags.Program {
	d, o, t := new(demo), defaultsOf("dates"), defaultsOf("text")
	return flags.Program{Name: "rnn", About: about, Commands: []flags.Command{
		{About: "compare the models on dates and on a book", Example: "-out out/again",
			Flags: d.flags, Run: func() error { return d.run(w) }},
		{Name: "dates", About: "compare the models on dates, or on other pairs of texts", Example: "-steps 3000 -out out/longer",
			Flags: o.flags, Run: func() error { return o.compare(w) }},
		{Name: "text", About: "compare the models on a text", Example: "-data input.txt -minutes 5 -out out/shakespeare",
			Flags: t.flags, Run: func() error { return t.compare(w) }},
	}}
}

// demo holds the flags without a command.
type demo struct {
	out    string
	dryRun bool
}

func (d *demo) flags(f *flags.Set) {
	f.StringVar(&d.out, "out", "out/rnn", "`folder` of the tables, the plots and the models")
	f.BoolVar(&d.dryRun, "dry-run", false, "print parameters, memory, time and disk space, and leave no file")
}

// run compares the models on both tasks, or continues where an earlier call has stopped.
func (d *demo) run(w io.Writer) error {
	for _, name := range []string{"dates", "text"} {
		o := defaultsOf(name)
		o.flags(flags.NewSet(name))
		o.Out, o.DryRun = d.out, d.dryRun
		if err := o.compare(w); err != nil || o.stopped {
			return err
		}
	}
	return nil
}
