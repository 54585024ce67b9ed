package job

import (
	"fmt"
	"io/fs"
	"math"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// Finish ends the run. After an interruption it saves a checkpoint to resume from. Otherwise it saves the model of the best checkpoint
// in the run's folder, or of the newest checkpoint if no loss is known, and plots the log; finished is then true. Finish returns the
// first error of the run, after saving as much as possible. In a dry run and with FindLR it does nothing.
func (r *Run) Finish() (finished bool, err error) {
	if r.planned() {
		return false, nil
	}
	r.show.Done()
	if r.err != nil {
		if r.saved != r.setup.Trainer.Step {
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
	if err := r.publish(); err != nil {
		return false, err
	}
	return true, nil
}

// settle saves the steps since the last checkpoint. It also evaluates the last step of a run.
func (r *Run) settle() error {
	step := r.setup.Trainer.Step
	switch last, err := r.saves.Latest(); {
	case step == 0, r.stopped() && r.saved == step:
	case r.signals.Err() != nil && r.saved != step: // between two evaluations
		r.Save(Evaluation{})
	case r.signals.Err() == nil && (r.saved != step || err == nil && last.Step == step && math.IsNaN(last.Loss)):
		r.Save(r.Evaluate())
	}
	return r.err
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
