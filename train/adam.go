package train

import (
	"cmp"
	"iter"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// AdamW is Adam with the weight decay decoupled from the gradient (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101),
// in the form of torch.optim.AdamW. In step t, from 1, with gradient g:
//
//	w = w·(1 - Rate·WeightDecay)
//	m = β₁·m + (1-β₁)·g, v = β₂·v + (1-β₂)·g²
//	w = w - Rate·(m/(1-β₁ᵗ)) / (√(v/(1-β₂ᵗ)) + Eps)
//
// A zero field means PyTorch's default, except that a WeightDecay of 0 means no decay. The state is step, exp_avg.NAME (m) and
// exp_avg_sq.NAME (v). With BFloat16 it is step and exp_avg_pair.NAME, int32, with both moments of a weight in one word (see
// kernel.AdamWPairs).
//
// An optimizer serves the parameters of one model and is not safe for concurrent use. It clears the gradients of plain Gorgonia
// nodes, as Gorgonia's solvers do.
type AdamW struct {
	Rate        float64 // learning rate of Step; Update ignores it. 0 means 1e-3
	Beta1       float64 // 0 means 0.9
	Beta2       float64 // 0 means 0.999
	Eps         float64 // 0 means 1e-8
	WeightDecay float64
	Decay       Decay       // selects the parameters that decay; nil selects parameters of two axes or more
	Groups      ParamGroups // parameters with a rate or a decay of their own

	// BFloat16 keeps the moments in bfloat16, rounded at random. It halves the memory of the state and needs float32 parameters.
	BFloat16 bool

	state optimizerState
}

// Adam is the optimizer of Kingma and Ba (2015, https://arxiv.org/abs/1412.6980), in the form of torch.optim.Adam. It differs from
// AdamW in one point: the weight decay is added to the gradient, g + WeightDecay·w.
type Adam struct {
	Rate        float64 // learning rate of Step; Update ignores it. 0 means 1e-3
	Beta1       float64 // 0 means 0.9
	Beta2       float64 // 0 means 0.999
	Eps         float64 // 0 means 1e-8
	WeightDecay float64
	Decay       Decay       // selects the parameters that decay; nil selects parameters of two axes or more
	Groups      ParamGroups // parameters with a rate or a decay of their own

	state optimizerState
}

var (
	_ Optimizer = (*AdamW)(nil)
	_ Stateful  = (*AdamW)(nil)
	_ Optimizer = (*Adam)(nil)
	_ Stateful  = (*Adam)(nil)
)

// adamKinds are PyTorch's names for the moments.
var adamKinds = []string{"exp_avg", "exp_avg_sq"}

var pairKinds = []string{pairKind}

func (o *AdamW) kinds(*paramState) []string {
	if o.BFloat16 {
		return pairKinds
	}
	return adamKinds
}

func (o *AdamW) grouping() ParamGroups     { return o.Groups }
func (o *Adam) kinds(*paramState) []string { return adamKinds }
func (o *Adam) grouping() ParamGroups      { return o.Groups }

// Step updates the model at the optimizer's own Rate. It implements gorgonia.Solver.
func (o *AdamW) Step(model []G.ValueGrad) error {
	return o.Update(model, cmp.Or(o.Rate, defaultRate), 1)
}

// Update implements Optimizer.
func (o *AdamW) Update(model []G.ValueGrad, rate, scale float64) error {
	a := kernel.Adam{Rate: rate, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, WeightDecay: o.WeightDecay}
	return errors.WithMessage(adam{a, o.Decay, true}.update(model, scale, &o.state, o), "train: adamw")
}

// Bind implements Stateful.
func (o *AdamW) Bind(model []G.ValueGrad) error {
	return errors.WithMessage(o.state.bind(model, o), "train: adamw")
}

// State implements Stateful.
func (o *AdamW) State() iter.Seq2[string, *tensor.Dense] { return o.state.list() }

// Restore implements Stateful.
func (o *AdamW) Restore(state map[string]*tensor.Dense) error {
	return errors.WithMessage(o.state.restore(state), "train: adamw")
}

// Step updates the model at the optimizer's own Rate. It implements gorgonia.Solver.
func (o *Adam) Step(model []G.ValueGrad) error {
	return o.Update(model, cmp.Or(o.Rate, defaultRate), 1)
}

// Update implements Optimizer.
func (o *Adam) Update(model []G.ValueGrad, rate, scale float64) error {
	a := kernel.Adam{Rate: rate, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, WeightDecay: o.WeightDecay}
	return errors.WithMessage(adam{a, o.Decay, false}.update(model, scale, &o.state, o), "train: adam")
}

// Bind implements Stateful.
func (o *Adam) Bind(model []G.ValueGrad) error {
	return errors.WithMessage(o.state.bind(model, o), "train: adam")
}

// State implements Stateful.
func (o *Adam) State() iter.Seq2[string, *tensor.Dense] { return o.state.list() }

// Restore implements Stateful.
func (o *Adam) Restore(state map[string]*tensor.Dense) error {
	return errors.WithMessage(o.state.restore(state), "train: adam")
}

// adam is one step of AdamW or Adam.
type adam struct {
	kernel.Adam
	decay     Decay
	decoupled bool
}

// standard replaces zero fields by PyTorch's defaults.
func (a *adam) standard() error {
	a.Beta1, a.Beta2, a.Eps = cmp.Or(a.Beta1, 0.9), cmp.Or(a.Beta2, 0.999), cmp.Or(a.Eps, 1e-8)
	return checkBetas(a.Beta1, a.Beta2, a.Eps)
}

func (a adam) update(model []G.ValueGrad, scale float64, s *optimizerState, r rules) (err error) {
	if err := checkUpdate(a.Rate, scale); err != nil {
		return err
	}
	if err := a.standard(); err != nil {
		return err
	}
	if a.Step, err = s.begin(model, r); err != nil {
		return err
	}
	for i, p := range model {
		a.one(p, &s.all[i], scale)
		clearForeign(p)
	}
	return nil
}

// one updates one parameter.
func (a adam) one(p G.ValueGrad, s *paramState, scale float64) {
	k := a.Adam
	k.Rate, k.WeightDecay = s.rate(a.Rate), a.decay.of(s, a.WeightDecay)
	if s.kinds[0] == pairKind {
		g, _ := p.Grad() // begin has checked it
		kernel.AdamWPairs(floats[float32](p.Value()), floats[float32](g), s.kept[0].Int32s(), scale, k, s.seed())
	} else if s.dt == tensor.Float64 {
		adamStep[float64](p, s, scale, k, a.decoupled)
	} else {
		adamStep[float32](p, s, scale, k, a.decoupled)
	}
}

func adamStep[T kernel.Float](p G.ValueGrad, s *paramState, scale float64, k kernel.Adam, decoupled bool) {
	g, _ := p.Grad() // begin has checked it
	w, m, v := floats[T](p.Value()), floats[T](s.kept[0]), floats[T](s.kept[1])
	if decoupled {
		kernel.AdamW(w, floats[T](g), m, v, scale, k)
	} else {
		kernel.AdamL2(w, floats[T](g), m, v, scale, k)
	}
}
