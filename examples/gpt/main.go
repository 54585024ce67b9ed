// Gpt trains a small GPT-2 on text and lets it write.
//
// With no arguments it learns from a real book, Newton's Opticks, which every Go distribution carries: it trains a byte-level BPE
// vocabulary and a model of 1.2 million parameters, which takes under two minutes on two cores, saves both to out/gpt and prints a
// sample. The flags of train, such as -data, go without a command too. Everything else is said with subcommands:
//
//	go run ./examples/gpt train -data PATH -out DIR …   learn from a text file, a folder or a glob (.gz too)
//	go run ./examples/gpt generate -model DIR -prompt TEXT …
//	go run ./examples/gpt eval -model DIR -data PATH
//
// Ctrl-C finishes the step, saves and leaves; train -resume goes on where it was, bit for bit. nanoGPT's setting for a CPU on
// tinyshakespeare (characters, 0.8 million parameters) is
//
//	go run ./examples/gpt train -data input.txt -out out/shakespeare -tokenizer char -layers 4 -heads 4 -dim 128 \
//		-context 64 -batch 12 -steps 2000 -lr 1e-3 -min-lr 1e-4 -warmup 100 -beta2 0.99 -decay 0.1 -dropout 0
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "gpt:", err)
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
		if err := flags.Parse("gpt", about, args, o.flags); err != nil {
			return err
		}
		return demo(o)
	case "train":
		o := defaults()
		if err := flags.Parse("gpt "+command, "", args, o.flags); err != nil {
			return err
		}
		return learn(o)
	case "generate":
		var g generation
		if err := flags.Parse("gpt "+command, "", args, g.flags); err != nil {
			return err
		}
		return g.run(os.Stdout)
	case "eval":
		var e evaluation
		if err := flags.Parse("gpt "+command, "", args, e.flags); err != nil {
			return err
		}
		return e.run(os.Stdout)
	}
	return errors.Errorf("there is no command %q: the commands are train, generate and eval", command)
}

// demo is the main job: train with the defaults, or finish a run that was interrupted, and print a sample.
func demo(o *options) error {
	o.resume = true
	if err := learn(o); err != nil {
		return err
	}
	fmt.Println("\nA sample:")
	g := generation{model: o.out, prompt: "The Rays of Light", options: sampling(300)}
	return g.run(os.Stdout)
}

// opticks is the text of every Go distribution that is long enough to learn from.
func opticks() (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", errors.Wrap(err, "go env GOROOT, to find the text to learn from; or name another with -data")
	}
	return filepath.Join(strings.TrimSpace(string(root)), "src", "testdata", "Isaac.Newton-Opticks.txt"), nil
}
