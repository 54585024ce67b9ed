package job

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train/report"
)

// Set is held-out data with a name, in addition to Setup.Held. Its results are shown and go to the files of -metrics. They do not choose
// the best checkpoint.
type Set struct {
	Name string
	Held Held
}

// checkSets returns an error unless the sets have data and names of their own.
func checkSets(sets []Set) error {
	seen := map[string]bool{}
	for _, s := range sets {
		if s.Name == "" || seen[s.Name] {
			return errors.Errorf("a set of held-out data is called %q: give each set its own name", s.Name)
		}
		seen[s.Name] = true
		if s.Held == nil || s.Held.Len() < 1 {
			return errors.Errorf("the held-out data %s have no batch: give more data", s.Name)
		}
		if _, err := s.Held.Batch(0); err != nil {
			return errors.WithMessagef(err, "held-out data %s", s.Name)
		}
	}
	return nil
}

// tell shows and logs the results of an evaluation.
func (r *Run) tell(e evaluated) {
	step := r.setup.Trainer.Step
	r.Note("step %d: validation %s", step, r.describe(e.Evaluation))
	r.fail(r.log.Evaluation(step, e.Evaluation.Evaluation, e.Score))
	values := []report.Value{{Name: "valid_loss", Value: e.Loss}, {Name: "valid_accuracy", Value: e.Accuracy}}
	if r.setup.Score.Of != nil && r.setup.Score.Name != Accuracy.Name {
		values = append(values, report.Value{Name: r.setup.Score.Name, Value: e.Score})
	}
	for i, s := range e.sets {
		name := r.setup.Sets[i].Name
		r.Note("step %d: %s loss %.4f on %d %s", step, name, s.Loss, s.Tokens, r.unit())
		values = append(values, report.Value{Name: "valid_loss/" + name, Value: s.Loss}, report.Value{Name: "valid_accuracy/" + name, Value: s.Accuracy})
	}
	switch z := e.noise; {
	case z.Scale > 0:
		r.Note("step %d: gradient noise scale %.3g micro-batches, %.3g %s", step, z.Scale, z.Tokens, r.unit())
		values = append(values, report.Value{Name: "noise_scale", Value: z.Scale})
	case r.NoiseScale > 0:
		r.Note("step %d: gradient noise scale too large for %d micro-batches", step, r.NoiseScale)
	}
	r.measured(values...)
	if r.watched != nil {
		r.watched.history.Evaluation(step, e.Evaluation.Evaluation)
	}
}
