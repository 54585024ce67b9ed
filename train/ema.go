package train

import (
	"iter"
	"maps"
	"strings"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// EMA is an optimizer that also keeps an exponential moving average of the weights, to evaluate and to save: see Averaging. It updates
// the average after each step, as torch.optim.swa_utils.AveragedModel does with get_ema_multi_avg_fn:
//
//	a = w after the first step, then a = Decay·a + (1-Decay)·w
//
// The state is that of Optimizer, ema_step and trained.NAME: the average, and between Eval and Train the weights in training.
type EMA struct {
	Optimizer interface { // updates the weights; not Averaging itself
		Optimizer
		Stateful
	}
	Decay float64 // 0 means 0.999

	state optimizerState
	eval  bool // the model holds the average, and the state the weights in training
}

var _ Averaging = (*EMA)(nil)

var emaKinds = []string{trainedKind}

func (e *EMA) kinds(*paramState) []string { return emaKinds }
func (e *EMA) grouping() ParamGroups      { return nil }

// Step updates the model at the optimizer's own Rate. It implements gorgonia.Solver.
func (e *EMA) Step(model []G.ValueGrad) error {
	return e.after(model, func() error { return e.Optimizer.Step(model) })
}

// Update implements Optimizer.
func (e *EMA) Update(model []G.ValueGrad, rate, scale float64) error {
	return e.after(model, func() error { return e.Optimizer.Update(model, rate, scale) })
}

// after updates the average after a step.
func (e *EMA) after(model []G.ValueGrad, step func() error) error {
	if err := e.Bind(model); err != nil {
		return err
	}
	if e.eval {
		return errors.WithMessage(errEval, "train: ema")
	}
	if err := step(); err != nil {
		return err
	}
	n := &e.state.step.Int64s()[0]
	for i, p := range model {
		average := e.state.all[i].kept[0]
		switch {
		case *n == 0:
			copyValues(average, p.Value())
		case average.Dtype() == tensor.Float64:
			kernel.Lerp(floats[float64](average), floats[float64](p.Value()), 1-e.decay())
		default:
			kernel.Lerp(floats[float32](average), floats[float32](p.Value()), 1-e.decay())
		}
	}
	*n++
	return nil
}

func (e *EMA) decay() float64 {
	if e.Decay == 0 {
		return 0.999
	}
	return e.Decay
}

// Bind implements Stateful. Until the first step the average is the weights that the model has now.
func (e *EMA) Bind(model []G.ValueGrad) error {
	if !(e.Decay >= 0 && e.Decay < 1) {
		return errors.Errorf("train: ema: Decay is %v, want at least 0 and less than 1", e.Decay)
	}
	if _, ok := e.Optimizer.(Averaging); ok || e.Optimizer == nil {
		return errors.Errorf("train: ema: the optimizer is %T, want one that keeps no average itself", e.Optimizer)
	}
	if err := e.Optimizer.Bind(model); err != nil {
		return err
	}
	fresh := e.state.step == nil
	if err := e.state.bind(model, e); err != nil || !fresh {
		return errors.WithMessage(err, "train: ema")
	}
	for i, p := range model {
		copyValues(e.state.all[i].kept[0], p.Value())
	}
	return nil
}

// State implements Stateful.
func (e *EMA) State() iter.Seq2[string, *tensor.Dense] {
	return func(yield func(string, *tensor.Dense) bool) {
		for name, t := range e.Optimizer.State() {
			if !yield(name, t) {
				return
			}
		}
		for name, t := range e.state.list() {
			if name == "step" {
				name = "ema_step"
			}
			if !yield(name, t) {
				return
			}
		}
	}
}

// Restore implements Stateful.
func (e *EMA) Restore(state map[string]*tensor.Dense) error {
	own, rest := map[string]*tensor.Dense{}, maps.Clone(state)
	for name, t := range state {
		if name == "ema_step" || strings.HasPrefix(name, trainedKind+".") {
			own[strings.TrimPrefix(name, "ema_")] = t
			delete(rest, name)
		}
	}
	if err := e.state.fits(own); err != nil {
		return errors.WithMessage(err, "train: ema")
	}
	if err := e.Optimizer.Restore(rest); err != nil {
		return err
	}
	return errors.WithMessage(e.state.restore(own), "train: ema")
}

// Eval implements Averaging.
func (e *EMA) Eval(model []G.ValueGrad) error {
	if err := e.Bind(model); err != nil || e.eval {
		return err
	}
	e.exchange(model)
	return nil
}

// Train implements Averaging.
func (e *EMA) Train(model []G.ValueGrad) error {
	if !e.eval {
		return nil
	}
	if err := e.Bind(model); err != nil {
		return err
	}
	e.exchange(model)
	return nil
}

// exchange exchanges the weights of the model and the tensors of the state.
func (e *EMA) exchange(model []G.ValueGrad) {
	for i, p := range model {
		if kept := e.state.all[i].kept[0]; kept.Dtype() == tensor.Float64 {
			swap(floats[float64](kept), floats[float64](p.Value()))
		} else {
			swap(floats[float32](kept), floats[float32](p.Value()))
		}
	}
	e.eval = !e.eval
}

func swap[T kernel.Float](x, y []T) {
	for i := range x {
		x[i], y[i] = y[i], x[i]
	}
}
