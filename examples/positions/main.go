// Positions shows which ways of knowing the order of tokens survive texts longer than those of training.
//
// With no arguments it takes Newton's Opticks, a book that every Go distribution carries. It trains the same small GPT on its
// characters once for each way: same seed, same batches, windows of 64 characters. It then reads held-out text in windows of 64, 128,
// 256 and 512 characters, the same text for every length and every model, and prints the losses. This takes about two minutes on two
// cores. The folder out/positions gets two tables, losses.csv and by-position.csv, a plot of both, losses.png, and a folder for each
// trained model, which examples/gpt opens too.
//
//	go run ./examples/positions -data PATH -out DIR …   other text: a file, a folder or a glob, .gz too
//	go run ./examples/positions -schemes rope,yarn      only some ways
//
// A table of learned positions ends with the window of training, and the program prints the model's own error. RoPE+YaRN is the RoPE
// model, read with frequencies for the longer window. T5's buckets grow up to -max-distance, by default half of the window of training
// and not the 128 of the paper: a bucket for distances that training rarely or never saw would keep its first random values. All far
// keys share the last bucket. Its bias must sink far enough that hundreds of keys do not outweigh the near ones, which takes high rates
// and many steps.
//
// Ctrl-C finishes the step, saves and exits. The same command continues; models that are trained are kept.
//
// On tinyshakespeare, with no flags but -data and -out, the loss of 50,176 held-out characters in windows of 64, and its growth in windows
// of 128, 256 and 512, all trained in six minutes of one processor:
//
//	sinusoid    1.929   +32.8%  +50.8%  +59.7%
//	RoPE        1.848    +3.7%  +39.0%  +64.7%
//	RoPE+YaRN   1.848    +1.6%   +6.4%  +19.5%
//	T5          1.823    -0.6%   -0.7%   +0.2%
//	ALiBi       1.942    -0.4%   -0.6%   -0.6%
//	Shaw        1.817    -0.4%   -0.2%   +0.5%
//	NoPE        2.290    +3.3%   +6.1%   +8.3%
//	learned     1.889   refused
//
//	go run ./examples/positions -data input.txt -out out/shakespeare
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/train/mpi"
)

func main() { program(os.Stdout).Main() }

const about = "Positions trains the same small GPT once for each way of knowing the order of tokens, and reads held-out text in windows longer " +
	"than those of training. Without flags it takes Newton's Opticks, a book that every Go distribution carries, or continues an interrupted report."

// program declares the flags. The report goes to w.
func program(w io.Writer) flags.Program {
	o := defaults()
	return flags.Program{Name: "positions", About: about, Commands: []flags.Command{
		{Example: "-data book.txt -schemes rope,yarn,alibi -out out/book", Flags: o.flags, Run: func() error { return o.run(w) }},
	}}
}

// run trains the models that the schemes need, reads the held-out text with them, and writes the report.
func (o *options) run(w io.Writer) error {
	if err := o.prepare(); err != nil {
		return err
	}
	t, err := o.read()
	if err != nil {
		return err
	}
	rows, err := o.rows(w, t)
	if rank, _ := mpi.Launched(); err != nil || rows == nil || rank > 0 { // rank 0 reports
		return err
	}
	r := result{context: o.context, lengths: o.lengths.read(o.context), rows: rows, targets: len(t.blocks.tokens) * t.blocks.size}
	fmt.Fprintln(w)
	r.print(w)
	if err := r.save(o.Out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "The tables and the plot are in %s: losses.csv, by-position.csv, losses.png.\n", o.Out)
	return errors.WithStack(err)
}

// rows trains the models and reads the held-out text with them. It returns nil if a training was interrupted or only planned.
func (o *options) rows(w io.Writer, t *text) (rows []row, err error) {
	for _, group := range o.schemes.groups() {
		m, err := o.train(w, t, group[0])
		if err != nil {
			return nil, err
		}
		if m == nil {
			_, err := fmt.Fprintf(w, "interrupted: the same command continues the report in %s\n", o.Out)
			return nil, errors.WithStack(err)
		}
		for _, s := range group {
			if o.Rehearses() {
				break
			}
			r, err := m.row(t, s)
			if err != nil {
				return nil, err
			}
			rows = append(rows, r)
		}
	}
	return rows, nil
}
