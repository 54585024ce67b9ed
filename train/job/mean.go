package job

import (
	"fmt"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/train"
)

// publishMean writes the model whose weights are the mean of the newest checkpoints (Izmailov et al. 2018, "Averaging Weights Leads to
// Wider Optima and Better Generalization", https://arxiv.org/abs/1803.05407), and scores it.
func (r *Run) publishMean(best checkpoints.Saved) error {
	n, err := r.loadMean()
	if err != nil {
		return errors.WithMessage(err, "-average")
	}
	e, err := train.Evaluate(r.loop, r.setup.Eval, r.setup.Held, r.setup.Held.Len())
	if err != nil {
		return err
	}
	if err := checkpoints.SaveModel(r.Out, r.model()); err != nil {
		return err
	}
	r.published(fmt.Sprintf("saved the mean of the newest %d checkpoints in %s, validation loss %.4f; the best checkpoint, of step %d, has %s",
		n, r.Out, e.Loss, best.Step, lossText(best.Loss)))
	return nil
}

// loadMean loads the mean of the newest whole checkpoints, at most Average, and returns their number. It sums in float64, from the oldest
// to the newest.
func (r *Run) loadMean() (n int, err error) {
	found, err := filepath.Glob(filepath.Join(r.saves.Dir, "step-*")) // sorted
	if err != nil {
		return 0, errors.WithStack(err)
	}
	var dirs []string
	for i := len(found) - 1; i >= 0 && len(dirs) < r.Average; i-- {
		if _, err := checkpoints.Check(found[i]); err == nil {
			dirs = append([]string{found[i]}, dirs...)
		}
	}
	sums := map[string][]float64{}
	for _, dir := range dirs {
		if err := checkpoints.LoadWeights(dir, r.weights(), checkpoints.Rules{}); err != nil {
			return 0, err
		}
		for name, v := range r.weights() {
			if sums[name] == nil {
				sums[name] = make([]float64, v.DataSize())
			}
			for i, x := range v.Float32s() {
				sums[name][i] += float64(x)
			}
		}
	}
	for name, v := range r.weights() {
		for i, sum := range sums[name] {
			v.Float32s()[i] = float32(sum / float64(len(dirs)))
		}
	}
	return len(dirs), nil
}
