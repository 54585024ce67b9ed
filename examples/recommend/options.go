package main

import (
	"flag"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// options are the flags of train.
type options struct {
	job.Options
	job.Learning
	data, separator    string
	context            int
	layers, heads, dim int
	normFirst          bool
	batch              int
	dropout            float64

	set *flag.FlagSet
}

// defaults learn the histories that the program makes in under a minute. The model has the sizes of the paper.
func defaults() *options {
	return &options{
		Options:   job.Options{Out: "out/recommend", Steps: 600, EvalEvery: 100, Keep: 2, Unit: "items"},
		Learning:  job.Learning{LR: 1e-3, Beta2: 0.98, MicroBatches: 1, Seed: 1},
		separator: " ", context: 50, layers: 2, heads: 1, dim: 50, batch: 128, dropout: 0.5,
	}
}

func (o *options) flags(f *flags.Set) {
	o.set = f.FlagSet
	f.Group("Data")
	f.StringVar(&o.data, "data", o.data, "`file` of a user and an item per line, .gz too (default: histories that the program makes)")
	f.StringVar(&o.separator, "separator", o.separator, "text between user and item")
	f.Group("Model")
	f.IntVar(&o.context, "context", o.context, "items that the model sees of a user, the last ones")
	f.IntVar(&o.layers, "layers", o.layers, "layers of the model")
	f.IntVar(&o.heads, "heads", o.heads, "attention heads of a layer")
	f.IntVar(&o.dim, "dim", o.dim, "number of channels; -heads divides it")
	f.BoolVar(&o.normFirst, "norm-first", o.normFirst, "norms before all parts of a layer, not of the queries alone")
	f.Group("Training")
	f.IntVar(&o.batch, "batch", o.batch, "users in a batch")
	f.Float64Var(&o.dropout, "dropout", o.dropout, "probability of dropout")
	o.Learning.Flags(f)
	f.Group("Run")
	o.Options.Flags(f)
}

// program tells package job which flags name data and which are fixed.
func (o *options) program() job.Program {
	return job.Program{
		Name: "recommend", Flags: o.set, Data: []string{"data", "separator"}, Paths: []string{"data"},
		Fixed: []string{"context", "layers", "heads", "dim", "norm-first", "seed"},
	}
}

// check reports the first flag whose value makes no sense, before any history is read.
func (o *options) check() error {
	err := flags.First(
		flags.AtLeast("context", o.context, 1), flags.AtLeast("layers", o.layers, 1), flags.AtLeast("heads", o.heads, 1),
		flags.AtLeast("dim", o.dim, 1), flags.AtLeast("batch", o.batch, 1), flags.AtLeast("micro-batches", o.MicroBatches, 1),
		flags.Below("dropout", o.dropout, 1), flags.File("data", o.data), o.Learning.Check(o.Steps))
	if err != nil {
		return err
	}
	return o.model(1).Check()
}

// model returns a model of the sizes in the flags.
func (o *options) model(items int) models.SASRec {
	return models.SASRec{
		Items: items, Context: o.context, Layers: o.layers, Heads: o.heads, Dim: o.dim, NormFirst: o.normFirst, Masked: true,
		Dropout: o.dropout,
	}
}
