package main

import (
	"flag"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// options holds the flags of a comparison.
type options struct {
	job.Options
	job.Learning
	name                         string // dates or text
	data                         string
	encoding                     textfile.Encoding
	layers, heads, dim, recLayer int
	recLR                        float64
	context, batch               int
	dropout, minutes             float64

	set     *flags.Set
	given   []*flag.Flag // on the command line
	stopped bool         // the comparison was interrupted
}

// defaultsOf returns options for a task that take about a minute on two cores.
func defaultsOf(name string) *options {
	o := &options{
		Options:  job.Options{Out: "out/rnn", Steps: 500, EvalEvery: 50, EvalTokens: 20_000, Keep: 1, Auto: true},
		Learning: job.Learning{LR: 2e-3, Decay: 0.1, Beta2: 0.99, Clip: 1, MicroBatches: 1, Seed: 1},
		name:     name, layers: 2, heads: 4, dim: 64, recLayer: 1, recLR: 5e-3, batch: 64,
	}
	if name == "text" {
		o.Steps, o.EvalEvery, o.context, o.batch = 300, 30, 256, 8
	}
	return o
}

func (o *options) flags(f *flags.Set) {
	o.set = f
	f.Group("Data")
	if o.name == "text" {
		f.StringVar(&o.data, "data", o.data, "`path` of the text to learn from: a file, a folder or a glob, .gz too (default: Newton's Opticks of the Go distribution)")
	} else {
		f.StringVar(&o.data, "data", o.data, "`file` of pairs of texts, separated by a tab, one pair per line, .gz too (default: made-up dates)")
	}
	f.TextVar(&o.encoding, "encoding", o.encoding, flags.EncodingHelp)
	f.Group("Models")
	f.IntVar(&o.layers, "layers", o.layers, "number of blocks of the Transformer")
	f.IntVar(&o.heads, "heads", o.heads, "attention heads of a block")
	f.IntVar(&o.dim, "dim", o.dim, "number of channels of the Transformer, a multiple of -heads; the widths of the RNNs follow from its parameters")
	f.IntVar(&o.recLayer, "rnn-layers", o.recLayer, "number of layers of the RNNs")
	if o.name == "text" {
		f.IntVar(&o.context, "context", o.context, "length of the windows, in characters")
	}
	f.Float64Var(&o.dropout, "dropout", o.dropout, "probability of dropout")
	f.Group("Training")
	f.IntVar(&o.batch, "batch", o.batch, "windows or pairs in a batch")
	f.Float64Var(&o.minutes, "minutes", o.minutes, "minutes of training of each model, whose -steps follow from its speed; 0 means equal -steps")
	f.Float64Var(&o.recLR, "rnn-lr", o.recLR, "highest learning rate of the RNNs; -lr is the Transformer's")
	o.Learning.Flags(f)
	f.Group("Run")
	o.Options.Flags(f)
}

// program names, for package job, the flags of the data and the flags that a run fixes.
func (o *options) program() job.Program {
	return job.Program{
		Name: "rnn " + o.name, Flags: o.set.FlagSet, Data: []string{"data", "encoding"}, Paths: []string{"data"},
		Fixed: []string{"layers", "heads", "dim", "rnn-layers", "context", "minutes", "seed"},
	}
}

// note records the flags on the command line, before others get the values of a run.
func (o *options) note() { o.set.Visit(func(f *flag.Flag) { o.given = append(o.given, f) }) }

// of returns the options of one model's run, with flags of their own. Of these, only those on the command line count as given.
func (o *options) of(c contender) (*options, error) {
	own := *o
	own.flags(flags.NewSet(o.name))
	for _, f := range o.given {
		if err := own.set.Set(f.Name, f.Value.String()); err != nil {
			return nil, errors.Wrapf(err, "-%s", f.Name)
		}
	}
	own.Out, own.Resume = o.dir(c.name), false // Auto resumes
	if !hasRun(own.Out) {
		own.Change = ""
	}
	return &own, nil
}

// recall sets the flags that are not on the command line to their values in the run of a folder.
func (o *options) recall(run string) error {
	p := o.program()
	p.Data = nil
	o.set.VisitAll(func(f *flag.Flag) {
		if job.Recorded(f.Name) {
			p.Data = append(p.Data, f.Name)
		}
	})
	_, err := job.Recall(p, run)
	return err
}

// check returns an error for the first invalid flag.
func (o *options) check() error {
	input, context := flags.File, 1
	if o.name == "text" {
		input, context = flags.Input, o.context
	}
	low := o.Learning
	low.LR = o.recLR
	err := flags.First(
		input("data", o.data), flags.AtLeast("layers", o.layers, 1), flags.AtLeast("heads", o.heads, 1), flags.AtLeast("dim", o.dim, 1),
		flags.AtLeast("rnn-layers", o.recLayer, 1), flags.AtLeast("context", context, 1), flags.AtLeast("batch", o.batch, 1),
		flags.AtLeast("steps", o.Steps, 1), flags.AtLeast("eval-every", o.EvalEvery, 1), flags.AtLeast("micro-batches", o.MicroBatches, 1), flags.Below("dropout", o.dropout, 1), flags.Below("minutes", o.minutes, 1e6),
		o.Learning.Check(o.Steps))
	switch {
	case err != nil:
		return err
	case o.minutes > 0 && slices.ContainsFunc(o.given, func(f *flag.Flag) bool { return f.Name == "steps" }):
		return errors.Errorf("-minutes is %g and -steps is %d: give one of them", o.minutes, o.Steps)
	case !(o.recLR >= 0) || low.Check(o.Steps) != nil:
		return errors.Errorf("-rnn-lr is %g, want at least 0 and at least -min-lr", o.recLR)
	}
	return o.transformer(1, max(o.context, 1)).Check()
}
