package job

import (
	"cmp"
	"flag"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// Options holds the settings that every run has.
type Options struct {
	Out         string // folder of the run; not empty
	Steps       int    // optimizer steps of the whole run, at least 1
	EvalEvery   int    // steps between evaluations, each of which saves a checkpoint; at least 1
	EvalTokens  int    // number of targets of an evaluation; 0 scores all
	SampleEvery int    // steps between samples; 0 means no samples
	Patience    int    // consecutive evaluations without improvement that end the run; 0 never ends it
	Keep        int    // number of newest checkpoints to keep, in addition to the best; 0 keeps all
	Average     int    // number of newest checkpoints whose mean is the model of the run; 0 means the best checkpoint

	Metrics    Metrics // files that receive the figures; "" means csv
	NoiseScale int     // micro-batches of a measurement of the gradient noise scale at each evaluation; 0 measures none

	Unit string // of the targets, in lines and help, such as texts; "" means tokens; not a flag

	Resume bool   // resume the run in Out, which must exist
	Auto   bool   // resume the run in Out if there is one; not a flag
	Change string // names of flags that may differ from the run's, separated by commas
	DryRun bool   // Start prints memory and time, and the run leaves no file
	FindLR bool   // Start tests learning rates and draws them to lr.png, and the run trains no step
	Verify int    // step to recompute instead of training; 0 means none
	Watch  Watch  // address of a page that shows the run; "" means no page
	Config Config // TOML file of flags; "" means none
	Sweep  Sweep  // lists of values of flags, one run for each combination; "" means one run

	Portable bool // compute with kernels whose bits do not depend on the processor
	Zero     bool // divide the optimizer's moments among the ranks, see train.Trainer.Shard

	Cluster Cluster // for a dry run
}

// FlagSet declares flags. A flag.FlagSet implements it.
type FlagSet interface {
	StringVar(p *string, name, value, usage string)
	IntVar(p *int, name string, value int, usage string)
	Uint64Var(p *uint64, name string, value uint64, usage string)
	Float64Var(p *float64, name string, value float64, usage string)
	BoolVar(p *bool, name string, value bool, usage string)
	Var(value flag.Value, name, usage string)
}

var _ FlagSet = (*flag.FlagSet)(nil)

// Flags declares the flags of o. Their defaults are the values of o.
func (o *Options) Flags(f FlagSet) {
	f.StringVar(&o.Out, "out", o.Out, "`folder` of the model, its checkpoints and its log")
	f.IntVar(&o.Steps, "steps", o.Steps, "number of optimizer steps of the whole run")
	f.IntVar(&o.EvalEvery, "eval-every", o.EvalEvery, "steps between evaluations on held-out data")
	f.IntVar(&o.EvalTokens, "eval-tokens", o.EvalTokens, "number of "+o.unit()+" of an evaluation, spread evenly over the held-out data; 0 scores all")
	f.IntVar(&o.SampleEvery, "sample-every", o.SampleEvery, "steps between samples of the model's output; 0 means no samples")
	f.IntVar(&o.Patience, "patience", o.Patience, "consecutive evaluations without improvement that end the run; 0 never ends it")
	f.IntVar(&o.Keep, "keep", o.Keep, "number of newest checkpoints to keep, in addition to the best; 0 keeps all")
	f.IntVar(&o.Average, "average", o.Average, "number of newest checkpoints whose mean is saved as the model, instead of the best checkpoint; 0 means the best")
	f.Var(&o.Metrics, "metrics", "`kinds` of files of the figures in -out: csv, jsonl, tensorboard, separated by commas; log.csv is always written")
	f.IntVar(&o.NoiseScale, "noise-scale", o.NoiseScale, "number of micro-batches of a measurement of the gradient noise scale at each evaluation; 0 measures none")
	f.BoolVar(&o.Resume, "resume", o.Resume, "resume the run in -out with its own settings")
	f.StringVar(&o.Change, "change", o.Change, "names of `flags` that may differ from the resumed run, separated by commas: lr,batch")
	f.BoolVar(&o.DryRun, "dry-run", o.DryRun, "print parameters, memory, time and disk space, and leave no file")
	f.BoolVar(&o.FindLR, "find-lr", o.FindLR, "test learning rates on 100 steps, draw the losses to lr.png in -out, and train nothing")
	f.Var(&o.Config, "config", "`file` in TOML with values of flags, such as steps = 500; flags of the command line win; paths are relative to the current folder, as on the command line")
	f.Var(&o.Sweep, "sweep", "`lists` of values of flags, as lr=1e-3,3e-4 decay=0,0.1: one run in a folder below -out for each combination, and a table at the end, also in sweep.csv")
	f.BoolVar(&o.Zero, "zero", o.Zero, "under mpirun, divide the optimizer's moments among the ranks (ZeRO-1): less memory, the same weights")
	f.IntVar(&o.Verify, "verify", o.Verify, "recompute this `step` of the run in -out from the checkpoint before it and compare the weights bit for bit, instead of training")
	f.BoolVar(&o.Portable, "portable", o.Portable, "compute the same bits on all processors with AVX2 or NEON, more slowly")
	o.Cluster.flags(f)
	f.Var(&o.Watch, "watch", "show the run on a page for the browser; -watch=host:port chooses its address. Other hosts than localhost let other machines read the model")
}

// unit returns the name of the targets.
func (o *Options) unit() string { return cmp.Or(o.Unit, "tokens") }

// unrecorded are the flags of a process, which do not change the training. The record of the run omits them.
var unrecorded = []string{"out", "resume", "change", "dry-run", "find-lr", "config", "sweep", "watch", "verify", "zero", "ranks", "link", "latency"}

// Recorded reports whether the record of a run keeps the flag of this name. It omits the flags of Options that belong to a process.
func Recorded(name string) bool { return !slices.Contains(unrecorded, name) }

// free are the flags that may always differ from the run's.
var free = []string{"steps", "eval-every", "sample-every", "patience", "keep", "average", "metrics", "noise-scale"}

// check returns an error for the first invalid option.
func (o *Options) check() error {
	if o.Out == "" {
		return errors.New("-out is empty, want a folder")
	}
	for _, f := range []struct {
		name         string
		value, least int
	}{
		{"steps", o.Steps, 1}, {"eval-every", o.EvalEvery, 1}, {"eval-tokens", o.EvalTokens, 0}, {"sample-every", o.SampleEvery, 0},
		{"patience", o.Patience, 0}, {"keep", o.Keep, 0}, {"average", o.Average, 0}, {"noise-scale", o.NoiseScale, 0}, {"verify", o.Verify, 0},
	} {
		if f.value < f.least {
			return errors.Errorf("-%s is %d, want at least %d", f.name, f.value, f.least)
		}
	}
	switch {
	case o.Keep > 0 && o.Average > o.Keep:
		return errors.Errorf("-average is %d, but -keep keeps %d checkpoints: want -keep at least as large, or 0", o.Average, o.Keep)
	case o.NoiseScale == 1:
		return errors.New("-noise-scale is 1, want at least 2 micro-batches, or 0")
	case o.DryRun && o.FindLR:
		return errors.New("-dry-run and -find-lr: give one of them")
	case o.Verify > 0 && (o.DryRun || o.Resume || o.FindLR):
		return errors.New("-verify with -dry-run, -find-lr or -resume: leave them out")
	case o.Sweep != "":
		return errors.New("-sweep: this program runs no sweeps")
	}
	return o.Cluster.check(o.DryRun)
}

// Rehearses reports whether the process leaves the run as it is: in a dry run, with FindLR, and when it verifies a step.
func (o *Options) Rehearses() bool { return o.DryRun || o.FindLR || o.Verify > 0 }

// changes returns the names in -change.
func (o *Options) changes() (names []string) {
	for name := range strings.SplitSeq(o.Change, ",") {
		if name = strings.TrimLeft(strings.TrimSpace(name), "-"); name != "" {
			names = append(names, name)
		}
	}
	return names
}
