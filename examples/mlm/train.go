package main

import (
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// learn trains a model on text and saves it. finished is false if the run was interrupted or only planned.
func learn(o *options) (finished bool, err error) {
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
	return run.Finish()
}
