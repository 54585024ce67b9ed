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
	model       models.SASRec
	params      *graph.Params
	recommender *recommender
	batches     *data.HistoryBatches
	trainer     *train.Trainer
	setup       job.Setup
}

// learn trains a model on histories, saves it and scores it. finished is false if the run was interrupted or only planned.
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
	return true, t.recommender.score(w, t.test)
}

// prepare reads the histories, declares the model and builds the Programs.
func prepare(o *options, run *job.Run) (t *training, err error) {
	t = &training{options: o}
	if err := o.check(); err != nil {
		return nil, err
	}
	if t.parts, err = split(o.data, o.separator); err != nil {
		return nil, err
	}
	if len(t.learning) == 0 {
		return nil, errors.Errorf("none of %d users has 4 items: the last two of a user are scored, and two are needed to learn", len(t.test))
	}
	t.model, t.params = o.model(int(t.items)), t.Params()
	if err := t.build(run); err != nil {
		return nil, err
	}
	t.describe()
	if t.Watch != "" {
		m := &inside.Model{Model: t.model} // without Examples: a batch has packed items, no texts
		m.Follow(t.Out)
		t.setup.Inside = m
	}
	return t, nil
}

// build makes the Programs and the Trainer.
func (t *training) build(run *job.Run) error {
	valid := spread(t.valid, t.EvalTokens)
	held := valid.Sequential(t.items, t.batch, t.context)
	t.batches = t.learning.Batches(t.items, t.batch, t.context)
	t.batches.Seed, held.Seed = t.Seed, t.Seed
	loss := func(s *graph.Scope, n int) { t.model.PackedLoss(n)(s) }
	err := run.Require(func(m graph.Mode) (graph.Requirements, error) {
		return graph.EstimateShapes(t.params, m, t.batches.Sizes(), loss)
	})
	if err != nil {
		return t.explain(err)
	}
	step, err := graph.BuildShapes(t.params, graph.Train, t.batches.Sizes(), loss)
	if err != nil {
		return err
	}
	if t.setup.Eval, err = graph.BuildShapes(t.params, graph.Eval, held.Sizes(), loss); err != nil {
		return err
	}
	if t.recommender, err = newRecommender(t.params, t.model, scoring); err != nil {
		return err
	}
	if t.trainer, err = t.Trainer(step, t.Steps); err != nil {
		return err
	}
	t.setup.Trainer, t.setup.Batches, t.setup.Held, t.setup.Score = t.trainer, t.batches, held, t.recommender.chosenBy(valid)
	return nil
}

// spread returns n histories, spread evenly, or all if n is 0.
func spread(all data.Histories, n int) (some data.Histories) {
	if n <= 0 || n >= len(all) {
		return all
	}
	for i := range n {
		some = append(some, all[i*len(all)/n])
	}
	return some
}

// describe sets the configuration, the key of the data, the first line of the run and its next command.
func (t *training) describe() {
	t.setup.Config, t.setup.Data = t.model, t.key()
	from := "histories that the program makes"
	if t.data != "" {
		from = filepath.Base(t.data)
	}
	t.setup.About = message.NewPrinter(language.English).Sprintf("SASRec of %d parameters on %d users and %d items of %s, %d to score",
		t.params.Size(), len(t.learning), t.items, from, len(t.test))
	t.setup.Next = fmt.Sprintf("%s -model %s", flags.Call("recommend", "predict"), t.Out)
}

// sample recommends items to a user with the weights of a step.
func (t *training) sample(step int) (string, error) {
	h := t.valid[step/t.SampleEvery%len(t.valid)]
	best, err := t.recommender.best(h[:len(h)-1], 5)
	return fmt.Sprintf("%v, want %d", best, h[len(h)-1]), err
}
