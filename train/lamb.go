package train

import (
	"cmp"
	"iter"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// LAMB is Adam whose step of a parameter is scaled to the norm of the parameter, for large batches (You et al. 2020, "Large Batch
// Optimization for Deep Learning", https://arxiv.org/abs/1904.00962, algorithm 2). In step t, from 1, with gradient g:
//
//	m = β₁·m + (1-β₁)·g, v = β₂·v + (1-β₂)·g²
//	r = (m/(1-β₁ᵗ)) / (√(v/(1-β₂ᵗ)) + Eps) + WeightDecay·w
//	w = w - Rate·(‖w‖/‖r‖)·r
//
// If a norm is 0, the quotient of both counts as 1. The state is step, exp_avg.NAME (m) and exp_avg_sq.NAME (v).
//
// An optimizer serves the parameters of one model and is not safe for concurrent use. It clears the gradients of plain Gorgonia
// nodes, as Gorgonia's solvers do.
type LAMB struct {
	Rate        float64 // learning rate of Step; Update ignores it. 0 means 1e-3
	Beta1       float64 // 0 means 0.9
	Beta2       float64 // 0 means 0.999
	Eps         float64 // 0 means 1e-6
	WeightDecay float64
	Decay       Decay       // selects the parameters that decay; nil selects parameters of two axes or more
	Groups      ParamGroups // parameters with a rate or a decay of their own

	state optimizerState
}

var (
	_ Optimizer = (*LAMB)(nil)
	_ Stateful  = (*LAMB)(nil)
)

func (o *LAMB) kinds(*paramState) []string { return adamKinds }
func (o *LAMB) grouping() ParamGroups      { return o.Groups }

// Step updates the model at the optimizer's own Rate. It implements gorgonia.Solver.
func (o *LAMB) Step(model []G.ValueGrad) error {
	return o.Update(model, cmp.Or(o.Rate, defaultRate), 1)
}

// Update implements Optimizer.
func (o *LAMB) Update(model []G.ValueGrad, rate, scale float64) (err error) {
	defer func() { err = errors.WithMessage(err, "train: lamb") }()
	k := kernel.Adam{Beta1: cmp.Or(o.Beta1, 0.9), Beta2: cmp.Or(o.Beta2, 0.999), Eps: cmp.Or(o.Eps, 1e-6)}
	if err := cmp.Or(checkUpdate(rate, scale), checkBetas(k.Beta1, k.Beta2, k.Eps)); err != nil {
		return err
	}
	if k.Step, err = o.state.begin(model, o); err != nil {
		return err
	}
	for i, p := range model {
		s := &o.state.all[i]
		k.Rate, k.WeightDecay = s.rate(rate), o.Decay.of(s, o.WeightDecay)
		if s.dt == tensor.Float64 {
			lambStep[float64](p, s, scale, k)
		} else {
			lambStep[float32](p, s, scale, k)
		}
		clearForeign(p)
	}
	return nil
}

func lambStep[T kernel.Float](p G.ValueGrad, s *paramState, scale float64, k kernel.Adam) {
	g, _ := p.Grad() // begin has checked it
	kernel.LAMB(floats[T](p.Value()), floats[T](g), floats[T](s.kept[0]), floats[T](s.kept[1]), scale, k)
}

// Bind implements Stateful.
func (o *LAMB) Bind(model []G.ValueGrad) error {
	return errors.WithMessage(o.state.bind(model, o), "train: lamb")
}

// State implements Stateful.
func (o *LAMB) State() iter.Seq2[string, *tensor.Dense] { return o.state.list() }

// Restore implements Stateful.
func (o *LAMB) Restore(state map[string]*tensor.Dense) error {
	return errors.WithMessage(o.state.restore(state), "train: lamb")
}
