// Recommend trains a small Transformer, SASRec, to name the next item of a user.
//
// With no arguments it makes histories of 2,000 users who walk through 300 items by a few rules and now and then pick any item. It
// learns the rules in under a minute on two cores, saves the model to out/recommend, prints how often the right item is among the
// first ten, and recommends items to a few users. The flags of train work without a command too. Each command does one thing:
//
//	go run ./examples/recommend train -data FILE -out DIR …
//	go run ./examples/recommend eval -model DIR                        score the last item of each user
//	go run ./examples/recommend predict -model DIR -history "3 17 4"   recommend items after these
//
// Data have a user and an item per line, in order of time for each user. The last item of each user is the right answer of the test, the
// last but one that of the validation. Items are numbered from 1. The test draws 100 other items for each user and ranks them with the
// right one, as is usual, and then ranks all items that the user does not have. The best checkpoint has the largest NDCG@10 among 100 other
// items in validation, because the ranks still improve when the loss is flat. Ctrl-C finishes the step, saves and leaves; train -resume
// -out DIR continues the run bit for bit with its own settings. The flag -dry-run prints time and memory.
//
// The file Video.txt of github.com/kang205/SASRec has 31,013 users and 23,715 games. This trains 200 epochs at a constant rate, in 15 minutes
// of one processor. Among 100 other items, HR@10 is 0.742 and NDCG@10 0.539 on the 30,901 users with a test item; among all items that a
// user does not have, 0.073 and 0.036:
//
//	go run ./examples/recommend train -data Video.txt.gz -out out/video -steps 48400 -min-lr 1e-3 -eval-every 2420 -eval-tokens 10000
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
)

func main() { program(os.Stdout).Main() }

const about = "Recommend trains a small Transformer to name the next item of a user. Without a command it learns from histories that it makes, " +
	"or resumes a run that was interrupted, and recommends items to a few users."

// program declares the commands, which write to w.
func program(w io.Writer) flags.Program {
	o, e, p := defaults(), new(evaluation), new(prediction)
	return flags.Program{Name: "recommend", About: about, Commands: []flags.Command{
		{About: "train, then recommend items to a few users; the flags are those of train", Example: "-steps 2000 -out out/longer",
			Flags: o.flags, Run: func() error { return demo(w, o) }},
		{Name: "train", About: "train a model on histories of users", Example: "-data Video.txt.gz -out out/video",
			Flags: o.flags, Run: func() error { _, err := learn(w, o); return err }},
		{Name: "eval", About: "score a model on the last item of each user", Example: "-model out/video -data Video.txt.gz",
			Flags: e.flags, Run: func() error { return e.run(w) }},
		{Name: "predict", About: "recommend items after a history", Example: `-model out/video -history "3 17 4"`,
			Flags: p.flags, Run: func() error { return p.run(w) }},
	}}
}

// demo trains with the defaults, or finishes a run that was interrupted. If it made the histories, it recommends items to a few users.
func demo(w io.Writer, o *options) error {
	o.Auto = true
	if finished, err := learn(w, o); err != nil || !finished || o.data != "" {
		return err
	}
	fmt.Fprintln(w, "\nUsers go from an item to the one that is 1, 7 or 60 further; the rule depends on the item before:")
	for _, history := range []string{"10 11 12", "10 17 24", "10 70 130"} {
		p := prediction{model: o.Out, history: history, n: 3}
		if err := p.run(w); err != nil {
			return err
		}
	}
	return nil
}
