package main

import (
	"io"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// train is the command.
func (o *options) train(w io.Writer) error {
	_, err := learn(w, o)
	return err
}

// learn trains a model on labelled texts, saves it and scores it. finished is false if the run was interrupted or only planned.
func learn(w io.Writer, o *options) (finished bool, err error) {
	o.note()
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
	return true, t.score(w)
}
