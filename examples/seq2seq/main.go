// Seq2seq trains the encoder-decoder of "Attention Is All You Need" to turn one text into another.
//
// With no arguments it learns to write dates in one form, "september 27, 1994" as 1994-09-27, from 20,000 made-up ones; it takes
// about two minutes on two cores, saves the model to out/seq2seq and shows what it does to dates it has not seen. Everything else is
// said with subcommands:
//
//	go run ./examples/seq2seq train -data PAIRS -separator TAB -out DIR …    one file of source<TAB>target lines, .gz too
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

	"github.com/pkg/errors"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "seq2seq:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	command := "demo"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	switch command {
	case "demo":
		return demo()
	case "train":
		o := defaults()
		if err := parse(command, args, o.flags); err != nil {
			return err
		}
		return learn(o)
	case "generate":
		var g generation
		if err := parse(command, args, g.flags); err != nil {
			return err
		}
		return g.run(os.Stdout)
	case "eval":
		var e evaluation
		if err := parse(command, args, e.flags); err != nil {
			return err
		}
		return e.run(os.Stdout)
	}
	return errors.Errorf("there is no command %q: the commands are train, generate and eval", command)
}

// parse reads a command's flags; -h prints them and ends the program.
func parse(command string, args []string, declare func(*flag.FlagSet)) error {
	f := flag.NewFlagSet("seq2seq "+command, flag.ExitOnError)
	declare(f)
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return errors.Errorf("%s: unexpected argument %q: everything is given by flags, see -h", command, f.Arg(0))
	}
	return nil
}

// demo is the main job: train on made-up dates, or finish a run that was interrupted, and show what was learnt.
func demo() error {
	o := defaults()
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
