package train

import (
	"cmp"
	"iter"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// SGD is gradient descent with momentum, in the form of torch.optim.SGD. With gradient g:
//
//	g = g + WeightDecay·w
//	b = Momentum·b + (1-Dampening)·g; in the first step b = g
//	w = w - Rate·b; with Nesterov w = w - Rate·(g + Momentum·b)
//
// The state is step and, with Momentum, momentum_buffer.NAME (b). Momentum must not change between zero and non-zero once the
// optimizer is bound.
//
// An optimizer serves the parameters of one model and is not safe for concurrent use. It clears the gradients of plain Gorgonia
// nodes, as Gorgonia's solvers do.
type SGD struct {
	Rate        float64 // learning rate of Step; Update ignores it. 0 means 1e-3
	Momentum    float64
	Dampening   float64
	Nesterov    bool // needs Momentum and forbids Dampening
	WeightDecay float64
	Decay       Decay       // selects the parameters that decay; nil selects parameters of two axes or more
	Groups      ParamGroups // parameters with a rate or a decay of their own

	state optimizerState
}

var (
	_ Optimizer = (*SGD)(nil)
	_ Stateful  = (*SGD)(nil)
)

var sgdKinds = []string{"momentum_buffer"}

func (o *SGD) kinds(*paramState) []string {
	if o.Momentum == 0 {
		return nil
	}
	return sgdKinds
}

func (o *SGD) grouping() ParamGroups { return o.Groups }

// Step updates the model at the optimizer's own Rate. It implements gorgonia.Solver.
func (o *SGD) Step(model []G.ValueGrad) error {
	return o.Update(model, cmp.Or(o.Rate, defaultRate), 1)
}

// Update implements Optimizer.
func (o *SGD) Update(model []G.ValueGrad, rate, scale float64) (err error) {
	defer func() { err = errors.WithMessage(err, "train: sgd") }()
	if err := checkUpdate(rate, scale); err != nil {
		return err
	}
	if o.Momentum < 0 || o.Nesterov && (o.Momentum == 0 || o.Dampening != 0) {
		return errors.Errorf("Momentum %v, Dampening %v and Nesterov %v, want Momentum ≥ 0, and with Nesterov > 0 and no Dampening",
			o.Momentum, o.Dampening, o.Nesterov)
	}
	step, err := o.state.begin(model, o)
	if err != nil {
		return err
	}
	k := kernel.SGD{Rate: rate, Momentum: o.Momentum, Dampening: o.Dampening, Nesterov: o.Nesterov, Step: step}
	for i, p := range model {
		s := &o.state.all[i]
		k.Rate, k.WeightDecay = s.rate(rate), o.Decay.of(s, o.WeightDecay)
		if s.dt == tensor.Float64 {
			sgdStep[float64](p, s, scale, k)
		} else {
			sgdStep[float32](p, s, scale, k)
		}
		clearForeign(p)
	}
	return nil
}

func sgdStep[T kernel.Float](p G.ValueGrad, s *paramState, scale float64, k kernel.SGD) {
	g, _ := p.Grad() // begin has checked it
	var buf []T
	if len(s.kept) > 0 {
		buf = floats[T](s.kept[0])
	}
	kernel.SGDMomentum(floats[T](p.Value()), floats[T](g), buf, scale, k)
}

// Bind implements Stateful.
func (o *SGD) Bind(model []G.ValueGrad) error {
	return errors.WithMessage(o.state.bind(model, o), "train: sgd")
}

// State implements Stateful.
func (o *SGD) State() iter.Seq2[string, *tensor.Dense] { return o.state.list() }

// Restore implements Stateful.
func (o *SGD) Restore(state map[string]*tensor.Dense) error {
	return errors.WithMessage(o.state.restore(state), "train: sgd")
}
