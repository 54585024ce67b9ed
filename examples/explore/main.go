// Explore opens a page in the browser on which text becomes tokens, embeddings, positions, attention and a next token, while a model
// learns or after it has learned.
//
//	go run ./examples/explore                    train a small GPT on Newton's Opticks, and look at it from the first second
//	go run ./examples/explore -model DIR         look at a model: any family, trained here or published; a .gguf file too
//	go run ./examples/explore -run out/gpt       look at a run with its checkpoints, finished or going on
//	go run ./examples/explore -h                 list the flags, in groups
package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

func main() { program(os.Stdout).Main() }

const about = "Explore opens a page in the browser on which text becomes tokens, embeddings, positions, attention and a next token. Without flags " +
	"it trains a small GPT on Newton's Opticks and shows how it learns."

// program declares the command, which writes to w.
func program(w io.Writer) flags.Program {
	o := &options{address: "localhost:0", steps: 1000}
	return flags.Program{Name: "explore", About: about, Commands: []flags.Command{
		{About: "look at a model", Example: "-model out/gpt", Flags: o.flags, Run: func() error { return o.start(w) }},
	}}
}

// options holds the flags.
type options struct {
	model, run, address string
	steps               int
}

func (o *options) flags(f *flags.Set) {
	f.Group("Model")
	f.StringVar(&o.model, "model", o.model, "`folder` of a model, trained here or published, or a .gguf file")
	f.StringVar(&o.run, "run", o.run, "`folder` of a training run with its checkpoints, finished or going on")
	f.IntVar(&o.steps, "steps", o.steps, "number of steps to train without -model and -run")
	f.Group("Page")
	f.StringVar(&o.address, "address", o.address, "`host:port` of the page; port 0 takes a free one. Other hosts than localhost let other machines read the model")
}

// start serves the page until a signal.
func (o *options) start(w io.Writer) error {
	if o.model != "" && o.run != "" {
		return errors.New("-model and -run exclude each other: a run has its own model")
	}
	if err := flags.AtLeast("steps", o.steps, 1); err != nil {
		return err
	}
	shown, err := o.open(w)
	if err != nil {
		return err
	}
	s, err := page.Listen(o.address, page.Page{Inside: shown.Model, History: shown.history, Step: shown.step})
	if err != nil {
		return err
	}
	defer s.Close()
	if !page.Loopback(o.address) {
		fmt.Fprintf(w, "warning: other machines can reach this page and read the model\n")
	}
	fmt.Fprintf(w, "open %s in a browser; Ctrl-C ends the program\n", s.URL)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	failed := make(chan error, 1)
	done := make(chan struct{})
	go func() {
		if err := shown.learn(done); err != nil {
			failed <- err
		}
	}()
	select {
	case <-stop:
		close(done)
		return nil
	case err := <-failed:
		return err
	}
}

// shown is a model with its run, if any.
type shown struct {
	*inside.Model
	history *page.History
	step    *page.Step                       // nil if another process trains, or none
	learn   func(done <-chan struct{}) error // trains the model, or follows its run, until done
}

// open opens the model of the flags, or trains one. While it waits it writes a line to w.
func (o *options) open(w io.Writer) (shown, error) {
	history := page.NewHistory()
	switch {
	case o.run != "":
		return openRun(w, o.run, history)
	case o.model != "":
		if err := flags.WholeModel("model", o.model); err != nil {
			return shown{}, err
		}
		m, err := inside.Open(o.model)
		return shown{m, history, nil, func(done <-chan struct{}) error { <-done; return nil }}, err
	}
	return demonstration(defaultSize(o.steps), history)
}
