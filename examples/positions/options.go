package main

import (
	"cmp"
	"flag"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// options holds the flags.
type options struct {
	job.Options
	job.Learning
	schemes            schemes
	lengths            lengths
	data               string
	encoding           textfile.Encoding
	layers, heads, dim int
	context, batch     int
	maxDistance        int

	set *flag.FlagSet
}

// defaults returns the flags of the report that the program makes without flags.
func defaults() *options {
	return &options{
		Options:  job.Options{Out: "out/positions", Steps: 1500, EvalEvery: 500, EvalTokens: 20_000, Keep: 1},
		Learning: job.Learning{LR: 1e-2, Beta2: 0.99, Clip: 1, MicroBatches: 1, Seed: 1},
		schemes:  all, layers: 2, heads: 4, dim: 64, context: 64, batch: 8,
	}
}

func (o *options) flags(f *flags.Set) {
	f.Group("Report")
	f.Var(&o.schemes, "schemes", "comma-separated `names` of the ways to know the order of tokens")
	f.Var(&o.lengths, "lengths", "comma-separated `lengths` of the windows to read; each divides the longest (default: 1, 2, 4 and 8 times -context)")
	o.trainFlags(f)
}

// trainFlags declares the flags that the trained models record.
func (o *options) trainFlags(f *flags.Set) {
	o.set = f.FlagSet
	f.Group("Data")
	f.StringVar(&o.data, "data", o.data, "`path` of the text: a file, a folder or a glob, .gz too (default: Newton's Opticks of the Go distribution)")
	f.TextVar(&o.encoding, "encoding", o.encoding, flags.EncodingHelp)
	f.Group("Model")
	f.IntVar(&o.layers, "layers", o.layers, "number of blocks")
	f.IntVar(&o.heads, "heads", o.heads, "attention heads of a block")
	f.IntVar(&o.dim, "dim", o.dim, "number of channels, a multiple of -heads; a head has an even number")
	f.IntVar(&o.context, "context", o.context, "length of the windows of training, in characters")
	f.IntVar(&o.maxDistance, "max-distance", o.maxDistance, "distance from which on all keys share T5's last bucket; 0 means half of -context")
	f.Group("Training")
	f.IntVar(&o.batch, "batch", o.batch, "windows of -context characters in a batch")
	o.Learning.Flags(f)
	f.Group("Run")
	o.Options.Flags(some{f})
}

// some declares the flags of a run that the report has.
type some struct{ job.FlagSet }

// IntVar implements job.FlagSet.
func (f some) IntVar(p *int, name string, value int, usage string) {
	if name != "sample-every" && name != "patience" { // no samples, and the same number of steps for all
		f.FlagSet.IntVar(p, name, value, usage)
	}
}

// program names, for package job, the flags of the data and the flags that a run fixes.
func (o *options) program() job.Program {
	return job.Program{
		Name: "positions", Flags: o.set, Data: []string{"data", "encoding"}, Paths: []string{"data"},
		Fixed: []string{"layers", "heads", "dim", "context", "max-distance", "seed"},
	}
}

// distance returns T5's largest distance.
func (o *options) distance() int { return cmp.Or(o.maxDistance, max(o.context/2, 2)) }

// check returns an error for the first invalid flag.
func (o *options) check() error {
	err := flags.First(
		flags.AtLeast("layers", o.layers, 1), flags.AtLeast("heads", o.heads, 1), flags.AtLeast("dim", o.dim, 1), flags.AtLeast("context", o.context, 2),
		flags.AtLeast("max-distance", o.maxDistance, 0), flags.AtLeast("batch", o.batch, 1), flags.AtLeast("micro-batches", o.MicroBatches, 1),
		flags.Input("data", o.data), o.Learning.Check(o.Steps), o.lengths.check(o.context))
	switch {
	case err != nil:
		return err
	case o.maxDistance == 1:
		return errors.New("-max-distance is 1, want at least 2, or 0 for half of -context")
	case o.dim%(2*o.heads) != 0:
		return errors.Errorf("-dim is %d, which gives no even number of channels to each of the %d -heads", o.dim, o.heads)
	}
	for _, s := range o.schemes {
		if err := o.model(s, 1, o.context).Check(); err != nil {
			return err
		}
	}
	return nil
}

// of returns the options of the run that trains the model of a scheme. The run has a folder of its own, records only the flags of
// training, and resumes if it can.
func (o *options) of(s scheme) (*options, error) {
	c := *o
	c.Out, c.Auto, c.Resume = filepath.Join(o.Out, s.folder()), true, false
	if !resumes(c.Out) {
		c.Change = ""
	}
	f := flags.NewSet("positions")
	c.trainFlags(f)
	var err error
	o.set.Visit(func(given *flag.Flag) {
		if f.Lookup(given.Name) == nil || given.Name == "out" || given.Name == "resume" || given.Name == "change" || err != nil {
			return
		}
		err = f.Set(given.Name, given.Value.String())
	})
	return &c, errors.WithStack(err)
}
