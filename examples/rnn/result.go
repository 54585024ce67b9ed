package main

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train/report"
)

// result holds the figures of a trained model.
type result struct {
	contender
	points  []point
	loss    float64 // least validation loss, that of the saved model
	speed   float64 // pairs or characters per second, in the median step
	exact   float64 // fraction of dates that are right
	spans   []span  // losses by position in a text
	seconds float64 // time of all steps
}

// point is an evaluation.
type point struct {
	step, units   int // units are pairs or characters
	seconds, loss float64
}

// read reads the log of a run, in which a step reads so many units.
func (r *result) read(dir string, units int) error {
	path := filepath.Join(dir, "log.csv")
	var each []float64
	_, err := report.ReadEntries(path, 0, func(e report.Entry) {
		if e.Evaluation != nil {
			r.points = append(r.points, point{e.Step.Step, e.Step.Step * units, r.seconds, e.Evaluation.Loss})
			return
		}
		s := e.Step.Elapsed.Seconds()
		r.seconds += s
		each = append(each, s)
	})
	if err != nil {
		return err
	}
	if len(each) == 0 || len(r.points) == 0 {
		return errors.Errorf("%s has %d steps and %d evaluations, want some of both: remove the folder %s to train the model again",
			path, len(each), len(r.points), dir)
	}
	r.loss = slices.MinFunc(r.points, func(a, b point) int { return cmp.Compare(a.loss, b.loss) }).loss
	slices.Sort(each)
	r.speed = float64(units) / each[len(each)/2]
	return nil
}
