package job

import (
	"cmp"

	"github.com/gorgoformer/gorgoformer/train"
)

// averaging returns the optimizer if it evaluates an average of the weights.
func (r *Run) averaging() (a train.Averaging, ok bool) {
	a, ok = r.setup.Trainer.Optimizer.(train.Averaging)
	return a, ok
}

// averaged calls f while the model holds the average of the weights, if the optimizer keeps one.
func (r *Run) averaged(f func() error) error {
	a, ok := r.averaging()
	if !ok {
		return f()
	}
	model := r.setup.Trainer.Program.ValueGrads()
	if err := a.Eval(model); err != nil {
		return err
	}
	err := f()
	return cmp.Or(err, a.Train(model))
}

// plateau continues the Plateau of a resumed run, if it has one, with the settings of this process.
func (r *Run) plateau(was *train.Plateau) {
	if p := r.setup.Trainer.Plateau; p != nil && was != nil {
		p.Scale, p.Best, p.Bad, p.Cooling, p.Count = was.Scale, was.Best, was.Bad, was.Cooling, was.Count
	}
}

// observe tells the Plateau the value of an evaluation.
func (r *Run) observe(value float64) {
	p := r.setup.Trainer.Plateau
	if p == nil {
		return
	}
	if p.Higher = r.higher(); p.Observe(value) {
		r.Note("step %d: the learning rate falls to %.3g of its schedule", r.setup.Trainer.Step, p.Scale)
	}
}
