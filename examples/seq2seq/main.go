// Seq2seq trains the encoder-decoder of "Attention Is All You Need" to turn one text into another.
//
// With no arguments it learns to write dates in one form, "september 27, 1994" as 1994-09-27, from 20,000 made-up ones; it takes
// about two minutes on two cores, saves the model to out/seq2seq and shows what it does to dates it has not seen. The flags of train
// go without a command too. Everything else is said with subcommands:
//
//	go run ./examples/seq2seq train -data PAIRS -out DIR …    one file of source<TAB>target lines, .gz too
//	go run ./examples/seq2seq train -source FILE -target FILE -out DIR …     or two files, line by line
//	go run ./examples/seq2seq generate -model DIR -prompt TEXT -beam N
//	go run ./examples/seq2seq eval -model DIR -data PAIRS
//
// The last tenth of the pairs is held out: train stops on it and eval scores it. Ctrl-C finishes the step, saves and leaves; train
// -resume goes on where it was, bit for bit.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "seq2seq:", err)
		os.Exit(1)
	}
}

const about = "The commands are train, generate and eval. Without one it trains and shows what was learnt."

func run(args []string) error {
	command := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		command, args = args[0], args[1:]
	}
	switch command {
	case "":
		o := defaults()
		if err := flags.Parse("seq2seq", about, args, o.flags); err != nil {
			return err
		}
		return demo(o)
	case "train":
		o := defaults()
		if err := flags.Parse("seq2seq "+command, "", args, o.flags); err != nil {
			return err
		}
		return learn(o)
	case "generate":
		var g generation
		if err := flags.Parse("seq2seq "+command, "", args, g.flags); err != nil {
			return err
		}
		return g.run(os.Stdout)
	case "eval":
		var e evaluation
		if err := flags.Parse("seq2seq "+command, "", args, e.flags); err != nil {
			return err
		}
		return e.run(os.Stdout)
	}
	return errors.Errorf("there is no command %q: the commands are train, generate and eval", command)
}

// demo is the main job: train on made-up dates, or finish a run that was interrupted, and show what was learnt.
func demo(o *options) error {
	o.resume = true
	if err := learn(o); err != nil {
		return err
	}
	for _, date := range []string{"february 29, 2024", "3/14/15", "Friday, July 4, 1997", "1 JAN 2000"} {
		g := generation{model: o.out, prompt: date, beam: 4}
		fmt.Printf("%-22s → ", date)
		if err := g.run(os.Stdout); err != nil {
			return err
		}
	}
	return nil
}
