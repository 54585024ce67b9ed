package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/examples/internal/pictures"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// training is a model, its Programs over the same weights, and how they are trained.
type training struct {
	*options
	parts
	scale   data.Scale
	model   models.ViT
	params  *graph.Params
	batches *data.PictureBatches
	trainer *train.Trainer
	setup   job.Setup
}

// learn trains a model on pictures, saves it and scores it. finished is false if the run was interrupted or only planned.
func learn(w io.Writer, o *options) (finished bool, err error) {
	if err := flags.Output("out", o.Out); err != nil {
		return false, err
	}
	run, err := job.Open(&o.Options, o.program())
	if err != nil {
		return false, err
	}
	defer run.Close()
	t, err := prepare(o, run)
	if err != nil {
		return false, err
	}
	if err := run.Start(t.setup); err != nil {
		return false, err
	}
	for r, err := range t.trainer.Steps(run.Context(), t.batches) {
		if err != nil {
			return false, err
		}
		run.Step(r)
		if run.SampleDue() {
			text, err := t.sample(r.Step)
			if err != nil {
				return false, err
			}
			run.Sample(text)
		}
		if run.Due() && run.Save(run.Evaluate()) {
			break
		}
	}
	if finished, err := run.Finish(); err != nil || !finished {
		return false, err
	}
	return true, score(w, t.setup.Eval, t.test.Sequential(t.batch, t.scale), t.test.Len(), t.model.Labels)
}

// prepare reads the pictures, declares the model and builds the Programs.
func prepare(o *options, run *job.Run) (t *training, err error) {
	t = &training{options: o}
	if err := o.check(); err != nil {
		return nil, err
	}
	if t.parts, err = o.parts(); err != nil {
		return nil, err
	}
	t.scale.Mean, t.scale.Std = t.learning.Moments()
	if side := t.learning.Height; side%o.patch != 0 {
		return nil, errors.Errorf("-patch is %d, want a divisor of the side of the pictures, which is %d: set -patch, or -size to scale the pictures", o.patch, side)
	}
	for c, std := range t.scale.Std {
		if std == 0 { // all pictures are the same in this channel
			t.scale.Std[c] = 1
		}
	}
	t.model, t.params = o.vit(t.learning.Height, t.learning.Channels, t.parts.labels), t.Params()
	if t.setup.Files, err = pictures.NewProcessor(t.model.Size, t.scale); err != nil {
		return nil, err
	}
	if err := t.build(run); err != nil {
		return nil, err
	}
	t.describe()
	return t, t.show()
}

// show answers the page of -watch.
func (t *training) show() (err error) {
	if t.Watch == "" {
		return nil
	}
	batches := t.learning.Batches(t.batch, t.scale)
	batches.Seed, batches.Flip, batches.Shift = t.Seed, t.flip, t.shift
	m := inside.Watched(t.model, nil, nil, t.Options, t.MicroBatches, batches)
	m.Pictures, err = inside.Show(t.held, t.scale, t.model)
	t.setup.Inside = m
	return err
}

// build makes the Programs and the Trainer.
func (t *training) build(run *job.Run) error {
	loss := t.model.Loss(t.batch, t.model.Size)
	err := run.Require(func(m graph.Mode) (graph.Requirements, error) { return graph.Estimate(t.params, m, loss) })
	if err != nil {
		return err
	}
	step, err := graph.Build(t.params, graph.Train, loss)
	if err != nil {
		return err
	}
	if t.setup.Eval, err = graph.Build(t.params, graph.Eval, loss); err != nil {
		return err
	}
	if t.trainer, err = t.Trainer(step, t.Steps); err != nil {
		return err
	}
	t.batches = t.learning.Batches(t.batch, t.scale)
	t.batches.Seed, t.batches.Flip, t.batches.Shift = t.Seed, t.flip, t.shift
	held := t.held.Sequential(t.batch, t.scale)
	held.Spread = t.EvalTokens
	t.setup.Trainer, t.setup.Batches, t.setup.Held = t.trainer, t.batches, held
	return nil
}

// describe sets the configuration, the key of the data, the first line of the run and its next command.
func (t *training) describe() {
	t.setup.Config, t.setup.Data = t.model, t.key()
	from := "digits that the program draws"
	if t.images != "" {
		from = "pictures of " + filepath.Base(t.images)
	}
	t.setup.About = message.NewPrinter(language.English).Sprintf("a ViT of %d parameters on %d %s with %d classes, %d held out, %d×%d pixels in %d patches",
		t.params.Size(), t.learning.Len(), from, len(t.model.Labels), t.held.Len(), t.model.Size, t.model.Size, t.patches())
	t.setup.Next = fmt.Sprintf("%s -model %s", flags.Call("vision", "attention"), t.Out)
}

// patches returns the number of patches of a picture.
func (t *training) patches() int {
	side := t.model.Size / t.model.Patch
	return side * side
}

// sample names the class of a held-out picture with the weights of a step.
func (t *training) sample(step int) (string, error) {
	one := t.held.Select([]int{step / t.SampleEvery % t.held.Len()})
	found, err := train.PredictPass(t.setup.Eval, one.Sequential(t.batch, t.scale), 1)
	if err != nil {
		return "", err
	}
	p := found[0]
	return fmt.Sprintf("%s (%.4f), want %s", t.model.Labels[p.Class], p.Probabilities[p.Class], t.model.Labels[p.Target]), nil
}
