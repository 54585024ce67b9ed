package train

import (
	"cmp"
	"iter"
	"math"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// ScheduleFree is AdamW that needs no falling learning rate and no number of steps, because it evaluates an average of its weights
// (Defazio et al. 2024, "The Road Less Scheduled", https://arxiv.org/abs/2405.15682), in the form of schedulefree.AdamWScheduleFree.
// In step t, from 1, with the gradient g at y:
//
//	v = β₂·v + (1-β₂)·g², d = g/(√(v/(1-β₂ᵗ)) + Eps) + WeightDecay·y
//	c = q/Σq, where q = tᴿ·(highest Rate so far)²
//	y = y + c·(z - y) + Rate·(β₁·(1-c) - 1)·d
//	z = z - Rate·d
//
// The weights in training are y. The weights to evaluate are x = y + (1 - 1/β₁)·(z - y), the average of all z: see Averaging. Use a
// constant rate with a warm-up, about AdamW's highest to ten times as much.
//
// The state is step, weight_sum (Σq), lr_max, z.NAME, exp_avg_sq.NAME (v) and trained.NAME (y between Eval and Train).
//
// An optimizer serves the parameters of one model and is not safe for concurrent use. It clears the gradients of plain Gorgonia
// nodes, as Gorgonia's solvers do.
type ScheduleFree struct {
	Rate        float64 // learning rate of Step; Update ignores it. 0 means 0.0025
	Beta1       float64 // 0 means 0.9
	Beta2       float64 // 0 means 0.999
	Eps         float64 // 0 means 1e-8
	R           float64 // power of the step in the weights of the average
	WeightDecay float64
	Decay       Decay       // selects the parameters that decay; nil selects parameters of two axes or more
	Groups      ParamGroups // parameters with a rate or a decay of their own

	state optimizerState
	eval  bool // the model holds x
}

var _ Averaging = (*ScheduleFree)(nil)

var scheduleFreeKinds = []string{"z", "exp_avg_sq", trainedKind}

// Indices of the scalars of the state.
const (
	weightSum = iota
	highestRate
)

func (o *ScheduleFree) kinds(*paramState) []string { return scheduleFreeKinds }
func (o *ScheduleFree) grouping() ParamGroups      { return o.Groups }

// Step updates the model at the optimizer's own Rate. It implements gorgonia.Solver.
func (o *ScheduleFree) Step(model []G.ValueGrad) error {
	return o.Update(model, cmp.Or(o.Rate, 0.0025), 1)
}

// Update implements Optimizer.
func (o *ScheduleFree) Update(model []G.ValueGrad, rate, scale float64) (err error) {
	defer func() { err = errors.WithMessage(err, "train: schedule-free") }()
	k := kernel.ScheduleFree{Beta1: cmp.Or(o.Beta1, 0.9), Beta2: cmp.Or(o.Beta2, 0.999), Eps: cmp.Or(o.Eps, 1e-8)}
	if err := cmp.Or(checkUpdate(rate, scale), checkBetas(k.Beta1, k.Beta2, k.Eps)); err != nil {
		return err
	}
	if o.eval {
		return errEval
	}
	if err := o.bind(model); err != nil {
		return err
	}
	if k.Step, err = o.state.begin(model, o); err != nil {
		return err
	}
	k.Share = o.share(k.Step, rate)
	for i, p := range model {
		s := &o.state.all[i]
		k.Rate, k.WeightDecay = s.rate(rate), o.Decay.of(s, o.WeightDecay)
		if s.dt == tensor.Float64 {
			scheduleFreeStep[float64](p, s, scale, k)
		} else {
			scheduleFreeStep[float32](p, s, scale, k)
		}
		clearForeign(p)
	}
	return nil
}

// share returns the share of a step in the average.
func (o *ScheduleFree) share(step int, rate float64) float64 {
	highest, sum := o.state.scalar(highestRate), o.state.scalar(weightSum)
	*highest = max(*highest, rate)
	q := math.Pow(float64(step), o.R) * *highest * *highest
	if *sum += q; *sum == 0 {
		return 0
	}
	return q / *sum
}

func scheduleFreeStep[T kernel.Float](p G.ValueGrad, s *paramState, scale float64, k kernel.ScheduleFree) {
	g, _ := p.Grad() // begin has checked it
	kernel.ScheduleFreeStep(floats[T](p.Value()), floats[T](g), floats[T](s.kept[0]), floats[T](s.kept[1]), scale, k)
}

// bind binds the state. z starts at the weights.
func (o *ScheduleFree) bind(model []G.ValueGrad) error {
	fresh := o.state.step == nil
	if err := o.state.bind(model, o, "weight_sum", "lr_max"); err != nil || !fresh {
		return err
	}
	for i, p := range model {
		copyValues(o.state.all[i].kept[0], p.Value())
	}
	return nil
}

// Bind implements Stateful. The average starts at the weights that the model has now.
func (o *ScheduleFree) Bind(model []G.ValueGrad) error {
	return errors.WithMessage(o.bind(model), "train: schedule-free")
}

// State implements Stateful.
func (o *ScheduleFree) State() iter.Seq2[string, *tensor.Dense] { return o.state.list() }

// Restore implements Stateful.
func (o *ScheduleFree) Restore(state map[string]*tensor.Dense) error {
	return errors.WithMessage(o.state.restore(state), "train: schedule-free")
}

// Eval implements Averaging.
func (o *ScheduleFree) Eval(model []G.ValueGrad) error {
	if err := o.Bind(model); err != nil || o.eval {
		return err
	}
	share := 1 - 1/cmp.Or(o.Beta1, 0.9)
	for i, p := range model {
		s := &o.state.all[i]
		copyValues(s.kept[2], p.Value())
		if s.dt == tensor.Float64 {
			kernel.Lerp(floats[float64](p.Value()), floats[float64](s.kept[0]), share)
		} else {
			kernel.Lerp(floats[float32](p.Value()), floats[float32](s.kept[0]), share)
		}
	}
	o.eval = true
	return nil
}

// Train implements Averaging.
func (o *ScheduleFree) Train(model []G.ValueGrad) error {
	if !o.eval {
		return nil
	}
	if err := o.Bind(model); err != nil {
		return err
	}
	for i, p := range model {
		copyValues(p.Value(), o.state.all[i].kept[2])
	}
	o.eval = false
	return nil
}
