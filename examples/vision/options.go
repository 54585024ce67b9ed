package main

import (
	"cmp"
	"flag"
	"math"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/pictures"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// options are the flags of train.
type options struct {
	job.Options
	job.Learning
	images, labels, testImages, testLabels string
	classes                                string
	heldOut                                float64
	size, patch                            int
	layers, heads, dim, hidden             int
	batch                                  int
	dropout                                float64
	flip                                   bool
	shift                                  int

	set *flag.FlagSet
}

// defaults learn the digits that the program draws in about a minute.
func defaults() *options {
	return &options{
		Options:  job.Options{Out: "out/vision", Steps: 1000, EvalEvery: 100, Keep: 2, Unit: "pictures"},
		Learning: job.Learning{LR: 1e-3, Decay: 1e-3, Beta2: 0.999, Clip: 1, MicroBatches: 1, Seed: 1},
		heldOut:  0.1, patch: 4, layers: 3, heads: 4, dim: 64, hidden: 128, batch: 64, dropout: 0.1,
	}
}

func (o *options) flags(f *flags.Set) {
	o.set = f.FlagSet
	f.Group("Data")
	f.StringVar(&o.images, "images", o.images, "idx `file` of pictures to learn from, .gz too (default: digits that the program draws)")
	f.StringVar(&o.labels, "labels", o.labels, "idx `file` of their labels, .gz too")
	f.StringVar(&o.testImages, "test-images", o.testImages, "idx `file` of pictures to score at the end (default: the held-out pictures)")
	f.StringVar(&o.testLabels, "test-labels", o.testLabels, "idx `file` of their labels")
	f.StringVar(&o.classes, "classes", o.classes, "names of the labels 0, 1, …, separated by commas (default: their numbers)")
	f.Float64Var(&o.heldOut, "held-out", o.heldOut, "fraction of -images, drawn at random, that is held out and chooses the best checkpoint")
	f.Group("Model")
	f.IntVar(&o.size, "size", o.size, "width and height in pixels to which pictures are scaled; 0 keeps theirs")
	f.IntVar(&o.patch, "patch", o.patch, "width and height of a patch in pixels; it divides the size of the pictures")
	f.IntVar(&o.layers, "layers", o.layers, "layers of the model")
	f.IntVar(&o.heads, "heads", o.heads, "attention heads of a layer")
	f.IntVar(&o.dim, "dim", o.dim, "number of channels; -heads divides it")
	f.IntVar(&o.hidden, "hidden", o.hidden, "channels inside the MLPs; 0 means 4 times -dim")
	f.Group("Training")
	f.IntVar(&o.batch, "batch", o.batch, "pictures in a batch")
	f.Float64Var(&o.dropout, "dropout", o.dropout, "probability of dropout")
	f.BoolVar(&o.flip, "flip", o.flip, "mirror half of the pictures, drawn at random")
	f.IntVar(&o.shift, "shift", o.shift, "move each picture by up to this many pixels in both directions, drawn at random")
	o.Learning.Flags(f)
	f.Group("Run")
	o.Options.Flags(f)
}

// program tells package job which flags name data and which are fixed.
func (o *options) program() job.Program {
	return job.Program{
		Name: "vision", Flags: o.set, Data: []string{"images", "labels", "test-images", "test-labels", "held-out"},
		Paths: []string{"images", "labels", "test-images", "test-labels"},
		Fixed: []string{"classes", "size", "patch", "layers", "heads", "dim", "hidden", "seed"},
	}
}

// check reports the first flag whose value makes no sense, before any picture is read.
func (o *options) check() error {
	err := flags.First(
		flags.AtLeast("size", o.size, 0), flags.AtLeast("patch", o.patch, 1), flags.AtLeast("layers", o.layers, 1), flags.AtLeast("heads", o.heads, 1),
		flags.AtLeast("dim", o.dim, 1), flags.AtLeast("hidden", o.hidden, 0), flags.AtLeast("batch", o.batch, 1),
		flags.AtLeast("shift", o.shift, 0), flags.AtLeast("micro-batches", o.MicroBatches, 1), flags.Below("dropout", o.dropout, 1),
		flags.Below("held-out", o.heldOut, 1), idxFiles("", o.images, o.labels), idxFiles("test-", o.testImages, o.testLabels), o.Learning.Check(o.Steps))
	if err != nil {
		return err
	}
	if o.images == "" && o.testImages != "" {
		return errors.Errorf("-test-images is %s, but -images is missing: name pictures to learn from", o.testImages)
	}
	if o.images == "" && o.classes != "" {
		return errors.Errorf("-classes is %s, but -images is missing: name pictures to learn from", o.classes)
	}
	if o.heldOut == 0 {
		return errors.New("-held-out is 0, want more: held-out pictures choose the best checkpoint")
	}
	if o.size > pictures.MostSide {
		return errors.Errorf("-size is %d, want at most %d", o.size, pictures.MostSide)
	}
	side := cmp.Or(o.size, o.patch)
	if side%o.patch != 0 {
		return errors.Errorf("-size is %d, want a multiple of -patch, which is %d", side, o.patch)
	}
	return o.vit(side, 1, []string{"a", "b"}).Check()
}

// idxFiles returns an error unless -images and -labels name two files, or none. Their names begin with prefix.
func idxFiles(prefix, images, labels string) error {
	switch {
	case images != "" && labels == "":
		return errors.Errorf("-%simages is %s, but -%[1]slabels is missing: name the file of its labels", prefix, images)
	case images == "" && labels != "":
		return errors.Errorf("-%slabels is %s, but -%[1]simages is missing: name the file of the pictures", prefix, labels)
	}
	return flags.First(flags.File(prefix+"images", images), flags.File(prefix+"labels", labels))
}

// vit returns a model of the sizes in the flags. Its initial weights have the standard deviation 0.72/√dim, 0.026 for the 768 channels of
// the paper, where 0.02 is usual. A small model learns much more slowly with 0.02.
func (o *options) vit(size, channels int, labels []string) models.ViT {
	return models.ViT{
		Labels: labels, Size: size, Patch: o.patch, Channels: channels, Layers: o.layers, Heads: o.heads, Dim: o.dim, Hidden: o.hidden, Dropout: o.dropout,
		InitStd: 0.72 / math.Sqrt(float64(max(o.dim, 1))),
	}
}

// names returns the names in -classes.
func (o *options) names() (names []string) {
	if o.classes == "" {
		return nil
	}
	for name := range strings.SplitSeq(o.classes, ",") {
		names = append(names, strings.TrimSpace(name))
	}
	return names
}
