package job

import (
	"fmt"
	"io/fs"
	"math"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// Finish ends the run. After an interruption it saves a checkpoint to resume from. Otherwise it saves the model of the best checkpoint
// in the run's folder, or of the newest checkpoint if no loss is known, and plots the log; finished is then true. Finish returns the
// first error of the run, after saving as much as possible. In a process that rehearses it does nothing.
func (r *Run) Finish() (finished bool, err error) {
	if r.Rehearses() {
		return false, nil
	}
	r.show.Done()
	if r.setup.Trainer.Stopped() {
		r.interrupt() // as on another rank
	}
	if r.err != nil {
		if step := r.setup.Trainer.Step; r.saved != step {
			r.state.Pending = r.Due() && r.scored != step
			_ = r.averaged(func() error { return r.save(Evaluation{}) }) // if it fails, too, the first error is the cause
		}
		return false, r.err
	}
	if err := r.settle(); err != nil {
		return false, err
	}
	step := r.setup.Trainer.Step
	switch {
	case r.signals.Err() != nil && step == 0:
		r.printf("stopped before the first step: nothing to save")
		return false, nil
	case r.interrupted():
		r.printf("saved at step %d in %s: continue with -resume", step, r.Out)
		return false, nil
	}
	if r.leads() {
		if err := r.publish(); err != nil {
			return false, err
		}
	}
	return true, r.spread()
}

// settle saves the steps since the last checkpoint. It also evaluates the last step of a run.
func (r *Run) settle() error {
	switch rest, err := r.unsettled(); {
	case err != nil:
		return err
	case rest == unsaved:
		r.Save(Evaluation{})
	case rest == unscored:
		r.Save(r.Evaluate())
	}
	return r.err
}

// rest is the part that a run lacks at its end.
type rest int

const (
	nothing  rest = iota
	unsaved       // a checkpoint without an evaluation
	unscored      // a checkpoint with an evaluation
)

// unsettled returns the part that the run lacks. Rank 0 decides, because it writes the checkpoints.
func (r *Run) unsettled() (rest, error) {
	v := []float64{0}
	if r.leads() {
		step := r.setup.Trainer.Step
		last, err := r.saves.Latest()
		switch {
		case step == 0, r.stopped() && r.saved == step:
		case r.signals.Err() != nil && r.saved != step: // between two evaluations
			v[0] = float64(unsaved)
		case r.signals.Err() == nil && (r.saved != step || err == nil && last.Step == step && math.IsNaN(last.Loss)):
			v[0] = float64(unscored)
		}
	}
	err := train.Share(r.group, v)
	return rest(v[0]), err
}

// publish writes the model and draws the plot.
func (r *Run) publish() error {
	best, err := r.saves.Best()
	if errors.Is(err, fs.ErrNotExist) {
		best, err = r.saves.Latest()
	}
	if err != nil {
		return err
	}
	if r.Average > 0 {
		return r.publishMean(best)
	}
	if err := checkpoints.LoadWeights(best.Dir, r.weights(), checkpoints.Rules{}); err != nil {
		return err
	}
	if err := checkpoints.SaveModel(r.Out, r.model()); err != nil {
		return err
	}
	r.published(fmt.Sprintf("saved the model of step %d in %s, validation loss %s%s", best.Step, r.Out, lossText(best.Loss), scoreText(best.Score)))
	return nil
}

// published draws the plot, and prints a line about the saved model and the next command.
func (r *Run) published(line string) {
	plot := filepath.Join(r.Out, "loss.png")
	if err := report.Plot(filepath.Join(r.Out, "log.csv"), plot); err != nil {
		r.printf("the model is saved, but %s is not drawn: %v", plot, err)
		plot = filepath.Join(r.Out, "log.csv")
	}
	r.printf("%s; the losses are in %s", line, plot)
	if r.setup.Next != "" {
		r.printf("next: %s", r.setup.Next)
	}
}

func lossText(loss float64) string {
	if math.IsNaN(loss) {
		return "unknown"
	}
	return fmt.Sprintf("%.4f", loss)
}
