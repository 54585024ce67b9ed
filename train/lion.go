package train

import (
	"cmp"
	"iter"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Lion moves every weight by the same amount, in the direction of the sign of a mixture of momentum and gradient (Chen et al. 2023,
// "Symbolic Discovery of Optimization Algorithms", https://arxiv.org/abs/2302.06675). With gradient g:
//
//	w = w·(1 - Rate·WeightDecay) - Rate·sign(β₁·m + (1-β₁)·g)
//	m = β₂·m + (1-β₂)·g
//
// A good Rate is a third to a tenth of AdamW's, with a larger WeightDecay. The state is step and exp_avg.NAME (m).
//
// An optimizer serves the parameters of one model and is not safe for concurrent use. It clears the gradients of plain Gorgonia
// nodes, as Gorgonia's solvers do.
type Lion struct {
	Rate        float64 // learning rate of Step; Update ignores it. 0 means 1e-4
	Beta1       float64 // 0 means 0.9
	Beta2       float64 // 0 means 0.99
	WeightDecay float64
	Decay       Decay       // selects the parameters that decay; nil selects parameters of two axes or more
	Groups      ParamGroups // parameters with a rate or a decay of their own

	state optimizerState
}

var (
	_ Optimizer = (*Lion)(nil)
	_ Stateful  = (*Lion)(nil)
)

var lionKinds = []string{"exp_avg"}

func (o *Lion) kinds(*paramState) []string { return lionKinds }
func (o *Lion) grouping() ParamGroups      { return o.Groups }

// Step updates the model at the optimizer's own Rate. It implements gorgonia.Solver.
func (o *Lion) Step(model []G.ValueGrad) error {
	return o.Update(model, cmp.Or(o.Rate, 1e-4), 1)
}

// Update implements Optimizer.
func (o *Lion) Update(model []G.ValueGrad, rate, scale float64) (err error) {
	defer func() { err = errors.WithMessage(err, "train: lion") }()
	k := kernel.Lion{Beta1: cmp.Or(o.Beta1, 0.9), Beta2: cmp.Or(o.Beta2, 0.99)}
	if err := cmp.Or(checkUpdate(rate, scale), checkBetas(k.Beta1, k.Beta2, 0)); err != nil {
		return err
	}
	if _, err := o.state.begin(model, o); err != nil {
		return err
	}
	for i, p := range model {
		s := &o.state.all[i]
		k.Rate, k.WeightDecay = s.rate(rate), o.Decay.of(s, o.WeightDecay)
		if s.dt == tensor.Float64 {
			lionStep[float64](p, s, scale, k)
		} else {
			lionStep[float32](p, s, scale, k)
		}
		clearForeign(p)
	}
	return nil
}

func lionStep[T kernel.Float](p G.ValueGrad, s *paramState, scale float64, k kernel.Lion) {
	g, _ := p.Grad() // begin has checked it
	kernel.LionStep(floats[T](p.Value()), floats[T](g), floats[T](s.kept[0]), scale, k)
}

// Bind implements Stateful.
func (o *Lion) Bind(model []G.ValueGrad) error {
	return errors.WithMessage(o.state.bind(model, o), "train: lion")
}

// State implements Stateful.
func (o *Lion) State() iter.Seq2[string, *tensor.Dense] { return o.state.list() }

// Restore implements Stateful.
func (o *Lion) Restore(state map[string]*tensor.Dense) error {
	return errors.WithMessage(o.state.restore(state), "train: lion")
}
